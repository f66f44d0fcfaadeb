"""A small shop's API, as carelessly written as in the Flask demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET, require_POST, require_safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

REPORT = Path(__file__).with_name("report.csv")

shelf: dict[int, dict[str, str]] = {}


def fill() -> None:
    shelf.clear()
    shelf.update({1: {"name": "tea"}, 2: {"name": "coffee"}, 3: {"name": "cocoa"}})


fill()


@require_GET
def good_no_content(request: HttpRequest) -> HttpResponse:
    return HttpResponse("", status=204, content_type="application/json")


@require_GET
def bad_no_content(request: HttpRequest) -> HttpResponse:
    return JsonResponse(None, safe=False, status=204)


def items(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        number = max(shelf, default=0) + 1
        shelf[number] = {"name": json.loads(request.body)["name"]}
        return JsonResponse(shelf[number], status=201, headers={"Location": f"/items/{number}"})
    return JsonResponse(shelf)


def item(request: HttpRequest, number: int) -> HttpResponse:
    if request.method == "DELETE":
        return JsonResponse(shelf.pop(number, None), safe=False, status=204)
    if number not in shelf:
        return JsonResponse({"error": "no such item"}, status=404)
    etag = '"{}"'.format(shelf[number]["name"])
    status = 304 if request.headers.get("If-None-Match") == etag else 200
    return JsonResponse(shelf[number], status=status, headers={"ETag": etag})


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    fill()
    return JsonResponse(None, safe=False, status=205)


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    def lines() -> Iterator[str]:
        for number, thing in shelf.items():
            yield f"{number},{thing['name']}\n"

    return StreamingHttpResponse(lines(), content_type="text/csv")


@require_safe
def report(request: HttpRequest) -> HttpResponseBase:
    return FileResponse(REPORT.open("rb"))  # through wsgi.file_wrapper
