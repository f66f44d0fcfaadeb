"""What frameworks send with a JSON null, beside the table of docs/questions.md."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import bottle
import falcon
import flask
import pyramid.config
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import path
from werkzeug.test import create_environ, run_wsgi_app

from tests.docs.test_facts import QUESTIONS, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication
    from django.urls import URLPattern


def flask_app() -> WSGIApplication:
    app = flask.Flask(__name__)
    app.add_url_rule("/<int:status>", view_func=lambda status: (flask.jsonify(None), status))
    return app


def django_app() -> WSGIApplication:
    return WSGIHandler()


def django_urls() -> tuple[URLPattern, ...]:
    # It wants the settings as soon as it is imported.
    from rest_framework.decorators import api_view, renderer_classes  # noqa: PLC0415
    from rest_framework.renderers import JSONRenderer  # noqa: PLC0415
    from rest_framework.response import Response  # noqa: PLC0415

    def rest(data: object) -> Any:
        view = renderer_classes([JSONRenderer])(lambda _, status: Response(data, status=status))
        return api_view(["GET", "HEAD"])(view)

    return (
        path("<int:status>", lambda _, status: JsonResponse(None, safe=False, status=status)),
        path("empty/<int:status>", lambda _, status: HttpResponse(status=status)),
        path("rest/<int:status>", rest({})),
        path("rest/empty/<int:status>", rest(None)),
    )


def pyramid_app() -> WSGIApplication:
    def view(request: Any) -> None:
        request.response.status_code = int(request.matchdict["status"])

    config = pyramid.config.Configurator()
    config.add_route("any", "/{status}")
    config.add_view(view, route_name="any", renderer="json")
    app: WSGIApplication = config.make_wsgi_app()
    return app


def bottle_app() -> WSGIApplication:
    app = bottle.Bottle()

    @app.get("/<status:int>")  # type: ignore[untyped-decorator]
    def view(status: int) -> dict[str, Any]:
        bottle.response.status = status
        return {}

    wsgi: WSGIApplication = app
    return wsgi


def falcon_app() -> WSGIApplication:
    class View:
        def on_get(self, request: falcon.Request, response: falcon.Response, status: int) -> None:
            response.status = status
            response.text = "null"

        on_head = on_get

    app = falcon.App()
    app.add_route("/{status:int}", View())
    return app


@pytest.fixture
def _django(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(os.environ, "DJANGO_SETTINGS_MODULE", "inventory.settings")
    with override_settings(
        ROOT_URLCONF=django_urls(),
        ALLOWED_HOSTS=["*"],
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
    ):
        yield


def seen(app: WSGIApplication, path: str, method: str = "GET") -> str:
    """Tell in the words of the table what an app gives to its server."""
    chunks, _, headers = run_wsgi_app(app, create_environ(path, method=method))
    body = b"".join(chunks)
    if method == "HEAD":
        return "body" if body else "clean"
    length = headers.get("Content-Length")
    if length is None:
        return "clean" if not body else "body"
    return "length and body" if body else f"length {length}"


@pytest.mark.parametrize(
    ("names", "make", "prefix"),
    [
        ("Flask 3.1, Werkzeug 3.1", flask_app, ""),
        ("Django 5.2 and 6.1", django_app, ""),
        ("Django REST framework 3.18", django_app, "/rest"),
        ("Pyramid 2.1", pyramid_app, ""),
        ("Bottle, Falcon", bottle_app, ""),
        ("Bottle, Falcon", falcon_app, ""),
    ],
)
@pytest.mark.usefixtures("_django")
def test_it_is_as_the_table_has_it(names: str, make: Any, prefix: str) -> None:
    app = make()
    told = [cell.replace("*", "") for cell in row(QUESTIONS, names)]
    told[0], _, empty = told[0].partition("; empty: ")
    assert told == [
        seen(app, f"{prefix}/204"),
        seen(app, f"{prefix}/205"),
        seen(app, f"{prefix}/200", "HEAD"),
    ]
    if empty:
        assert seen(app, f"{prefix}/empty/204") == empty
