"""Every code block is held by a test, and the commands of pages that are not played are run."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from demo.apps import ROOT
from demo.server import gunicorn
from tests.demos.sites import DEMOS
from tests.docs.playing import Play
from tests.docs.test_pages import PLAYED
from tests.model import __main__ as tests_of_the_model
from tests.pages import Block, Page
from wsgi_nocontent.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

# What another test unpacks, so that it holds each block: the test and the languages, by page.
HELD = {
    "README.md": ("tests/test_readme.py", {"python", "ini", "toml", "yaml", "text"}),
    "README.ja.md": ("tests/test_readme.py", {"python", "ini", "toml", "yaml", "text"}),
    "SECURITY.md": ("tests/servers/test_poisoning.py", {"text"}),
    "docs/finding-the-view.md": (
        "tests/demos/test_finding_the_view.py",
        {"python", "text", "toml"},
    ),
    "docs/index.md": ("tests/test_readme.py", {"python"}),
    "docs/performance.md": ("tests/benchmarks/test_page.py", {"python"}),
}
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
)
NOT_PLAYED = [page for page in PAGES if page.removeprefix("docs/") not in PLAYED]
COMMANDS = {
    line: None
    for page in NOT_PLAYED
    for block in Page(page).blocks("sh")
    for line in block.splitlines()
}


@pytest.mark.parametrize("page", NOT_PLAYED)
def test_each_block_is_held(page: str) -> None:
    languages = {block.language for block in Page(page).all_blocks()} - {"sh"}
    test, held = HELD.get(page, ("", set()))
    assert languages == held
    if test:
        text = (ROOT / test).read_text("utf-8")
        assert all(f'blocks("{language}")' in text for language in held)


def make(words: list[str], wheels: Path) -> None:
    """Those that take minutes are gone through without being done."""
    done = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def pip(words: list[str], wheels: Path) -> None:
    with Play(wheels) as play:
        play.all([Block("sh", shlex.join(words), "")])


def serve(words: list[str], wheels: Path) -> None:
    with gunicorn(words[1], DEMOS["Flask"].directory) as server:
        report = probe(f"{server.url}/legacy/list")
    assert report.answer.status_code == 204
    assert report.findings == []


def command(words: list[str], wheels: Path) -> None:
    """They ask the demos, each of whose views has what its page tells of."""
    if words[1] == "check":
        assert asked("Flask", words) == (0, "✓ DELETE /items/1: 204, and no content\n")
        return
    with gunicorn("inventory.wsgi:bare", DEMOS["Django"].directory) as server:
        url = f"{server.url}/items/1"
        # gunicorn 23.0.0 does not speak HTTP/2; the story has a front that does.
        here = [word for word in words if word != "--http2"]
        here[here.index("https://example.com/items/1")] = url
        status, output = asked("Django", here)
    assert status == 1
    assert output.startswith(f"✗ DELETE {url}\n")


def asked(framework: str, words: list[str]) -> tuple[int, str]:
    """Run the command from a demo's folder; give its exit status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "wsgi_nocontent", *words[1:]],
        cwd=DEMOS[framework].directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def model(words: list[str], wheels: Path) -> None:
    """With fewer scripts than it has for one seed: the model has tests of its own."""
    assert words[1:3] == ["-m", "tests.model"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests_of_the_model, "SCRIPTS", 10)
        patch.setattr(sys, "argv", ["tests.model", "1", *words[4:]])
        tests_of_the_model.main()


RUN = {
    "make": make,
    "pip": pip,
    "gunicorn": serve,
    "wsgi-nocontent": command,
    ".venv/bin/python": model,
}


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command(wheels: Path, line: str) -> None:
    words = shlex.split(line, comments=True)
    RUN[words[0]](words, wheels)
