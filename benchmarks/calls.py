"""What a middleware adds to a request of an app, without a network: every contender, by pyperf."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import pyperf

from benchmarks.contenders import BARE, COUNTED, FLOOR, OURS, TIMED
from benchmarks.ratio import Ratio, ratio
from demo.apps import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: One process of pyperf for each contender, and one warm-up before the values that count.
ROUND = ("--processes=1", "--loops=1", "--warmups=1", "--values=3", "--quiet")


class Added(NamedTuple):
    """What a contender adds to the requests of a scenario."""

    #: Requests per second beside those of the bare app.
    rate: Ratio
    #: What it adds beside what the floor adds, and beside what this library adds. In a
    #: framework neither can be told from nothing.
    floors: Ratio | None
    ours: Ratio | None


def measure(python: Path, rounds: int) -> dict[str, dict[str, Added]]:
    """Measure every contender but the bare app, by scenario."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "rounds.json")
        for _ in range(rounds):
            command = [str(python), "-m", "benchmarks.timing", *ROUND, f"--append={file}"]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        suite = pyperf.BenchmarkSuite.load(str(file))
    found = {
        benchmark.get_name(): [median(run.values) for run in benchmark.get_runs()]
        for benchmark in suite.get_benchmarks()
    }
    return {name: dict(added(name, scenario.contenders, found)) for name, scenario in TIMED.items()}


def added(
    scenario: str, contenders: tuple[str, ...], found: Mapping[str, list[float]]
) -> Iterable[tuple[str, Added]]:
    """Sum up a scenario's rounds.

    :param found: the seconds of a request in each round, by scenario and contender.
    """
    seconds = {contender: found[f"{scenario}: {contender}"] for contender in contenders}
    bare = seconds.pop(BARE)
    more = {
        contender: [its - base for its, base in zip(times, bare)]
        for contender, times in seconds.items()
    }

    def beside(contender: str, other: str) -> Ratio | None:
        return ratio(more[contender], more[other]) if scenario in COUNTED else None

    for contender, times in seconds.items():
        yield (
            contender,
            Added(
                ratio(bare, times),
                beside(contender, FLOOR),
                beside(contender, OURS),
            ),
        )
