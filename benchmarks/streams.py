"""Large responses behind a real gunicorn: many chunks, a file, a stream of 10 GiB."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.ratio import in_turn, ratio
from demo.apps import ROOT
from demo.server import Server, gunicorn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.ratio import Ratio

APPS = ("bare", "wrapped")
GIB = 1 << 30
#: What a worker of gunicorn does between two requests, as often as there is time.
IDLE = ("accept4", "getppid", "pselect6", "utimensat")
FORMS = ("chunks", "lazy-chunks", "file")


class Streams(NamedTuple):
    """What came of it."""

    #: Bytes per second, wrapped to bare: many chunks in two forms, and a file.
    rates: Mapping[str, Ratio]
    #: The system calls for the file, bare and wrapped.
    calls: tuple[Mapping[str, int], Mapping[str, int]]
    #: By how many KiB the wrapped server grew at most, during a stream of each form.
    growth: Mapping[str, int]


def measure(batches: int = 6, rounds: int = 5, size: int = GIB) -> Streams:
    """Measure all.

    :param batches: how often the servers are started anew: no two processes are quite as fast.
    :param size: the bytes of the file; the stream has ten times as many.
    """
    found: dict[str, dict[str, list[float]]] = {path: {app: [] for app in APPS} for path in FORMS}
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "file")
        with file.open("wb") as opened:
            opened.truncate(size)
        for batch in range(batches):
            with served(file, size, *in_turn(APPS, batch)) as servers:
                for path, rates in found.items():
                    for server in servers.values():
                        rate(server, path)  # what is read from a disk is read now
                    for number in range(rounds):
                        for app in in_turn(APPS, number):
                            rates[app].append(rate(servers[app], path))
        with served(file, size, *APPS) as servers:
            return Streams(
                {path: ratio(rates["wrapped"], rates["bare"]) for path, rates in found.items()},
                (system_calls(servers["bare"], "file"), system_calls(servers["wrapped"], "file")),
                {path: growth(servers["wrapped"], path) for path in ("stream", "lazy-stream")},
            )


@contextmanager
def served(file: Path, size: int, *apps: str) -> Iterator[dict[str, Server]]:
    """Run the apps behind gunicorn, started in this order."""
    # No worker is given up for being long about it.
    options = ("--worker-class", "sync", "--timeout", "600")
    environ = {"FILE": str(file), "SIZE": str(size)}
    with ExitStack() as stack:
        yield {
            app: stack.enter_context(
                gunicorn(f"benchmarks.stream_app:{app}", ROOT, options, **environ)
            )
            for app in apps
        }


def rate(server: Server, path: str) -> float:
    """Fetch it: the bytes per second.

    :raises RuntimeError: if not all of it came.
    """
    # It reads until the worker closes the connection: so the worker is done with it.
    command = ["curl", "--silent", "--show-error", "--fail", "--ignore-content-length"]
    written = "%{size_download} %{time_total} %header{content-length}"
    done = subprocess.run(
        [*command, "--output", "/dev/null", "--write-out", written, f"{server.url}/{path}"],
        check=True,
        capture_output=True,
        text=True,
    )
    size, seconds, length = map(float, done.stdout.split())
    if size != length:
        raise RuntimeError(f"of {length:.0f} bytes of {path}, {size:.0f} came")
    return size / seconds


def system_calls(server: Server, path: str) -> dict[str, int]:
    """Count the worker's system calls for one request, by name; but for those of its idle loop.

    :raises RuntimeError: if strace may not look at another process.
    """
    command = ["strace", "-c", "-U", "calls,name", "-p", str(worker(server))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr
        said = strace.stderr.readline()
        if "attached" not in said:
            raise RuntimeError(f"strace could not attach: {said}")
        try:
            rate(server, path)
        finally:
            strace.send_signal(signal.SIGINT)
        table = strace.stderr.read()
    calls = re.findall(r"^ *([0-9]+) +([a-z]\w*)$", table, re.MULTILINE)
    return {name: int(number) for number, name in calls if name not in (*IDLE, "total")}


def growth(server: Server, path: str) -> int:
    """By how many KiB the worker's memory grows at most while it sends."""
    rate(server, f"{path}?warm")
    process = Path("/proc", str(worker(server)))
    (process / "clear_refs").write_text("5")  # the peak is that of now
    before = kibibytes(process, "VmHWM")
    rate(server, path)
    return kibibytes(process, "VmHWM") - before


def worker(server: Server) -> int:
    """The process that answers: gunicorn's only child."""
    (child,) = server.children
    return child


def kibibytes(process: Path, field: str) -> int:
    """Read a field of a process's status."""
    status = (process / "status").read_text()
    found = re.search(rf"^{field}:\s+([0-9]+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1])
