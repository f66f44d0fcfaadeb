"""Measure everything, write docs/benchmarks.json, and from that the page's tables and the picture.

``make bench`` runs it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import calls, chart, instructions, page, servers, startup, streams
from benchmarks.contenders import BARE, COUNTED, FLOOR, FRAMEWORKS, OURS
from demo.apps import ROOT
from tests.needs import program
from wsgi_nocontent import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

#: Programs, their Debian packages, and how each tells its version.
PROGRAMS = {
    "curl": ("curl", "--version"),
    "haproxy": ("haproxy", "-v"),
    "h2load": ("nghttp2-client", "--version"),
    "strace": ("strace", "--version"),
    "valgrind": ("valgrind", "--version"),
    "wrk": ("wrk", "-v"),
}
PACKAGES = ("gunicorn", "Flask", "Django", "Werkzeug", "WebOb", "pyperf")
ROUNDS = 20

DOCS = ROOT / "docs"
RESULTS, PAGE = DOCS / "benchmarks.json", DOCS / "performance.md"


def main() -> None:
    """Run all, and say what is being done."""
    missing = [
        f"{name} ({package})" for name, (package, _) in PROGRAMS.items() if not program(name)
    ]
    if missing:
        sys.exit(f"make bench needs these programs, of Debian's packages: {', '.join(missing)}")
    pythons = sorted(
        (ROOT / ".venv").glob("bench-*/bin/python"),
        key=lambda path: list(map(int, re.findall("[0-9]+", path.parts[-3]))),
    )
    if not pythons:
        sys.exit("make bench needs a Python to measure: 3.9, 3.11 or 3.13, on PATH or by pyenv")
    results = {
        "day": str(date.today()),
        "version": __version__,
        "machine": machine(),
        "software": software(),
        "servers": measured("the demos behind gunicorn", servers.measure),
        "streams": measured("large responses", streams.measure),
        "frameworks": measured("instructions in Flask and Django", in_frameworks),
        "pythons": dict(map(of_python, pythons)),
    }
    RESULTS.write_text(f"{json.dumps(plain(results), indent=1)}\n", encoding="utf-8")
    draw()


def measured(words: str, measure: Callable[[], T]) -> T:
    """Measure something, and say so."""
    print(f"Measuring {words} ...", flush=True)
    return measure()


def in_frameworks() -> dict[str, dict[str, float]]:
    """Count the instructions of a request in each framework."""
    return {
        name: instructions.measure(sys.executable, name, (BARE, FLOOR, OURS)) for name in FRAMEWORKS
    }


def of_python(python: Path) -> tuple[str, dict[str, Any]]:
    """Measure what depends on the interpreter; give its version with that."""
    asked = ", ".join(f"version({name!r})" for name in FRAMEWORKS)
    code = (
        "from importlib.metadata import version; from platform import python_version; "
        f"print(python_version(), {asked})"
    )
    number, *versions = subprocess.check_output([python, "-c", code], text=True).split()

    def counted() -> dict[str, dict[str, float]]:
        return {
            name: instructions.measure(python, name, scenario.contenders)
            for name, scenario in COUNTED.items()
        }

    return number, {
        "software": dict(zip(FRAMEWORKS, versions)),
        "startup": measured(f"Python {number}: its start", lambda: startup.measure(python)),
        "instructions": measured(f"Python {number}: instructions", counted),
        "calls": measured(f"Python {number}: time", lambda: calls.measure(python, ROUNDS)),
    }


def draw() -> None:
    """Write the picture and the page's figures, from the results."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    (DOCS / "benchmarks.svg").write_text(chart.picture(results), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.filled(text, results), encoding="utf-8")


def machine() -> str:
    """Name the processor and the system."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    processor = re.search(r"model name\s*: (.*)", info)
    name = processor[1] if processor else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def software() -> dict[str, str]:
    """Give the versions of what is measured, and of what measures."""
    found = {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    for name, (_, option) in PROGRAMS.items():
        command = [str(program(name)), option]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        number = re.search(r"[0-9]+(\.[0-9]+)+", done.stdout + done.stderr)
        assert number
        found[name] = number[0]
    return found


def plain(results: Any) -> Any:
    """Make of named tuples what JSON has for them, and leave out digits that say nothing."""
    if hasattr(results, "_asdict"):
        results = results._asdict()
    if isinstance(results, dict):
        return {name: plain(value) for name, value in results.items()}
    if isinstance(results, (list, tuple)):
        return list(map(plain, results))
    return float(f"{results:.6g}") if isinstance(results, float) else results


if __name__ == "__main__":
    # No server outlives a run that is ended.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
