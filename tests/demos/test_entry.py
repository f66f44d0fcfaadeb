"""The demos are started as their users would start them."""

from __future__ import annotations

import shlex
import sys
from types import GeneratorType
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper

import pytest
from legacy import legacy

from demo.server import gunicorn, started
from tests.demos.sites import DEMOS, load
from tests.unit.server import Server, environ_for
from wsgi_nocontent import NoContentMiddleware
from wsgi_nocontent.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.apps import Demo


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
            report = probe(server.url + path)
            assert report.answer.status_code == 204
            assert report.findings == []
            assert report.answer.values("Content-Type") == ["application/json"]


def test_flasks_gunicorn_conf_is_read() -> None:
    with gunicorn("wsgi:application", DEMOS["Flask"].directory) as server:
        report = probe(f"{server.url}/good_no_content")
    # A sync worker, gunicorn's default, would have closed it.
    assert report.connection == "kept"


def test_runserver_serves_the_wrapped_app() -> None:
    def command(port: int) -> list[str]:
        return [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]

    with started(command, DEMOS["Django"].directory) as server:
        report = probe(f"{server.url}/bad_no_content")
    assert report.answer.status_code == 204
    assert report.findings == []


@pytest.mark.parametrize("demo", DEMOS.values(), ids=list(DEMOS))
def test_a_file_goes_through_the_servers_file_wrapper(demo: Demo) -> None:
    server = Server()
    environ: dict[str, Any] = {"wsgi.file_wrapper": FileWrapper}
    server.run(NoContentMiddleware(load(demo)), path="/report", **environ)
    assert type(server.iterable) is FileWrapper


def test_the_legacy_app_answers_in_each_way() -> None:
    def start_response(*_: object) -> Callable[[bytes], object]:
        return written.append

    written: list[bytes] = []
    answers = {
        way: legacy(environ_for(path=f"/{way}"), start_response)
        for way in ("list", "generator", "write")
    }
    assert answers["list"] == [b"null"]
    assert isinstance(answers["generator"], GeneratorType)
    assert answers["write"] == []
    assert written == [b"null"]
