"""What a person sees: in a terminal, wide or narrow, with colours or without, or in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading

import pytest

from demo.apps import ROOT
from tests.cli.test_probe_command import BAD, CLEAN
from tests.probe.peer import HOLD, READ, Peer, Step
from wsgi_nocontent import __version__

COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?3\d[\d;]*m")
STYLE = re.compile(r"\x1b\[[\d;]*m")
COMMAND = [sys.executable, "-m", "wsgi_nocontent", "probe"]


def environ(**more: str) -> dict[str, str]:
    strange = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
    own = {name: value for name, value in os.environ.items() if name not in strange}
    return {**own, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **more}


def in_a_terminal(columns: int = 100, **more: str) -> str:
    """Run the command in a terminal of so many columns, and give what it wrote there."""
    with Peer([READ, CLEAN], [READ, BAD]) as peer:
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        process = subprocess.Popen(
            [*COMMAND, f"{peer.url}clean", f"{peer.url}bad"],
            stdin=its,
            stdout=its,
            stderr=its,
            cwd=ROOT,
            env=environ(**more),
        )
        os.close(its)
        written = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux says so where the other side is closed
                break
            if not data:
                break
            written += data
        os.close(ours)
        assert process.wait(30) == 1
    return written.decode(more.get("PYTHONIOENCODING", "utf-8")).replace("\r\n", "\n")


def test_a_terminal_has_colours() -> None:
    written = in_a_terminal()
    assert re.search(r"\x1b\[32m✓ GET http://\S+/clean: 204, and no content", written)
    assert re.search(r"\x1b\[1;31m✗ GET ", written)


def test_unless_they_are_not_wanted() -> None:
    assert not COLOUR.search(in_a_terminal(NO_COLOR="1"))
    assert not STYLE.search(in_a_terminal(TERM="dumb"))


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_are_as_wide_as_the_terminal_at_most(columns: int) -> None:
    lines = STYLE.sub("", in_a_terminal(columns)).split("\n")
    assert max(map(len, lines)) <= columns
    # What goes on in a further line does so under its beginning.
    text = "\n".join(lines)
    if columns == 40:
        assert (
            "    rule  a 1xx or 204 response has no\n          Content-Length (RFC 9110 §8.6)\n"
        ) in text
    else:
        assert "    rule  a 1xx or 204 response has no Content-Length (RFC 9110 §8.6)\n" in text


def test_a_terminal_may_know_ascii_alone() -> None:
    written = in_a_terminal(PYTHONIOENCODING="ascii")
    assert written.isascii()
    written = STYLE.sub("", written)
    assert re.search(r"^ok GET http://\S+/clean: 204, and no content$", written, re.MULTILINE)
    assert re.search(r"^x GET http://\S+/bad$", written, re.MULTILINE)
    assert "(RFC 9110 section 8.6)\n" in written


def test_a_pipe_gets_plain_long_lines() -> None:
    with Peer([READ, BAD]) as peer:
        done = subprocess.run(
            [*COMMAND, peer.url], capture_output=True, env=environ(), cwd=ROOT, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\x1b" not in done.stdout
    assert re.search(rb"^    mend  return an empty body: .{150,}$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_may_leave(form: list[str]) -> None:
    scripts: list[list[Step]] = [[READ, BAD]] * 3
    with Peer(*scripts) as peer:
        process = subprocess.Popen(
            [*COMMAND, *[peer.url] * 3, *form],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ(),
            cwd=ROOT,
        )
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(30) == 2
    assert err == b""


def test_a_person_may_interrupt_it() -> None:
    asked = threading.Event()
    with Peer([READ, lambda talk: asked.set(), HOLD]) as peer:
        # Where this is run in the background, its children would heed none.
        code = (
            "import runpy, signal\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "runpy.run_module('wsgi_nocontent', run_name='__main__', alter_sys=True)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, "probe", peer.url],
            stderr=subprocess.PIPE,
            env=environ(),
            cwd=ROOT,
        )
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"")


def test_a_full_disk_is_told() -> None:
    with Peer([READ, CLEAN]) as peer, open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, peer.url],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environ(PYTHONUNBUFFERED="1"),
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == (
        b"wsgi-nocontent: what was found can not be written: No space left on device\n"
    )


def test_a_terminal_may_know_latin_1_alone() -> None:
    with Peer([READ, BAD]) as peer:
        done = subprocess.run(
            [*COMMAND, peer.url],
            capture_output=True,
            env=environ(PYTHONIOENCODING="latin-1"),
            cwd=ROOT,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"(RFC 9110 section 8.6)\n" in done.stdout


def test_it_is_a_command() -> None:
    command = os.path.join(os.path.dirname(sys.executable), "wsgi-nocontent")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"wsgi-nocontent {__version__}\n"
