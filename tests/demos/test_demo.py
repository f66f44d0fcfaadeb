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

from demo.__main__ import in_words
from demo.gunicorn import gunicorn
from demo.wire import Answer, ask
from tests.demos.sites import DEMOS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60
OK = b"HTTP/1.1 200 OK\r\n\r\n"


def start(*python: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(python or ("-m", "demo"))],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "160"},
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
    assert "gunicorn 23.0.0, the release that most deployments run" in out
    assert "Of 19 responses that HTTP allows no content, bare 12 break that; wrapped 0." in out
    assert "Of 8 that may have content, 0 came out changed." in out
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


def test_it_says_where_a_connection_was_lost() -> None:
    answer = Answer("GET", b"", 204, [], b"", b"", b"")
    assert "of no further use" in in_words(answer).plain
    assert "of no further use" not in in_words(answer._replace(next_answer=OK)).plain


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
        assert ask(server.port, "GET", "/items").status_code == 200
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    with pytest.raises(ConnectionRefusedError):
        ask(server.port, "GET", "/items")
