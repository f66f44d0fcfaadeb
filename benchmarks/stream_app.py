"""What gunicorn serves of large responses, bare and wrapped."""

from __future__ import annotations

import os
from itertools import repeat
from typing import TYPE_CHECKING

from benchmarks.apps import CHUNK
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MIB = bytes(1 << 20)
CHUNKS = 100_000  # a million take too long by a socket
FILE, SIZE = os.environ["FILE"], int(os.environ["SIZE"])


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with what the path names."""
    path = environ["PATH_INFO"].strip("/")
    if path == "file":
        start_response("200 OK", [("Content-Length", str(SIZE))])
        file_wrapper = environ["wsgi.file_wrapper"]
        file: Iterable[bytes] = file_wrapper(open(FILE, "rb"), 1 << 16)  # noqa: SIM115
        return file
    if path.endswith("chunks"):
        chunk, times = CHUNK, CHUNKS
    elif path.endswith("stream"):
        chunk, times = MIB, 64 if environ["QUERY_STRING"] == "warm" else 10 * SIZE // len(MIB)
    else:
        chunk, times = b"", 1  # whoever asks whether the server is up
    if path.startswith("lazy-"):
        return lazily(chunk, times, start_response)
    start_response("200 OK", [("Content-Length", str(len(chunk) * times))])
    return (chunk for chunk in repeat(chunk, times))


def lazily(chunk: bytes, times: int, start_response: StartResponse) -> Iterator[bytes]:
    """Start the response on the first step."""
    start_response("200 OK", [("Content-Length", str(len(chunk) * times))])
    yield from repeat(chunk, times)


wrapped = NoContentMiddleware(bare)
