"""The job by WebOb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webob.dec import wsgify

from benchmarks.contenders.by_hand import NO_CONTENT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from webob import Request, Response


@wsgify.middleware
def middleware(request: Request, app: WSGIApplication) -> Response:
    """Empty a response without content."""
    response = request.get_response(app)
    if response.status[:3] in NO_CONTENT:
        response.app_iter = []
        response.content_length = None
    return response
