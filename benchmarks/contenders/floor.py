"""The least that code can do for the job, so that there is something to compare with."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Floor:
    """Puts a closure round ``start_response``: nobody can see the status for less."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 asks of an application."""

        def start(status, headers, exc_info=None):  # type: ignore[no-untyped-def]
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


class Least:
    """Discards the body and the length of a 204, and knows of nothing else that PEP 3333 allows."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 asks of an application."""
        is_empty = False

        def start(status, headers, exc_info=None):  # type: ignore[no-untyped-def]
            nonlocal is_empty
            if status.startswith("204"):
                is_empty = True
                headers = [field for field in headers if field[0].lower() != "content-length"]
            return start_response(status, headers, exc_info)

        iterable = self.app(environ, start)
        return () if is_empty else iterable
