"""Other projects' suites: how the middleware gets round their apps, and what is compared."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import nullcontext
from io import StringIO
from select import select
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from webob import Request

from demo.apps import ROOT
from reliability.suites import around
from reliability.suites.__main__ import tell
from reliability.suites.comparing import Outcome, compare, complaints, outcomes
from reliability.suites.projects import Project
from reliability.suites.running import Run, finish

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GOOD, BAD = {"test": Outcome("passed")}, {"test": Outcome("failure", "204 is not 200")}
WHY = {"test": "It asserts what HTTP forbids."}


def test_a_report_is_read_and_a_teardown_that_fails_counts(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.test_it.TestIt" name="test_good" time="0.1" />
        <testcase classname="tests.test_it" name="test_bad"><failure message="1 == 2" /></testcase>
        <testcase classname="tests.test_it" name="test_no"><skipped message="why" /></testcase>
        <testcase classname="tests.test_it" name="test_torn[1]"><system-out /></testcase>
        <testcase classname="tests.test_it" name="test_torn[1]"><error message="torn" /></testcase>
        </testsuite></testsuites>""",
        encoding="utf-8",
    )
    assert outcomes(report) == {
        "tests.test_it.TestIt::test_good": Outcome("passed"),
        "tests.test_it::test_bad": Outcome("failure", "1 == 2"),
        "tests.test_it::test_no": Outcome("skipped", "why"),
        "tests.test_it::test_torn[1]": Outcome("error", "torn"),
    }


@pytest.mark.parametrize(
    ("bare", "again", "wrapped", "differing", "flaky", "failing"),
    [
        pytest.param(GOOD, GOOD, GOOD, False, False, False, id="good"),
        pytest.param(GOOD, GOOD, BAD, True, False, False, id="only wrapped it fails"),
        pytest.param(BAD, BAD, GOOD, True, False, False, id="only wrapped it passes"),
        pytest.param(BAD, BAD, BAD, False, False, True, id="it fails in both"),
        pytest.param(GOOD, BAD, BAD, False, True, False, id="it is flaky"),
        pytest.param(GOOD, GOOD, {}, True, False, False, id="it is not run wrapped"),
        pytest.param({}, {}, GOOD, True, False, False, id="it is not run bare"),
    ],
)
def test_runs_are_compared(
    bare: dict[str, Outcome],
    again: dict[str, Outcome],
    wrapped: dict[str, Outcome],
    differing: bool,
    flaky: bool,
    failing: bool,
) -> None:
    comparison = compare(bare, again, wrapped)
    assert comparison.tests == 1
    assert list(comparison.differing) == ["test"] * differing
    assert comparison.flaky == ["test"] * flaky
    assert comparison.failing == ["test"] * failing


def test_a_difference_must_be_explained() -> None:
    wrong = complaints(compare(GOOD, GOOD, BAD), {}, 1)
    assert wrong == {
        "test": "passed bare, failure wrapped, and that is not explained. 204 is not 200"
    }
    assert not complaints(compare(GOOD, GOOD, BAD), WHY, 1)


def test_what_is_explained_must_differ() -> None:
    assert list(complaints(compare(GOOD, GOOD, GOOD), WHY, 1)) == ["test"]
    assert list(complaints(compare({}, {}, {}), WHY, 1)) == ["test"]


def test_a_run_in_which_no_app_was_wrapped_says_nothing() -> None:
    assert list(complaints(compare(GOOD, GOOD, GOOD), {}, 0)) == ["all tests"]


@pytest.mark.parametrize(
    ("wrapped", "good", "words"),
    [
        (GOOD, False, "WRONG  it test\nends wrapped as it does bare"),
        (BAD, True, "differs  it test\nIt asserts what HTTP forbids."),
    ],
)
def test_all_that_is_not_the_same_is_told(
    wrapped: dict[str, Outcome], good: bool, words: str
) -> None:
    console = Console(file=StringIO())
    result = Run(compare(GOOD, GOOD, wrapped), Counter({around.REQUEST: 1}))
    assert tell(console, Project("it", "1.0", (), WHY), result) is good
    assert isinstance(console.file, StringIO)
    assert words in console.file.getvalue()


def careless(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response(environ["PATH_INFO"][1:] + " It", [("Content-Length", "4")])
    return [b"null"]


@pytest.mark.parametrize(
    ("path", "method", "counted"),
    [
        ("/200", "GET", [around.REQUEST]),
        ("/200", "HEAD", [around.REQUEST, around.WITHOUT_CONTENT]),
        ("/204", "GET", [around.REQUEST, around.WITHOUT_CONTENT, around.MENDED]),
    ],
)
def test_what_the_middleware_does_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, method: str, counted: list[str]
) -> None:
    file = tmp_path / "record"
    file.touch()
    monkeypatch.setenv(around.RECORD, str(file))
    app = around.around(careless)
    answer = Request.blank(path, method=method).get_response(app)
    assert answer.headers.get("Content-Length") == (None if path == "/204" else "4")
    assert answer.body == (b"null" if len(counted) == 1 else b"")
    assert file.read_text(encoding="utf-8").splitlines() == counted
    assert around.around(app) is app


ASKED = """
    from threading import Thread
    from urllib.request import urlopen

    import waitress, webob, webtest, werkzeug.serving, werkzeug.test
    from reliability.suites import around

    def app(environ, start_response):
        start_response("204 No Content", [("Content-Length", "4")])
        return [b"null"]

    werkzeug.test.Client(app).get("/")
    webob.Request.blank("/").get_response(app)
    webtest.TestApp(app).get("/")
    for server, answer in (
        (server := werkzeug.serving.make_server("127.0.0.1", 0, app), server.handle_request),
        (server := waitress.create_server(app, listen="127.0.0.1:0"), server.run),
    ):
        Thread(target=answer, daemon=True).start()
        port = getattr(server, "effective_port", None) or server.server_port
        urlopen(f"http://127.0.0.1:{port}/", timeout=30).read()
"""


def test_every_client_and_server_asks_through_the_middleware(tmp_path: Path) -> None:
    file = tmp_path / "record"
    file.touch()
    finish([sys.executable, "-c", dedent(ASKED)], ROOT, 60, {around.RECORD: str(file)})
    assert Counter(file.read_text(encoding="utf-8").splitlines()) == dict.fromkeys(
        (around.REQUEST, around.WITHOUT_CONTENT, around.MENDED, around.VIOLATION), 5
    )


def test_a_command_that_fails_is_told_with_what_it_printed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "print('torn'); raise SystemExit(3)"]
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3 and printed:.*torn"):
        finish(words, tmp_path, 60)
    finish(words, tmp_path, 60, good=(3,))


STARTS_ANOTHER = """
    import subprocess, sys, time
    with open("alive", "w") as alive:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=alive)
    {then}
"""


@pytest.mark.parametrize(("then", "seconds"), [("time.sleep(600)", 2), ("", 60)])
def test_nothing_that_a_command_starts_outlives_it(
    tmp_path: Path, then: str, seconds: float
) -> None:
    os.mkfifo(tmp_path / "alive")
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    words = [sys.executable, "-c", dedent(STARTS_ANOTHER).format(then=then)]
    with pytest.raises(RuntimeError, match="longer") if then else nullcontext():
        finish(words, tmp_path, seconds)
    assert select([reader], [], [], 30)[0], "a process has the pipe open"
    assert os.read(reader, 1) == b""
    os.close(reader)
