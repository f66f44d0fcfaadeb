"""Servers with the app, what is noted there, and clients that hold it to its answers."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from threading import Event
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pytest

from tests.faults.app import content_for
from tests.servers.cases import STATUS_LINES
from tests.servers.setups import BY_NAME, Setup
from wsgi_nocontent.probe import ProbeError, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from demo.server import Server

SECONDS = 40
ANSWERS = ("200", "204", "205", "304", "HEAD")
NAMES = (
    *(f"gunicorn 23.0.0 {worker}" for worker in ("sync", "gthread", "gevent")),
    *("waitress", "uWSGI"),
)


class Site(NamedTuple):
    """A server with the app, and the file where that notes what becomes of each request."""

    setup: Setup
    server: Server
    notes: Path

    def noted(self, what: str) -> list[tuple[str, int]]:
        """Give the name and the process of each request of which that is noted."""
        # A line that crosses the end of a memory page can be seen when half of it is there.
        whole, _, _ = self.notes.read_text().rpartition("\n")
        lines = map(str.split, whole.splitlines())
        return [(name, int(process)) for noted, name, process in lines if noted == what]

    def wait_for(self, what: str, name: str) -> None:
        """Wait until that is noted of a request."""
        wait_until(lambda: name in dict(self.noted(what)), f"{what} {name}")

    def release(self, name: str) -> None:
        """Let a request go on that waits in the app."""
        self.notes.with_name(f"{self.notes.name}.{name}").touch()

    def assert_all_closed(self, killed: frozenset[int] = frozenset()) -> None:
        """Every iterable that was made is closed once, but for those of killed processes."""

        def left() -> dict[str, int]:
            made = Counter(name for name, process in self.noted("made") if process not in killed)
            made.subtract(name for name, process in self.noted("closed") if process not in killed)
            return {name: number for name, number in made.items() if number}

        assert self.noted("made")
        wait_until(lambda: not left(), "the end of all iterables")
        assert left() == {}


def each_setup(*names: str) -> pytest.MarkDecorator:
    """Parametrize the fixture ``site`` with set-ups, each of which has one test process."""
    params = [
        pytest.param(BY_NAME[name], marks=pytest.mark.xdist_group(f"faults {name}"), id=name)
        for name in names or NAMES
    ]
    return pytest.mark.parametrize("setup", params, scope="module")


@contextmanager
def served(setup: Setup, app: str, notes: Path) -> Iterator[Site]:
    """Serve one of the apps in ``app.py`` until the context ends.

    :param notes: the file, which is made here.
    """
    notes.touch()
    environ = {**setup.environ(), "NOTES": str(notes)}
    with setup._replace(environ=lambda: environ).serve(f"tests.faults.app:{app}") as server:
        yield Site(setup, server, notes)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait; fail where it never comes true."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def ask(site: Site, answer: str) -> str | None:
    """Ask twice on a new connection, and hold both answers to what was asked.

    :return: the name of the request; None if the connection was lost before its answer was
        whole.
    """
    name = uuid4().hex
    method = "HEAD" if answer == "HEAD" else "GET"
    url = f"{site.server.url}/{answer}/answer/never"
    try:
        report = probe(
            url,
            method,
            [("X-Request-Id", name)],
            next_path=f"/?{name}",
            timeout=SECONDS,
            pause=0,
        )
    except ProbeError as error:
        # Else it is something else that came.
        if not str(error).startswith("the server closed the connection without an answer"):
            raise
        return None
    assert report.answer.status_code == int(STATUS_LINES[answer][:3])
    assert report.answer.values("X-Request-Id") == [name]
    if report.answer.ending == "cut off":
        return None
    assert report.answer.ending == "complete"
    assert report.answer.content == (content_for(name) if answer == "200" else b"")
    assert report.stray == b""
    if not report.next_answer:
        # Of an answer that was lost there may be the beginning, but of nothing else.
        assert b"HTTP/".startswith(report.next_stray[:5])
    elif report.next_answer.ending == "complete":
        assert report.next_answer.content == name.encode()
    return name


@contextmanager
def crowd(site: Site, *, patient: bool = False) -> Iterator[list[str]]:
    """Let clients ask all the time, and hold each answer to what was asked.

    :param patient: whether the connection may be lost.
    :return: the names of the requests whose answers came whole so far.
    """
    over = Event()
    answered: list[str] = []

    def keep_asking(offset: int) -> None:
        for answer in cycle(ANSWERS[offset:] + ANSWERS[:offset]):
            name = ask(site, answer)
            assert name or patient
            if name:
                answered.append(name)
            if over.is_set():
                break

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(keep_asking, offset) for offset in range(3)]
        try:
            yield answered
        finally:
            over.set()
        for client in asking:
            client.result()
    assert answered
