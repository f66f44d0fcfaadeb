"""Many requests at once through one middleware: threads, greenlets, and threads without a GIL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from demo.apps import ROOT
from tests.faults.mingling import ASKING, REQUESTS
from tests.needs import lacks

FREE_THREADED = ("3.13t", "3.14t")


def mingle(python: str, kind: str) -> str:
    """Run the script, and give what it printed."""
    command = [python, "-m", "tests.faults.mingling", kind]
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
    python = free_threaded(version)
    if not python:
        # Not by tests.needs: few machines have one and Debian's packages do not, so its want
        # is no failure even where nothing may be skipped.
        pytest.skip(f"needs Python {version}, which is free-threaded")
    assert mingle(python, "threads") == f"{ASKING * REQUESTS} at once\n"


def free_threaded(version: str) -> str | None:
    """Find such a Python on PATH, or where pyenv keeps it under ``3.13.0t``."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = map(str, pyenv.glob(f"versions/{version[:-1]}.*t/bin"))
    path = os.pathsep.join([*places, os.environ.get("PATH", os.defpath)])
    return shutil.which(f"python{version}", path=path)
