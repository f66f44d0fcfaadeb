"""Many requests at once through one middleware: threads, greenlets, and threads without a GIL."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from demo.apps import ROOT
from tests.faults.mingling import ASKING, REQUESTS
from tests.needs import lacks, python

FREE_THREADED = ("3.13t", "3.14t")


def mingle(executable: str, kind: str) -> str:
    """Run the script, and give what it printed."""
    command = [executable, "-m", "tests.faults.mingling", kind]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    # What goes wrong in a thread is printed there, and the others go on.
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("kind", ["threads", "greenlets"])
def test_of_many_requests_at_once_each_gets_its_own_answer(kind: str) -> None:
    if kind == "greenlets" and not find_spec("gevent"):
        lacks("the module gevent")
    assert mingle(sys.executable, kind).startswith(f"{ASKING * REQUESTS} ")


@pytest.mark.parametrize("version", FREE_THREADED)
def test_so_it_is_without_a_gil(version: str) -> None:
    free_threaded = python(version)
    if not free_threaded:
        # Not by tests.needs: few machines have one and Debian's packages do not, so its want
        # is no failure even where nothing may be skipped.
        pytest.skip(f"needs Python {version}, which is free-threaded")
    assert mingle(free_threaded, "threads") == f"{ASKING * REQUESTS} at once\n"
