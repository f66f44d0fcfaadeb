"""What is served: a demo, with views beside it that go wrong as the demos do not.

The environment variable ``ENTRY`` names the demo's module. Every answer that the application
starts carries the ``X-Request-Id`` of its request.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from importlib import import_module
from random import uniform
from typing import TYPE_CHECKING

from reliability.soak.load import FORGED
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def request_id(environ: WSGIEnvironment) -> str:
    number: str = environ.get("HTTP_X_REQUEST_ID", "")
    return number


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Content that is the request's own."""
    content = request_id(environ).encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """The same, but not at once."""
    content = request_id(environ).encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    yield b""
    pause()
    yield content


def forger(status: str) -> WSGIApplication:
    """Make a view of a response without content, whose late body is itself an answer."""

    def body() -> Iterator[bytes]:
        yield b""
        pause()
        yield FORGED

    def view(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The empty write sends the head: some servers wait for a chunk that is not empty.
        start_response(status, [])(b"")
        return body()

    return view


def restart(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A 204 that becomes an error page."""
    start_response("204 No Content", [])
    try:
        raise Oops
    except Oops:
        content = request_id(environ).encode()
        headers = [("Content-Length", str(len(content)))]
        start_response("500 Internal Server Error", headers, sys.exc_info())
        return [content]


def raise_before(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise Oops


def raise_after(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 No Content", [])
    raise Oops


def raise_in_chunk(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("204 No Content", [])
    if environ:
        raise Oops
    yield b""


class RaiseInClose:
    """A 204 that fails when it is all there."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        start_response("204 No Content", [])

    def __iter__(self) -> Iterator[bytes]:
        yield b""

    def close(self) -> None:
        raise Oops


def objects(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Count what Python has allocated and nobody can free."""
    gc.collect()
    content = str(sys.getallocatedblocks()).encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


class Oops(Exception):
    """What goes wrong."""


def pause() -> None:
    time.sleep(uniform(0.001, 0.02))  # noqa: S311


VIEWS: dict[str, WSGIApplication] = {
    "/soak/echo": echo,
    "/soak/late/200": late,
    "/soak/late/204": forger("204 No Content"),
    "/soak/late/205": forger("205 Reset Content"),
    "/soak/late/304": forger("304 Not Modified"),
    "/soak/restart": restart,
    "/soak/objects": objects,
    "/soak/raise/before": raise_before,
    "/soak/raise/after": raise_after,
    "/soak/raise/chunk": raise_in_chunk,
    "/soak/raise/close": RaiseInClose,
}


def with_id(demo: WSGIApplication) -> WSGIApplication:
    """Mount the views beside a demo, and put the request's id on each answer."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            try:
                headers = [*headers, ("X-Request-Id", request_id(environ))]
                return start_response(status, headers, exc_info)
            finally:
                exc_info = None  # breaks the cycle from its traceback to this frame

        return VIEWS.get(environ["PATH_INFO"], demo)(environ, start)

    return app


def demo() -> WSGIApplication:
    """Load the demo, and let its things stay as they are."""
    entry = os.environ["ENTRY"]
    loaded: WSGIApplication = import_module(entry).bare
    # Its reset empties the shelf before it fills it, while other threads read.
    module = import_module({"wsgi": "app", "inventory.wsgi": "inventory.views"}[entry])
    module.fill = lambda: None  # type: ignore[attr-defined]
    return loaded


bare = with_id(demo())
wrapped = NoContentMiddleware(bare)
