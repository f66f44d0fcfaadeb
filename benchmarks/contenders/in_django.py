"""The job within Django."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from benchmarks.contenders.by_hand import NO_CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable


def content(request: HttpRequest) -> HttpResponse:
    """What nearly every request gets."""
    return HttpResponse("hello")


def bad_no_content(request: HttpRequest) -> HttpResponse:
    """Answer as the article's bad view."""
    return JsonResponse(None, safe=False, status=204)


urlpatterns = [path("200", content), path("204", bad_no_content)]


class Empty:
    """Empties a response without content."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request, as Django asks of a middleware."""
        response = self.get_response(request)
        if str(response.status_code) in NO_CONTENT:
            response.content = b""
            response.headers.pop("Content-Length", None)
        return response


# It is what declares the length.
COMMON = "django.middleware.common.CommonMiddleware"

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[COMMON])
django.setup(set_prefix=False)
app = WSGIHandler()


def middleware(_app: WSGIHandler) -> WSGIHandler:
    """Have Django load it, outermost."""
    settings.MIDDLEWARE = [f"{__name__}.{Empty.__name__}", COMMON]
    return WSGIHandler()
