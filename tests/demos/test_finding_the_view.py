"""The demos' guilty views are named, by the logs that people have and in their tests."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import pytest
import webtest
import werkzeug
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from demo.server import gunicorn
from tests.demos.sites import DEMOS, load
from tests.linters import be_lax_about_content_type
from tests.pages import Page
from wsgi_nocontent import NoContentError, NoContentMiddleware, Violation
from wsgi_nocontent.probe import probe
from wsgi_nocontent.testing import TestApp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication

PAGE = Page("docs", "finding-the-view.md")
DJANGO, MAIL, FLASK, HANDLER, CALLABLE, FIXTURE, OF_AN_APP, OF_A_URL, ASSERT = PAGE.blocks("python")
LINE, DJANGOS_LINE, FLASKS_LINE, FAULT = PAGE.blocks("text")
(STRICT,) = PAGE.blocks("toml")
# Without CommonMiddleware.
PLAIN = "MIDDLEWARE = []\n"


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both apps be loaded, and their shelves be full."""
    be_lax_about_content_type(monkeypatch)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    for framework in "Flask", "Django":
        werkzeug.Client(in_localhost(framework)).post("/reset")


def in_localhost(framework: str) -> WSGIApplication:
    """Give a demo's bare app; Django, which serves no strange host, thinks that it is localhost."""
    app = load(DEMOS[framework])

    def there(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        return app({**environ, "HTTP_HOST": "localhost"}, start_response)

    return there


class Site:
    """The wrapped app of a demo, and the lines of its log that are about violations."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def asked(self, method: str, path: str) -> int:
        return probe(self.url + path, method, keep_alive=False).answer.status_code

    def lines(self) -> list[str]:
        """Give them. Each is there before the response that it is about."""
        return [line for line in self._log.read_text().splitlines() if " answered " in line]


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Any]:
    @contextmanager
    def serve(framework: str, app: str, threads: int = 4, **environ: str) -> Iterator[Site]:
        log = tmp_path / "log"
        options = ["--worker-class", "gthread", "--threads", str(threads)]
        options += ["--error-logfile", str(log), "--capture-output"]
        environ = {"PYTHONPATH": str(tmp_path), **environ}
        with gunicorn(app, DEMOS[framework].directory, options, **environ) as server:
            yield Site(server.url, log)

    return serve


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    def settings(lines: str) -> dict[str, str]:
        """Give what Django is to be told so as to have the demo's settings, and these lines."""
        (tmp_path / "more_settings.py").write_text(f"from inventory.settings import *\n{lines}")
        return {"DJANGO_SETTINGS_MODULE": "more_settings"}

    return settings


def without_time(line: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "WHEN", line)


def assert_is_like(line: str, example: str) -> None:
    """Assert that a line is as the page shows it, but for its time."""
    shown, _, _ = without_time(example).partition("...")
    assert shown.startswith(("WHEN WARNING", "[WHEN] WARNING"))
    assert without_time(line).startswith(shown)


class TestLogs:
    def test_the_line_is_the_one_that_the_page_shows(self, serve: Any) -> None:
        with serve("Django", "inventory.wsgi") as site:
            site.asked("DELETE", "/items/1")
            assert site.lines() == [LINE.strip()]

    def test_a_django_view_is_named_without_common_middleware(
        self, serve: Any, settings: Any
    ) -> None:
        """No length is declared there, so only the body gives it away."""
        with serve("Django", "inventory.wsgi", **settings(PLAIN)) as site:
            for path in "/bad_no_content", "/good_no_content":
                assert site.asked("GET", path) == 204
            (line,) = site.lines()
        assert line.startswith(
            'GET /bad_no_content answered "204 No Content" with no Content-Length '
            "and 4 bytes of body (discarded)."
        )

    @pytest.mark.parametrize(
        ("framework", "app", "asked"),
        [
            (
                "Flask",
                "wsgi",
                [
                    *(("GET", f"/legacy/{way}") for way in ("list", "generator", "write")),
                    ("POST", "/reset"),
                ],
            ),
            ("Django", "inventory.wsgi", [("GET", "/bad_no_content"), ("POST", "/reset")]),
        ],
        ids=["Flask", "Django"],
    )
    def test_of_many_threads_one_warns(
        self, serve: Any, settings: Any, framework: str, app: str, asked: Any
    ) -> None:
        environ = settings(PLAIN) if framework == "Django" else {}
        with serve(framework, app, threads=32, **environ) as site:
            with ThreadPoolExecutor(32) as pool:
                requests = [*asked, ("GET", "/good_no_content")] * 50
                answers = set(pool.map(site.asked, *zip(*requests)))
            lines = site.lines()
        assert answers == {204, 205}
        assert sorted(line.split()[:2] for line in lines) == sorted(map(list, asked))

    @pytest.mark.parametrize(
        "lines",
        [DJANGO, DJANGO + "del LOGGING['disable_existing_loggers']\n"],
        ids=["as the page has it", "existing loggers are disabled"],
    )
    def test_djangos_logging_has_the_line(self, serve: Any, settings: Any, lines: str) -> None:
        """So it has where it disables existing loggers, as dictConfig does unless it is told."""
        with serve("Django", "inventory.wsgi", **settings(lines)) as site:
            site.asked("GET", "/bad_no_content")
            (line,) = site.lines()
        assert_is_like(line, DJANGOS_LINE)

    def test_djangos_logging_mails_it(self, serve: Any, settings: Any, tmp_path: Path) -> None:
        mails = tmp_path / "mails"
        lines = (
            f"{DJANGO}{MAIL}"
            "ADMINS = [('me', 'me@example.com')]\n"
            "EMAIL_BACKEND = 'django.core.mail.backends.filebased.EmailBackend'\n"
            f"EMAIL_FILE_PATH = {str(mails)!r}\n"
        )
        with serve("Django", "inventory.wsgi", **settings(lines)) as site:
            site.asked("GET", "/bad_no_content")
            (line,) = site.lines()
        assert_is_like(line, DJANGOS_LINE)
        (mail,) = mails.iterdir()
        assert "GET /bad_no_content answered" in mail.read_text()

    def test_flasks_logging_has_the_line(self, serve: Any, tmp_path: Path) -> None:
        (tmp_path / "logging_wsgi.py").write_text(f"{FLASK}from wsgi import application\n")
        with serve("Flask", "logging_wsgi") as site:
            site.asked("GET", "/legacy/write")
            (line,) = site.lines()
        assert_is_like(line, FLASKS_LINE)


class TestElsewhere:
    def test_a_handler_of_ones_own(self) -> None:
        logger = logging.getLogger("wsgi_nocontent")
        before = logger.handlers[:]
        namespace: dict[str, Any] = {}
        exec(HANDLER, namespace)
        try:
            app = NoContentMiddleware(load(DEMOS["Flask"]))
            for path in "/legacy/list", "/legacy/list", "/legacy/write", "/good_no_content":
                webtest.TestApp(app).get(path)
        finally:
            logger.handlers[:] = before
        assert namespace["violations"] == {"204 No Content": 2}

    def test_a_callable(self, capsys: pytest.CaptureFixture[str]) -> None:
        bare = load(DEMOS["Flask"])
        namespace = {"NoContentMiddleware": NoContentMiddleware, "application": bare}
        exec(CALLABLE, namespace)
        app: Any = namespace["application"]
        webtest.TestApp(app).get("/legacy/write")
        violation = Violation("GET", "/legacy/write", "204 No Content", "4", 4)
        assert capsys.readouterr().out == f"{violation}\n"


CONFTEST = """
import pytest
import webtest
from wsgi import application

@pytest.fixture
def client():
    return webtest.TestApp(application, lint=False)
"""
VIEWS = """
def test_list(client, nocontent_violations):
    client.get("/legacy/list")
    assert nocontent_violations == []
def test_generator(client, nocontent_violations):
    client.get("/legacy/generator")
    assert nocontent_violations == []
def test_write(client, nocontent_violations):
    client.get("/legacy/write")
    assert nocontent_violations == []
def test_reset(client, nocontent_violations):
    client.post("/reset")
    assert nocontent_violations == []
"""


@pytest.mark.parametrize("strict", [False, True])
def test_pytest_as_the_page_has_it(tmp_path: Path, strict: bool) -> None:
    (tmp_path / "pyproject.toml").write_text(STRICT if strict else "[tool.pytest.ini_options]\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_views.py").write_text(FIXTURE + VIEWS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rf"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(DEMOS["Flask"].directory), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.findall(r"^FAILED test_views.py::(\w+) - (.*)", done.stdout, re.MULTILINE)
    names, why = zip(*failed)
    assert names == ("test_list", "test_generator", "test_write", "test_reset"), done.stdout
    assert all(("NoContentError: " in each) == strict for each in why)
    assert "1 passed" in done.stdout  # since Werkzeug mends the Flask view's 204


class TestOnesOwnTests:
    @pytest.mark.parametrize("middleware", [["django.middleware.common.CommonMiddleware"], []])
    def test_a_test_app_as_the_page_has_it(self, middleware: list[str]) -> None:
        with override_settings(MIDDLEWARE=middleware, ALLOWED_HOSTS=["*"]):
            application = NoContentMiddleware(WSGIHandler())
            with pytest.raises(NoContentError) as raised:
                exec(OF_AN_APP, {"application": application})
        length = "15" if middleware else None
        assert raised.value.violation == Violation(
            "DELETE", "/items/1", "204 No Content", length, 15
        )

    def test_of_a_url_as_the_page_has_it(self) -> None:
        with gunicorn("wsgi:bare", DEMOS["Flask"].directory) as server:
            namespace: dict[str, Any] = {"TestApp": TestApp}
            exec(OF_A_URL.replace("http://127.0.0.1:8000", server.url), namespace)
            with pytest.raises(AssertionError, match="Content-Length: 4, but"):
                namespace["app"].get("/legacy/list")

    def test_an_assertion_as_the_page_has_it(self) -> None:
        client = werkzeug.Client(in_localhost("Django"))
        with pytest.raises(AssertionError) as raised:
            exec(ASSERT, {"client": client})
        assert str(raised.value) == FAULT.strip()
