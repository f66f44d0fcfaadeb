"""What a test needs and the machine may not have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import NoReturn


def lacks(what: str) -> NoReturn:
    """Skip the test and say for want of what; fail it where nothing may be skipped."""
    if os.environ.get("NOCONTENT_REQUIRE_ALL") == "1":
        pytest.fail(f"needs {what}, and NOCONTENT_REQUIRE_ALL is set")
    pytest.skip(f"needs {what}")


def needed_program(name: str, package: str) -> str:
    """Find a program, and skip the test without it."""
    return program(name) or lacks(f"{name}, from Debian's package {package}")


def program(name: str) -> str | None:
    """Find a program in this environment, on PATH, or where Debian keeps servers."""
    places = sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath), "/usr/sbin"
    return shutil.which(name, path=os.pathsep.join(places))


def needed_linux() -> None:
    """Skip the test elsewhere: for what is known of a process by its files, or of its cores."""
    if sys.platform != "linux":
        lacks("Linux")


def needed_python(version: str) -> str:
    """Find a Python of that version, as ``python`` does; skip the test without it."""
    return python(version) or lacks(f"Python {version}")


def python(version: str) -> str | None:
    """Find a Python of that version, such as 3.7 or 3.13t, on PATH or where pyenv keeps it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    # One that is free-threaded is in a folder such as 3.13.0t.
    folders = f"{version[:-1]}.*t" if version.endswith("t") else f"{version}.*"
    places = sorted(map(str, pyenv.glob(f"versions/{folders}/bin")))
    path = os.pathsep.join([*places, os.environ.get("PATH", os.defpath)])
    found = shutil.which(f"python{version}", path=path)
    # What is on PATH can stand for a Python that is not there.
    if not found or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        return None
    return found
