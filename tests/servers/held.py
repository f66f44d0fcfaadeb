"""An app whose 204 has a body, and that itself is an HTTP response: the attacker's part."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
SECONDS = 10

released = Event()


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the path; but ``/held`` with a 204, whose body ``/release`` lets go."""
    path = environ["PATH_INFO"]
    if path == "/held":
        released.clear()
        # The empty write sends the head: some servers wait for a chunk that is not empty.
        start_response("204 No Content", [])(b"")
        return held_body()
    if path == "/release":
        released.set()
    start_response("200 OK", [("Content-Length", str(len(path)))])
    return [path.encode()]


def held_body() -> Iterator[bytes]:
    yield b""
    released.wait(SECONDS)
    yield FORGED


wrapped = NoContentMiddleware(bare)
