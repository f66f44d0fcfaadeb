"""The applications that are wrapped, in a module of their own, as people's are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CHUNKS = 1_000_000
CHUNK = b"a row of a report\n"


def content(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """What nearly every request gets."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def not_found(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Any other response with content."""
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"sorry"]


def no_content(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as a view that does it right."""
    start_response("204 No Content", [("Content-Type", "application/json")])
    return []


def bad_no_content(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the article's bad view."""
    start_response(
        "204 No Content", [("Content-Type", "application/json"), ("Content-Length", "5")]
    )
    return [b"null\n"]


def chunks(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A million small chunks, from a generator made after ``start_response`` was called."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return (CHUNK for _ in range(CHUNKS))


def lazy_chunks(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """The same, from a generator that calls ``start_response`` on its first step."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(CHUNKS):
        yield CHUNK
