"""The demos are started as their users would start them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from types import GeneratorType
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper

import pytest
from legacy import legacy

from demo.gunicorn import gunicorn
from demo.wire import ask
from tests.demos.sites import DEMOS, load
from tests.unit.server import Server, environ_for
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
            answer = ask(server.port, "GET", path)
            assert answer.status_code == 204
            assert answer.faults == []
            assert answer.values("content-type") == ["application/json"]


def test_flasks_gunicorn_conf_is_read() -> None:
    with gunicorn("wsgi:application", DEMOS["Flask"].directory) as server:
        answer = ask(server.port, "GET", "/good_no_content", next_path="/items")
    # A sync worker, gunicorn's default, would have closed the connection.
    assert answer.next_answer.startswith(b"HTTP/1.1 200 ")


def test_runserver_serves_the_wrapped_app(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "runserver", "--noreload", "127.0.0.1:0"]
    log = tmp_path / "log"
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    with log.open("w") as output, subprocess.Popen(
        command, cwd=DEMOS["Django"].directory, env=env, stdout=output, stderr=output
    ) as process:
        try:
            deadline = time.monotonic() + 30
            port = None
            while port is None:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
                port = re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text())
            answer = ask(int(port[1]), "GET", "/bad_no_content")
        finally:
            process.kill()
    assert answer.status_code == 204
    assert answer.faults == []


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
