"""What a test needs and the machine may not have."""

from __future__ import annotations

import os
import shutil
import sysconfig
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
