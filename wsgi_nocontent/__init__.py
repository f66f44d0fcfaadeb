"""Make every WSGI response that HTTP says has no content really have none."""

from .loading import wrap
from .middleware import NoContentMiddleware
from .violation import NoContentError, Violation

__all__ = ["NoContentError", "NoContentMiddleware", "Violation", "wrap"]

__version__ = "0.1.0"
