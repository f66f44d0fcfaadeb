"""A plugin for pytest that collects the tests once, and then tries each mutant in a fork.

mutmut makes the mutants. Its own runner starts pytest for each of them, which with so many
tests takes most of a second; a fork that has collected already takes some milliseconds.

It is run in the folder of the mutants. ``names.json`` there lists them; what came of each is
written to ``outcomes.json``.
"""

from __future__ import annotations

import gc
import json
import math
import os
import signal
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mutmut.configuration import config
from mutmut.mutation import trampoline
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = Path("names.json")
OUTCOMES = Path("outcomes.json")

#: A test may take so many times what it takes without a mutant, and so many seconds more: one
#: that waits for good shall end, and one on a busy machine shall not.
TIMES, SECONDS = 5, 20
#: Most of the time is waiting.
PROCESSES = 2 * (os.cpu_count() or 1)


class Failures:
    """What has failed so far."""

    def __init__(self) -> None:
        self.reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a phase of a test."""
        if report.failed:
            self.reports.append(report)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants, where pytest would run the tests.

    :raises RuntimeError: if a test fails without a mutant.
    """
    gc.freeze()  # a fork shall not copy what it only counts
    config()  # is read once, and tests go to other folders
    failures = Failures()
    session.config.pluginmanager.register(failures)
    tests, seconds = _tests_by_function(session, failures)
    outcomes: dict[str, str] = {}
    running: dict[int, str] = {}
    killers: Counter[tuple[str, str]] = Counter()
    for name in json.loads(NAMES.read_text(encoding="utf-8")):
        function = mangled_name_from_mutant_name(name)
        items = [session.items[each] for each in tests.get(function, ())]
        if not items:
            outcomes[name] = "not reached"
            continue
        if len(running) == PROCESSES:
            _wait(running, outcomes, killers)
        # What killed others of this function may kill this one; and then, the quick ones first.
        items.sort(key=lambda item: (-killers[function, item.nodeid], seconds[item.nodeid]))
        child = os.fork()
        if child == 0:
            _try(name, items, seconds, failures)
        running[child] = name
    while running:
        _wait(running, outcomes, killers)
    OUTCOMES.write_text(json.dumps(outcomes, indent=0), encoding="utf-8")
    return True


def _wait(
    running: dict[int, str], outcomes: dict[str, str], killers: Counter[tuple[str, str]]
) -> None:
    """Wait until one has been tried, and note what came of it."""
    child, status = os.wait()
    name = running.pop(child)
    code = os.waitstatus_to_exitcode(status)
    if code > 1:
        raise RuntimeError(f"{name} could not be tried")
    # A negative one is the signal that ended it, such as that of the time.
    outcomes[name] = {0: "survived", 1: "killed"}.get(code, f"ended by {-code}")
    killer = Path(f"killer.{child}")
    if killer.exists():
        killers[mangled_name_from_mutant_name(name), killer.read_text(encoding="utf-8")] += 1
        killer.unlink()


def _try(
    name: str, items: Sequence[pytest.Item], seconds: dict[str, float], failures: Failures
) -> None:
    """Run tests with a mutant until one fails, and exit by 1 then, else by 0."""
    code = 2
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        # It has a way of its own to where the output goes.
        items[0].config.pluginmanager.unregister(name="terminalreporter")
        trampoline.set_mutant_under_test(name)
        for item, following in zip(items, [*items[1:], None]):
            signal.alarm(SECONDS + math.ceil(TIMES * seconds[item.nodeid]))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if failures.reports:
                Path(f"killer.{os.getpid()}").write_text(item.nodeid, encoding="utf-8")
                break
        code = 1 if failures.reports else 0
    finally:
        os._exit(code)


def _tests_by_function(
    session: pytest.Session, failures: Failures
) -> tuple[dict[str, list[int]], dict[str, float]]:
    """Run each test without a mutant, in a fork, so that here all stays as it was.

    :return: the numbers of the tests that reach each function, and how long each takes.
    """
    found = Path("reached.json")
    child = os.fork()
    if child == 0:
        code = 2
        try:
            # Not in the environment: what the tests start has no use for it.
            trampoline._mutant_under_test = "stats"
            tests = defaultdict(list)
            seconds = {}
            for number, item in enumerate(session.items):
                following = (*session.items, None)[number + 1]
                start = time.monotonic()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                seconds[item.nodeid] = time.monotonic() - start
                for function in state()._stats:
                    tests[function].append(number)
                state()._stats.clear()
            failed = [f"{each.nodeid}\n{each.longrepr}" for each in failures.reports]
            found.write_text(json.dumps([tests, seconds, failed]), encoding="utf-8")
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("the tests without a mutant did not come to their end")
    tests, seconds, failed = json.loads(found.read_text(encoding="utf-8"))
    if failed:
        raise RuntimeError("\n".join(["without a mutant, these fail:", *failed]))
    return tests, seconds
