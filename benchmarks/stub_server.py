"""What a server does to an application for one request, without a network."""

from __future__ import annotations

import io
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "127.0.0.1:8000",
    "HTTP_ACCEPT": "*/*",
    "REMOTE_ADDR": "127.0.0.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def write(data: bytes) -> None:
    """Send part of a body, nowhere."""


def start_response(status: str, headers: Headers, exc_info: OptExcInfo | None = None) -> object:
    """Send a head, nowhere."""
    return write


def serve(application: WSGIApplication, path: str, times: int) -> None:
    """Make so many requests of an application."""
    for _ in range(times):
        environ: WSGIEnvironment = ENVIRON.copy()
        environ["PATH_INFO"] = path
        iterable = application(environ, start_response)  # type: ignore[arg-type]
        for _chunk in iterable:
            pass
        if hasattr(iterable, "close"):
            iterable.close()
