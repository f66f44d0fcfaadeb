"""What tests of more than one kind need."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from demo.apps import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory with a wheel of the library."""
    directory = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", directory, ROOT], check=True, capture_output=True)
    return directory
