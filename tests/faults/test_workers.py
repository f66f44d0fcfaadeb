"""Workers that are killed and reloaded while they are asked."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.serving import NAMES, Site, crowd, each_setup, served, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.setups import Setup

# waitress is one process.
pytestmark = each_setup(*(name for name in NAMES if name != "waitress"))


@pytest.fixture
def site(setup: Setup, tmp_path: Path) -> Iterator[Site]:
    """A master with two workers, which have time to end what they do."""
    line = setup.line.replace(
        "--workers 1 --graceful-timeout 2", "--workers 2 --graceful-timeout 5"
    )
    if setup.name == "uWSGI":
        line += " --master --processes 2"
    assert line != setup.line
    with served(setup._replace(line=line), "wrapped", tmp_path / "notes") as site:
        yield site


def worker(site: Site, answered: list[str], known: set[int]) -> int:
    """Wait until a process that is not known yet has given a whole answer."""
    found: set[int] = set()

    def is_found() -> bool:
        names = list(answered)  # before what is noted of them is read
        made = dict(site.noted("made"))
        found.update({made[name] for name in names} - known - {site.server.pid})
        return bool(found)

    wait_until(is_found, "a worker")
    return found.pop()


def test_killed_each_answer_that_came_whole_is_its_own(site: Site) -> None:
    """What the killed process had made can not be closed; all else is."""
    killed: set[int] = set()
    with crowd(site, patient=True) as answered:
        for _ in range(4):
            pid = worker(site, answered, killed)
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        worker(site, answered, killed)
    with crowd(site):
        pass
    site.assert_all_closed(frozenset(killed))


def test_reloaded_each_answer_that_came_whole_is_its_own(site: Site) -> None:
    """Here every iterable is closed: a worker ends what it has begun."""
    with crowd(site, patient=True) as answered:
        for _ in range(2):
            wait_until(lambda: bool(answered), "an answer")
            old = site.server.children
            os.kill(site.server.pid, signal.SIGHUP)
            worker(site, answered, old)
            wait_for_end(site, old)
    with crowd(site):
        pass
    site.assert_all_closed()


def wait_for_end(site: Site, processes: set[int]) -> None:
    """Wait until none is left. One that ends can still take a connection, and close it."""
    wait_until(lambda: not processes & site.server.children, "the end of the old workers")
