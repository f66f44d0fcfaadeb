"""The plugin, with other releases of pytest than the one that runs this."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.apps import ROOT
from tests.needs import lacks


@pytest.mark.parametrize(("release", "majors"), [("7", range(7, 8)), ("newest", range(9, 100))])
def test_the_plugin_passes_its_tests(release: str, majors: range) -> None:
    place = Path(sys.prefix, f"pytest-{release}")
    if not place.is_dir():
        lacks(f"pytest in {place}, where 'make test' puts it")
    python = [sys.executable, "-m", "pytest"]
    environ = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run(
        [*python, "-p", "no:xdist", "-p", "no:cacheprovider", "tests/unit/test_pytest_plugin.py"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    version = subprocess.run(
        [*python, "--version"], env=environ, capture_output=True, text=True, check=True
    ).stdout
    assert int(version.removeprefix("pytest ").partition(".")[0]) in majors
