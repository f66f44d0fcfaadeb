"""Start a real gunicorn and stop it again, for the demo and the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BOOT_SECONDS = 30
STOP_SECONDS = 10


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
    with socket.socket() as listener, tempfile.TemporaryFile() as log:
        # The kernel picks a free port and gunicorn inherits the socket, so nobody
        # can take the port in between.
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
                *("--graceful-timeout", "1", *options, app),
            ],
            cwd=directory,
            env={**os.environ, **environ},
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            listener.close()  # now nothing but gunicorn can answer there
            if not _answers(port, process):
                log.seek(0)
                output = log.read().decode(errors="replace")
                raise RuntimeError(f"gunicorn {app} did not come up and printed:\n{output}")
            yield Server(port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


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
