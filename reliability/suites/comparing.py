"""Hold what became of each test wrapped against what became of it bare."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Outcomes = Mapping[str, "Outcome"]


class Outcome(NamedTuple):
    """What became of a test: ``passed``, ``skipped``, ``failure``, ``error`` or ``missing``."""

    kind: str
    message: str = ""


MISSING = Outcome("missing")
FAILED = ("failure", "error")


class Comparison(NamedTuple):
    """Tests, by their names.

    :param differing: those that ended wrapped as they did in no bare run, with the first bare
        outcome and the wrapped one.
    :param flaky: those whose bare runs differ.
    :param failing: those that failed in all runs.
    """

    tests: int
    differing: dict[str, tuple[Outcome, Outcome]]
    flaky: list[str]
    failing: list[str]


def outcomes(report: Path) -> dict[str, Outcome]:
    """Read a report in JUnit's XML, as pytest writes it."""
    found: dict[str, Outcome] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  pytest wrote it
        name = f"{case.get('classname')}::{case.get('name')}"
        # A test whose teardown fails as well is there twice, the worse is the later.
        found[name] = next(
            (
                Outcome(part.tag, part.get("message", ""))
                for part in case
                if part.tag in (*FAILED, "skipped")
            ),
            Outcome("passed"),
        )
    return found


def compare(bare: Outcomes, again: Outcomes, wrapped: Outcomes) -> Comparison:
    """Compare two bare runs and one wrapped."""
    differing, flaky, failing = {}, [], []
    names = sorted({*bare, *again, *wrapped})
    for name in names:
        first, second, third = (run.get(name, MISSING) for run in (bare, again, wrapped))
        if third.kind not in (first.kind, second.kind):
            differing[name] = first, third
        if first.kind != second.kind:
            flaky.append(name)
        if all(outcome.kind in FAILED for outcome in (first, second, third)):
            failing.append(name)
    return Comparison(len(names), differing, flaky, failing)


def complaints(
    comparison: Comparison, explained: Mapping[str, str], requests: int
) -> dict[str, str]:
    """Say what is wrong with a run: of which test, and what.

    :param requests: how many went through the middleware.
    """
    wrong = {
        name: f"{bare.kind} bare, {wrapped.kind} wrapped, and that is not explained. "
        f"{wrapped.message or bare.message}".strip()
        for name, (bare, wrapped) in comparison.differing.items()
        if name not in explained
    }
    for name in sorted(explained.keys() - comparison.differing.keys()):
        wrong[name] = "ends wrapped as it does bare, but why it should not is explained"
    if not requests:
        wrong["all tests"] = "not one request went through the middleware"
    return wrong
