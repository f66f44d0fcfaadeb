"""``make demo`` from start to end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.__main__ import Comparison, in_words, main
from demo.apps import API, ROOT
from demo.server import gunicorn
from tests.demos.sites import DEMOS
from wsgi_nocontent.probe import Answer, ProbeError, Report, probe
from wsgi_nocontent.requirements import NO_BODY, Finding

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60
# What a user may have set for other work must not reach the demo.
ENVIRON = {
    **{name: value for name, value in os.environ.items() if name != "FORCE_COLOR"},
    "COLUMNS": "160",
    "PYTHONIOENCODING": "utf-8",
    "DJANGO_SETTINGS_MODULE": "no.such.settings",
    "GUNICORN_CMD_ARGS": "--workers 3",
    "WEB_CONCURRENCY": "4",
}


def report_of(status_code: int, content: bytes = b"") -> Report:
    answer = Answer("1.1", status_code, b"", [], content, content)
    return Report("", "GET", [], answer, b"", None, "kept", answer, b"", [])


def start(*python: str, environ: dict[str, str] = ENVIRON) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(python or ("-m", "demo"))],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of_session(session: int) -> list[str]:
    """Give the command of each living process of a session, from Linux's /proc."""
    commands = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (command) state ppid pgrp session
            command, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        state, _, _, its_session = rest.split()[:4]
        if int(its_session) == session and state != "Z":
            commands.append(command)
    return commands


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_shows_the_fault_and_its_cure_and_ends_by_itself() -> None:
    process = start()
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert "gunicorn 23.0.0, which sends what an app sends" in out
    assert "By HTTP, 19 of these responses have no content. Bare, 12 break that; wrapped, 0." in out
    assert "Of the 8 that may have content, 0 came out changed." in out
    for row in (
        (
            r"GET /legacy/list +204 +204, no content +RFC 9110 §6\.4\.1, §8\.6; RFC 9112 §6\.1 *\n"
            r' an old WSGI app +Content-Length: 4 *\n +body: "null" *\n'
        ),
        (
            r"HEAD /items/2 +200 +200, no content +RFC 9110 §9\.3\.2 *\n"
            r' +body: "{"name": "coffee"}" *\n'
        ),
        r"GET /report +200, 34 bytes +200, 34 bytes +the same, byte for byte *\n",
    ):
        assert re.search(row, out), row
    assert "of no further use" not in out
    assert "\x1b" not in out + err  # no colours but on a terminal
    assert "Asking the Flask app" in err
    assert processes_of_session(process.pid) == []


@pytest.mark.parametrize("fault", ["still broken", "changed", "never broken"])
def test_it_fails_where_the_middleware_does_not_what_it_should(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    clean = report_of(204)
    broken = clean._replace(findings=[Finding(NO_BODY, 'body: "null"')])
    page = report_of(200)
    comparisons = {
        "": [Comparison(API[0], broken, clean), Comparison(API[-1], page, page)],
        "still broken": [Comparison(API[0], broken, broken)],
        "changed": [
            Comparison(API[0], broken, clean),
            Comparison(API[-1], page, report_of(200, b"another")),
        ],
        "never broken": [Comparison(API[0], clean, clean)],
    }
    monkeypatch.setattr("demo.__main__.compare", lambda demo: comparisons[fault])
    assert main() == 1
    monkeypatch.setattr("demo.__main__.compare", lambda demo: comparisons[""])
    assert main() == 0


def test_a_terminal_may_lack_the_section_sign() -> None:
    process = start(environ={**ENVIRON, "PYTHONIOENCODING": "ascii"})
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert "RFC 9110 ?6.4.1" in out


def test_it_says_where_a_connection_was_lost() -> None:
    report = report_of(204)
    assert "of no further use" not in in_words(report).plain
    assert "of no further use" in in_words(report._replace(next_answer=None)).plain


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_leaves_no_process_behind_when_it_is_stopped(number: signal.Signals) -> None:
    process = start()
    # The demo itself, two masters and two workers: it is in the midst of it.
    wait_for(lambda: len(processes_of_session(process.pid)) == 5)
    process.send_signal(number)
    process.send_signal(number)  # as people do who lose patience
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    wait_for(lambda: processes_of_session(process.pid) == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_none_behind_when_a_signal_comes_as_one_starts(number: signal.Signals) -> None:
    process = start(
        "-c",
        "import os, runpy, subprocess\n"
        "execute = subprocess.Popen._execute_child\n"
        "def execute_and_get_a_signal(*args):\n"
        "    execute(*args)\n"
        f"    os.kill(os.getpid(), {number:d})\n"
        "subprocess.Popen._execute_child = execute_and_get_a_signal\n"
        "runpy.run_module('demo', run_name='__main__')\n",
    )
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number, err
    assert processes_of_session(process.pid) == []


def test_a_gunicorn_that_does_not_come_up_says_why() -> None:
    with pytest.raises(RuntimeError, match="no module 'no_such' in") as raised, gunicorn(
        "wsgi_nocontent:wrap('no_such:app')", DEMOS["Flask"].directory
    ):
        pass
    assert "Worker failed to boot" in str(raised.value)


def test_a_gunicorn_is_gone_when_its_context_ends() -> None:
    with gunicorn("wsgi:application", DEMOS["Flask"].directory) as server:
        assert probe(f"{server.url}/items").answer.status_code == 200
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    with pytest.raises(ProbeError, match="refused"):
        probe(f"{server.url}/items")
