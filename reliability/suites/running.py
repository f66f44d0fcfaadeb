"""Build a project's environment, and run its suite."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import wsgi_nocontent
from demo.apps import ROOT
from reliability.suites import around
from reliability.suites.comparing import Comparison, compare, outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reliability.suites.comparing import Outcome
    from reliability.suites.projects import Project

BUILD_SECONDS = RUN_SECONDS = 300
# Flask's suite takes a name from pytest that it has no more.
PYTEST = "pytest<9"
TESTS_ENDED = (0, 1)


class Run(NamedTuple):
    """What came of a project's suite; and how often ``around`` did what."""

    comparison: Comparison
    counts: Counter[str]


def run(project: Project) -> Run:
    """Run a project's suite bare, bare and wrapped; leave nothing behind.

    :raises RuntimeError: with what was printed, if it can not be built or does not come to
        an end.
    """
    # Tests put unix sockets into theirs, and no long path names one.
    with tempfile.TemporaryDirectory(
        dir=ROOT / ".venv"
    ) as place, tempfile.TemporaryDirectory() as their_own:
        folder = Path(place)
        source, python = built(project, folder)
        record = folder / "record"
        record.touch()
        environ = {"TMPDIR": their_own}
        bare, again, wrapped = (
            tested(source, python, {**environ, **more})
            for more in ({}, {}, {around.RECORD: str(record)})
        )
        counts = Counter(record.read_text(encoding="utf-8").splitlines())
        return Run(compare(bare, again, wrapped), counts)


def built(project: Project, folder: Path) -> tuple[Path, str]:
    """Unpack the source and build its environment; give the source's folder and the Python."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    release = f"{project.name}=={project.release}"
    options = ["--no-deps", "--no-binary", project.name, "--dest", str(folder), release]
    finish([*pip, "download", *options], folder, BUILD_SECONDS)
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder / "source")
    (source,) = (folder / "source").iterdir()

    venv.create(folder / "venv", symlinks=True)
    python = str(folder / "venv" / "bin" / "python")
    needs = [need.format(source) for need in project.needs]
    finish([*pip, "--python", python, "install", PYTEST, *needs], folder, BUILD_SECONDS)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    # Not installed: then its plugin would be there, bare as well.
    shutil.copytree(Path(wsgi_nocontent.__file__).parent, packages / "wsgi_nocontent")
    shutil.copy(around.__file__, packages / "nocontent_around.py")
    # Not sitecustomize: Debian's Python has its own, which comes first.
    (packages / "nocontent_around.pth").write_text("import nocontent_around\n", encoding="utf-8")
    return source, python


def tested(source: Path, python: str, environ: Mapping[str, str]) -> dict[str, Outcome]:
    """Run the suite once.

    :param environ: environment variables to set.
    """
    report = source.parent / "report.xml"
    # Without the project's own options, which are for measuring coverage.
    options = ["-o", "addopts=", "-p", "no:cacheprovider", f"--junitxml={report}", "tests"]
    finish([python, "-m", "pytest", *options], source, RUN_SECONDS, environ, TESTS_ENDED)
    return outcomes(report)


def finish(
    words: list[str],
    directory: Path,
    seconds: float,
    environ: Mapping[str, str] = MappingProxyType({}),
    good: tuple[int, ...] = (0,),
) -> None:
    """Run a command, and end it with all that it started.

    :param environ: environment variables to set.
    :param good: the exit statuses it may have.
    :raises RuntimeError: with what it printed, if it has another or takes longer.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            words,
            cwd=directory,
            env={**own_environ(), **environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            # Servers that a test did not stop are of its group.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if status not in good:
            log.seek(0)
            output = log.read().decode(errors="replace")[-5000:]
            end = f"took longer than {seconds} s" if status is None else f"ended with {status}"
            raise RuntimeError(f"{' '.join(words)} {end} and printed:\n{output}")


def own_environ() -> dict[str, str]:
    """Give this process's environment without what would change a suite."""
    strange = ("PYTEST_", "PYTHON", "FLASK_", "COVERAGE_", around.RECORD)
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}
