"""The job as people do it by hand: in a generator."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NO_CONTENT = ("204", "205", "304")


class Generator:
    """Keeps the head until it has seen the first chunk, and yields what is left of the body."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        """Answer one request, as PEP 3333 asks of an application."""
        head: Any = None
        written: list[bytes] = []

        def keep(status, headers, exc_info=None):  # type: ignore[no-untyped-def]
            nonlocal head
            head = status, headers, exc_info
            return written.append

        iterable = self.app(environ, keep)
        try:
            chunks = iter(iterable)
            first = next(chunks, b"")
            status, headers, exc_info = head
            if status[:3] in NO_CONTENT:
                fields = [field for field in headers if field[0].lower() != "content-length"]
                start_response(status, fields, exc_info)
            else:
                start_response(status, headers, exc_info)
                yield from written
                yield first
                yield from chunks
        finally:
            if hasattr(iterable, "close"):
                iterable.close()
