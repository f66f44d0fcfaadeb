"""Start a real gunicorn and stop it again, for the demo and the tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BOOT_SECONDS = 30
STOP_SECONDS = 10
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Those by which a person or a system ends a program."""


class Server(NamedTuple):
    """A gunicorn that answers."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def gunicorn(
    app: str, directory: Path, options: Sequence[str] = (), **environ: str
) -> Iterator[Server]:
    """Serve ``app`` from ``directory`` until the context ends.

    :param app: what gunicorn is to load, such as ``"wsgi:application"``.
    :param options: further command line options.
    :param environ: environment variables to set.
    :raises RuntimeError: with what gunicorn printed, if it does not come up.
    """
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        # The kernel picks a free port and gunicorn inherits the socket, so nobody
        # can take the port in between.
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        with _signals_deferred():
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
                    *("--graceful-timeout", "1", "--workers", "1", *options, app),
                ],
                cwd=directory,
                env={**_own_environ(), **environ},
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            stack.callback(_stop, process)
        listener.close()  # now nothing but gunicorn can answer there
        if not _answers(port, process):
            log.seek(0)
            output = log.read().decode(errors="replace")
            raise RuntimeError(f"gunicorn {app} did not come up and printed:\n{output}")
        yield Server(port, process.pid)


def _own_environ() -> dict[str, str]:
    """Give this process's environment without what would change the apps or gunicorn."""
    strange = {"DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"}
    return {name: value for name, value in os.environ.items() if name not in strange}


def _stop(process: subprocess.Popen[bytes]) -> None:
    with _signals_deferred():
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Handle a signal only after the block, so that nothing is left half done in it."""
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for late in came:
        os.kill(os.getpid(), late)


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a worker has answered one request; false if none ever will."""
    deadline = time.monotonic() + BOOT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=BOOT_SECONDS) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if client.recv(1):
                    return True
        except OSError:
            pass
        time.sleep(0.05)
    return False
