"""A WSGI server in memory that does what PEP 3333 says, and notes what it sees."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication


def environ_for(method: str = "GET", path: str = "/", **more: Any) -> dict[str, Any]:
    """Give the environ of a request, complete enough for the linters."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
    }
    environ.update(more)
    setup_testing_defaults(environ)
    environ["wsgi.input"] = io.BytesIO()
    environ["wsgi.errors"] = io.StringIO()
    return environ


class Server:
    """One exchange. The head leaves with the first byte of body, or at the end."""

    def __init__(self) -> None:
        self.heads: list[tuple[Any, ...]] = []  # status, headers, and the error of a restart
        self.head_sent = False
        self.chunks: list[bytes] = []  # what was written and what the iterable gave
        self.events: list[str] = []
        self.iterable: Iterable[bytes] | None = None

    @property
    def status(self) -> str:
        status: str = self.heads[-1][0]
        return status

    @property
    def headers(self) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = self.heads[-1][1]
        return headers

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is None:
            if self.heads:
                raise AssertionError("the head is set already")
            self.heads.append((status, headers))
        else:
            try:
                if self.head_sent:
                    assert exc_info[1] is not None
                    raise exc_info[1].with_traceback(exc_info[2])
                self.heads.append((status, headers, exc_info[1]))
            finally:
                exc_info = None
        self.events.append("start " + status)
        return self.write

    def write(self, data: bytes) -> None:
        if not self.heads:
            raise AssertionError("a body before start_response")
        self.head_sent = self.head_sent or bool(data)
        self.chunks.append(data)
        if data:
            self.events.append(f"send {data.decode()}")

    def end(self) -> None:
        if not self.heads:
            raise AssertionError("no start_response")
        self.head_sent = True

    def run(
        self, app: WSGIApplication, method: str = "GET", path: str = "/", **more: Any
    ) -> Server:
        self.iterable = app(environ_for(method, path, **more), self.start_response)
        try:
            for chunk in self.iterable:
                self.write(chunk)
            self.end()
        finally:
            self.events.append("close")
            if hasattr(self.iterable, "close"):
                self.iterable.close()
        return self


def run(app: WSGIApplication, method: str = "GET", path: str = "/", **more: Any) -> Server:
    """Let a new server ask ``app`` once."""
    return Server().run(app, method, path, **more)


def over_wsgiref(app: WSGIApplication) -> tuple[bytes, str]:
    """Give what the standard library's server sends and what it logs, as under CGI."""
    out, log = io.BytesIO(), io.StringIO()
    handler = SimpleHandler(io.BytesIO(), out, log, environ_for())
    handler.origin_server = False
    handler.run(app)
    return out.getvalue(), log.getvalue()


class Recorded:
    """An iterable that notes in ``log`` what is taken from it, and its close()."""

    def __init__(self, chunks: Iterable[bytes], log: list[str]) -> None:
        self._chunks = chunks
        self._log = log

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._log.append(f"take {chunk.decode()}")
            yield chunk

    def close(self) -> None:
        self._log.append("close the app's")


def restart(start_response: StartResponse, status: str, headers: list[tuple[str, str]]) -> Any:
    """Call start_response as an error handler does."""
    try:
        raise Oops
    except Oops:
        return start_response(status, headers, sys.exc_info())


class Oops(Exception):
    """What goes wrong in an application under test."""
