"""The job by Werkzeug."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from benchmarks.contenders.by_hand import NO_CONTENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def middleware(app: WSGIApplication) -> WSGIApplication:
    """Wrap an application."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = Response.from_app(app, environ)
        if response.status[:3] in NO_CONTENT:
            response.response = []
            del response.headers["Content-Length"]
        return response(environ, start_response)

    return application
