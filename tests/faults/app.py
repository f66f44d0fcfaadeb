"""An app that does something at one moment of its answer, and notes what becomes of it.

It needs the standard library alone. A request ``/answer/deed/moment`` says what is answered,
and what is done when: ``/204/raise/second``. Its X-Request-Id is in the answer, is what the
content is made of, and stands in each line of the file that NOTES names.
"""

from __future__ import annotations

import os
import time
from itertools import repeat
from typing import TYPE_CHECKING

from tests.servers.cases import STATUS_LINES
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from wsgi_nocontent import Violation

MOMENTS = (
    "before",  # start_response
    "started",  # but nothing sent
    "write",  # after the call of write()
    "lazy",  # in the first step, which has called start_response
    "empty",  # after an empty chunk
    "second",  # before the second chunk
    "close",
)
ENDLESS = b"x" * 65536
SECONDS = 60


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the path tells, and with its query string who does not say who asks."""
    if "HTTP_X_REQUEST_ID" not in environ:
        content = environ.get("QUERY_STRING", "").encode()
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return [content]
    name = environ["HTTP_X_REQUEST_ID"]
    answer, deed, moment = environ["PATH_INFO"].split("/")[1:]
    content = content_for(name)
    headers = [("X-Request-Id", name)]
    if deed != "endless":
        headers.append(("Content-Length", str(len(content))))

    def at(this: str) -> None:
        if this == moment:
            DEEDS[deed](name, environ)

    def start() -> Callable[[bytes], object]:
        write = start_response(STATUS_LINES[answer], headers)
        at("started")
        return write

    def chunks() -> Iterator[bytes]:
        if moment == "lazy":
            start()
            at("lazy")
        if moment == "empty":
            yield b""
            at("empty")
        half = 0 if moment == "write" else len(content) // 2
        yield content[:half]
        at("second")
        if deed == "endless":
            yield from repeat(ENDLESS)
        yield content[half:]

    at("before")
    if moment != "lazy":
        write = start()
        if moment == "write":
            write(content[: len(content) // 2])
            at("write")
            content = content[len(content) // 2 :]
    return Noted(chunks(), name, lambda: at("close"))


def content_for(name: str) -> bytes:
    """Give what a request is answered, where content is allowed."""
    return name.encode() * 100


class Noted:
    """Chunks whose making and whose end are noted."""

    def __init__(self, chunks: Iterator[bytes], name: str, at_close: Callable[[], None]) -> None:
        self._chunks = chunks
        self._name = name
        self._at_close = at_close
        note("made", name)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        note("closed", self._name)
        self._at_close()


def note(what: str, name: str) -> None:
    """Append one line, in one step: so nothing is lost where a process is killed."""
    with open(os.environ["NOTES"], "ab", buffering=0) as notes:
        notes.write(f"{what} {name} {os.getpid()}\n".encode())


def wait(name: str, environ: object = None) -> None:
    """Wait until a test has made the file that lets this go."""
    note("waits", name)
    deadline = time.monotonic() + SECONDS
    while not os.path.exists(f"{os.environ['NOTES']}.{name}") and time.monotonic() < deadline:
        time.sleep(0.01)


def fail(name: str, environ: WSGIEnvironment) -> None:
    raise Oops(name)


def read(name: str, environ: WSGIEnvironment) -> None:
    note("reads", name)
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))


class Oops(Exception):
    """What goes wrong in the app."""


DEEDS: dict[str, Callable[[str, WSGIEnvironment], None]] = {
    "raise": fail,
    "wait": wait,
    "read": read,
    "endless": lambda name, environ: None,
    "answer": lambda name, environ: None,
}


def raises(violation: Violation) -> None:
    note("told", violation.path[1:].replace("/", "-"))
    raise Oops(violation)


def blocks(violation: Violation) -> None:
    """Wait where a test asks for the method that it is known by."""
    if violation.method == "DELETE":
        wait("callback")


wrapped = NoContentMiddleware(bare)
with_one_that_raises = NoContentMiddleware(bare, on_violation=raises)
with_one_that_blocks = NoContentMiddleware(bare, on_violation=blocks)
