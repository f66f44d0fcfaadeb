"""The ways in which a WSGI application can send a body (PEP 3333)."""

from __future__ import annotations

import io
from itertools import count
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator
from wsgiref.util import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

    Headers = list[tuple[str, str]]
    Form = Callable[[str, Headers], WSGIApplication]

CHUNKS = (b"nu", b"ll")
"""What each form sends; an endless one goes on with more."""

FORMS: dict[str, Form] = {}
"""Each form by its name."""


def form(body: Callable[[StartResponse, str, Headers], Iterable[bytes]]) -> None:
    def make(status: str, headers: Headers) -> WSGIApplication:
        def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            return body(start_response, status, headers)

        return app

    FORMS[body.__name__] = make


@form
def a_list(start_response: StartResponse, status: str, headers: Headers) -> Iterable[bytes]:
    start_response(status, headers)
    return list(CHUNKS)


@form
def a_tuple(start_response: StartResponse, status: str, headers: Headers) -> Iterable[bytes]:
    start_response(status, headers)
    return CHUNKS


@form
def an_iterator(start_response: StartResponse, status: str, headers: Headers) -> Iterable[bytes]:
    start_response(status, headers)
    return iter(CHUNKS)


@form
def a_generator_started_in_the_call(
    start_response: StartResponse, status: str, headers: Headers
) -> Iterable[bytes]:
    start_response(status, headers)
    return (chunk for chunk in CHUNKS)


@form
def a_lazy_generator(
    start_response: StartResponse, status: str, headers: Headers
) -> Iterator[bytes]:
    start_response(status, headers)
    yield from CHUNKS


@form
def a_file_wrapper(start_response: StartResponse, status: str, headers: Headers) -> Iterable[bytes]:
    start_response(status, headers)
    return FileWrapper(io.BytesIO(b"".join(CHUNKS)), blksize=2)


@form
def write(start_response: StartResponse, status: str, headers: Headers) -> Iterable[bytes]:
    send = start_response(status, headers)
    for chunk in CHUNKS:
        send(chunk)
    return []


@form
def write_and_a_list(
    start_response: StartResponse, status: str, headers: Headers
) -> Iterable[bytes]:
    send = start_response(status, headers)
    send(CHUNKS[0])
    return list(CHUNKS[1:])


@form
def write_and_a_generator(
    start_response: StartResponse, status: str, headers: Headers
) -> Iterable[bytes]:
    send = start_response(status, headers)
    send(CHUNKS[0])
    return (chunk for chunk in CHUNKS[1:])


def endless(log: list[str]) -> Iterator[bytes]:
    """Chunks without end; each is noted as it is taken."""
    for number in count():
        log.append(f"take {number}")
        yield b"%d" % number
