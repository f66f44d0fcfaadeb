"""Make every WSGI response that HTTP says has no content really have none."""

from .loading import wrap
from .middleware import NoContentMiddleware
from .violation import NoContentError, Violation

__all__ = ["NoContentError", "NoContentMiddleware", "Violation", "wrap"]

__version__ = "1.0.0rc1"
