"""The app that every server runs. It needs the standard library alone."""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple
from wsgiref.util import FileWrapper

from tests.servers.cases import STATUS_LINES
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b'{"name": "tea"}\n'
LARGE = b"0123456789abcdef" * (3 << 16)
LATE = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
LATE_SECONDS = 0.02


class Response(NamedTuple):
    """What is to be sent."""

    environ: WSGIEnvironment
    start_response: StartResponse
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def start(self) -> Callable[[bytes], object]:
        return self.start_response(self.status, self.headers)


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer ``/answer/way/fields`` as that tells, and any other path with its query string.

    A case that is asked with the query string ``silent`` sends no content and declares none;
    a 205, whose end could not be told then, declares that it has none.
    """
    query = environ.get("QUERY_STRING", "")
    parts = environ["PATH_INFO"].split("/")[1:]
    answer, way, fields = parts if len(parts) == 3 else ("200", "list", "right")
    body = body_of(way, fields)
    if len(parts) != 3:
        body = query.encode()
    elif answer == "304" and "HTTP_IF_NONE_MATCH" not in environ:
        # The 200 that it stands for: so the length of that is known, and another.
        answer, way, fields, body = "200", "list", "right", LARGE
    elif query == "silent":
        way, body = (way if way in ("empty", "restart") else "iterator"), b""
        fields = "zero" if answer == "205" else "none"
    headers = [("Content-Type", "application/json"), *further_fields(fields, len(body))]
    return WAYS[way](Response(environ, start_response, STATUS_LINES[answer], headers, body))


wrapped = NoContentMiddleware(bare)


def body_of(way: str, fields: str) -> bytes:
    """Give what a case sends where it sends content."""
    return LATE if way == "late" else LARGE if fields == "large" else BODY


def further_fields(kind: str, length: int) -> list[tuple[str, str]]:
    right = ("Content-Length", str(length))
    return {
        "none": [],
        "wrong": [("Content-Length", str(length + 7))],
        "zero": [("Content-Length", "0")],
        "twice": [right, right],
        "odd-cased": [("cOnTENT-lENGTh", str(length))],
        "coding": [("Transfer-Encoding", "chunked")],
        "cookies": [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), right, ("Set-Cookie", "a=3")],
    }.get(kind, [right])


def empty(response: Response) -> Iterable[bytes]:
    response.start()
    return []


def in_list(response: Response) -> Iterable[bytes]:
    response.start()
    return [response.body]


def in_tuple(response: Response) -> Iterable[bytes]:
    response.start()
    return (response.body,)


def iterator(response: Response) -> Iterable[bytes]:
    response.start()
    return iter([response.body])


def generator(response: Response) -> Iterable[bytes]:
    response.start()
    return (response.body[start : start + 65536] for start in range(0, len(response.body), 65536))


def lazy(response: Response) -> Iterator[bytes]:
    response.start()
    yield response.body


def endless(response: Response) -> Iterable[bytes]:
    response.start()
    # More than any client here reads, but not more: gunicorn reads on for good where it
    # has sent what was declared.
    return repeat(b"x" * 4096, 1 << 12)


def late(response: Response) -> Iterable[bytes]:
    write = response.start()
    if callable(write):  # bjoern and granian have none
        # It sends the head: some servers wait for a chunk that is not empty.
        write(b"")

    def chunks() -> Iterator[bytes]:
        yield b""
        time.sleep(LATE_SECONDS)
        yield response.body

    return chunks()


def file_wrapper(response: Response) -> Iterable[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115  the server closes it
    file.write(response.body)
    file.flush()
    file.seek(0)
    response.start()
    wrapper: Callable[..., Iterable[bytes]] = response.environ.get("wsgi.file_wrapper", FileWrapper)
    return wrapper(file)


def write(response: Response) -> Iterable[bytes]:
    response.start()(response.body)
    return []


def restart(response: Response) -> Iterable[bytes]:
    first = [("Content-Type", "text/plain"), ("X-First", "yes"), ("Content-Length", "7")]
    response.start_response("202 Accepted", first)
    try:
        raise ValueError("the view thinks better of it")
    except ValueError:
        response.start_response(response.status, response.headers, sys.exc_info())
    return [response.body] if response.body else iter([b""])


WAYS = {
    "empty": empty,
    "list": in_list,
    "tuple": in_tuple,
    "iterator": iterator,
    "generator": generator,
    "lazy": lazy,
    "endless": endless,
    "late": late,
    "file_wrapper": file_wrapper,
    "write": write,
    "restart": restart,
}
