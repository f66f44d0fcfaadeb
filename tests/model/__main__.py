"""Check each point with scripts of new seeds, until the applications have taken so many steps.

It prints the smallest script that breaks a point, if one does, and ends.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import defaultdict
from multiprocessing import Pool
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.model.points import POINTS, STEPS

SCRIPTS = 1000
"""That each point is checked with, for one seed."""
BY_SCRIPTS: dict[Any, list[Any]] = defaultdict(list)
"""The points, by the scripts that they are checked with: making one takes longest."""
for _point, _scripts in POINTS.items():
    BY_SCRIPTS[_scripts].append(_point)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("steps", type=int, help="how many, in all")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    first = random.randrange(2**32)
    processes = arguments.processes
    steps = arguments.steps // processes
    print(f"Python {sys.version.split()[0]}, seeds from {first} on", flush=True)
    with Pool(processes) as pool:
        ways = [(range(first + n, sys.maxsize, processes), steps) for n in range(processes)]
        # The first that breaks a point ends them all.
        taken = sum(pool.imap_unordered(check, ways))
    print(f"{taken:,} steps: every point held.")


def check(way: tuple[range, int]) -> int:
    """Check the points, a seed after another; give the steps that were taken in the end.

    :param way: the seeds, and how many steps are enough.
    """
    seeds, steps = way
    for number in seeds:
        for scripts, points in BY_SCRIPTS.items():
            check_points(points, scripts, number)
        print(f"seed {number}: {STEPS['wrapped']:,} steps", flush=True)
        if STEPS["wrapped"] >= steps:
            break
    return STEPS["wrapped"]


def check_points(points: list[Any], scripts: Any, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=SCRIPTS,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(scripts)
    def hold(script: Any) -> None:
        for point in points:
            point(script)

    hold()


if __name__ == "__main__":
    main()
