"""A plain WSGI application of long ago: a 204 with a JSON null, in three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEADERS = [("Content-Type", "application/json"), ("Content-Length", "4")]


def by_list(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 No Content", HEADERS[:])
    return [b"null"]


def by_generator(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("204 No Content", HEADERS[:])
    yield b"null"


def by_write(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    write = start_response("204 No Content", HEADERS[:])
    write(b"null")
    return []


def not_found(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "10")])
    return [b"not found\n"]


VIEWS = {"/list": by_list, "/generator": by_generator, "/write": by_write}


def legacy(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return VIEWS.get(environ["PATH_INFO"], not_found)(environ, start_response)
