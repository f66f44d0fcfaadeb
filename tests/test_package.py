"""What is installed where somebody installs the library."""

from __future__ import annotations

import re
import subprocess
import zipfile
from email.parser import Parser
from typing import TYPE_CHECKING

import pytest

import wsgi_nocontent
from demo.apps import ROOT
from tests.needs import lacks, program
from wsgi_nocontent.extras import EXTRAS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def wheel(wheels: Path) -> zipfile.ZipFile:
    (path,) = wheels.iterdir()
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_library_alone(wheel: zipfile.ZipFile) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("wsgi_nocontent/**/*.py")}
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == {*modules, "wsgi_nocontent/py.typed"}


def test_it_needs_no_other_and_runs_from_3_7(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == "wsgi-nocontent"
    assert metadata["Version"] == wsgi_nocontent.__version__
    assert metadata["Requires-Python"] == ">=3.7"
    requirements = metadata.get_all("Requires-Dist", [])
    assert all("; extra ==" in requirement for requirement in requirements)

    # pip takes an extra that there is not for none.
    pages = "".join(path.read_text("utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*")])
    named = re.findall(r"wsgi-nocontent\[([\w,]+)\]", pages)
    extras = {extra for each in [*named, *EXTRAS.values()] for extra in each.split(",")}
    assert extras == set(metadata.get_all("Provides-Extra", []))


def test_the_version_stands_in_one_place() -> None:
    """And in the changelog, and where it is told what was measured."""
    git = program("git")
    if not git or not (ROOT / ".git").exists():
        lacks("a checkout by git")
    elsewhere = ["CHANGELOG.md", "docs/benchmarks.*", "docs/performance.md", "docs/servers.*"]
    words = ["grep", "--files-with-matches", "--word-regexp", "--fixed-strings"]
    done = subprocess.run(
        [git, *words, wsgi_nocontent.__version__, "--", *(f":!{path}" for path in elsewhere)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["wsgi_nocontent/__init__.py"]


def test_the_changelog_tells_of_this_version_first() -> None:
    headings = re.findall(r"^## (.*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    newest = next(heading for heading in headings if heading != "[Unreleased]")
    assert re.fullmatch(rf"\[{re.escape(wsgi_nocontent.__version__)}\] - \d{{4}}-\d\d-\d\d", newest)
