"""The demos are started as their users would start them."""

from __future__ import annotations

import shlex

from django.core.servers.basehttp import get_internal_wsgi_application

from demo.gunicorn import gunicorn
from demo.wire import ask
from tests.demos.sites import DEMOS
from wsgi_nocontent import NoContentMiddleware


def test_app_engines_entrypoint_wraps_an_app_that_knows_nothing_of_it() -> None:
    directory = DEMOS["Flask"].directory
    (line,) = (
        line
        for line in (directory / "app.yaml").read_text().splitlines()
        if line.startswith("entrypoint: ")
    )
    *_, app = shlex.split(line)
    assert "nocontent" not in (directory / "app.py").read_text()
    with gunicorn(app, directory) as server:
        for path in "/good_no_content", "/bad_no_content", "/legacy/list":
            answer = ask(server.port, "GET", path)
            assert answer.status_code == 204
            assert answer.faults == []
            assert answer.values("content-type") == ["application/json"]


def test_flasks_gunicorn_conf_is_read() -> None:
    with gunicorn("wsgi:application", DEMOS["Flask"].directory) as server:
        answer = ask(server.port, "GET", "/good_no_content", next_path="/items")
    # A sync worker, gunicorn's default, would have closed the connection.
    assert answer.next_answer.startswith(b"HTTP/1.1 200 ")


def test_runserver_serves_the_wrapped_app() -> None:
    DEMOS["Django"].load()  # sets DJANGO_SETTINGS_MODULE, as manage.py does
    assert isinstance(get_internal_wsgi_application(), NoContentMiddleware)
