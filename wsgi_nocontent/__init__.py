"""Make every WSGI response that HTTP says has no content really have none."""

from .loading import wrap
from .middleware import NoContentMiddleware
from .violation import Violation

__all__ = ["NoContentMiddleware", "Violation", "wrap"]

__version__ = "0.1.0"
