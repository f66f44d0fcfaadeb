"""Time each contender by pyperf: one round, as every Python that is measured runs it.

A round has a process for each contender, one after the other, so that what they are compared
with was measured a moment ago.
"""

from __future__ import annotations

from functools import partial
from time import perf_counter

import pyperf

from benchmarks.contenders import TIMED, request

#: Slower ones make fewer requests in the same time.
SLOWER = {"Werkzeug": 20, "WebOb": 50}


def seconds(loops: int, scenario: str, contender: str, times: int) -> float:
    """Time some requests."""
    request(scenario, contender, 1)
    start = perf_counter()
    request(scenario, contender, loops * times)
    return perf_counter() - start


def run() -> None:
    """Time all."""
    runner = pyperf.Runner(program_args=("-m", "benchmarks.timing"))
    for name, scenario in TIMED.items():
        for contender in scenario.contenders:
            times = scenario.times // SLOWER.get(contender, 1)
            runner.bench_time_func(
                f"{name}: {contender}",
                partial(seconds, scenario=name, contender=contender, times=times),
                inner_loops=times,
            )


if __name__ == "__main__":
    run()
