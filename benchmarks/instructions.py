"""Count instructions, which do not depend on how busy the machine is.

A request's are the difference between two runs, the one with more requests than the other, by
callgrind. Two counts are the same to the last hundredth or two, which hang on where things come
to lie in memory.
"""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, FLOOR, OURS
from demo.apps import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: The requests of the two runs. Python 3.9 goes on adapting its code for 1024 calls.
REQUESTS = (1500, 3000)
CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def measure(python: Path | str, scenario: str, contenders: Sequence[str]) -> dict[str, float]:
    """Count the instructions of a request for each of some contenders."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda contender: per_request(python, scenario, contender), contenders)
        return dict(zip(contenders, found))


def floors(counts: Mapping[str, float]) -> float:
    """What the middleware adds to the bare app, beside what the floor adds."""
    return (counts[OURS] - counts[BARE]) / (counts[FLOOR] - counts[BARE])


def per_request(python: Path | str, scenario: str, contender: str) -> float:
    """Count the instructions of one request."""
    requests = [python, "-m", "benchmarks.contenders", scenario, contender]
    run([*requests, "1"])  # what is not compiled yet is compiled here
    less, more = (total([*requests, str(times)]) for times in REQUESTS)
    return (more - less) / (REQUESTS[1] - REQUESTS[0])


def total(command: Sequence[Path | str]) -> int:
    """Count the instructions of a whole process."""
    found = re.search(r"Collected : ([0-9]+)$", run([*CALLGRIND, *command]), re.MULTILINE)
    assert found
    return int(found[1])


def run(command: Sequence[Path | str]) -> str:
    """Give what a command says.

    :raises RuntimeError: if it fails.
    """
    done = subprocess.run(
        command,
        cwd=ROOT,
        # Hashes of strings are the same in every run.
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stderr}")
    return done.stderr
