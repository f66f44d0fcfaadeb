"""Start a real server and stop it again, for the demo and the tests."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

BOOT_SECONDS = 30
STOP_SECONDS = 10
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Those by which a person or a system ends a program."""


class Server(NamedTuple):
    """A server that answers."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def children(self) -> set[int]:
        """The processes that it has started and that have not ended, as Linux knows them."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return set(map(int, found.split()))


@contextmanager
def started(
    command: Callable[[int], Sequence[str]],
    directory: Path,
    environ: Mapping[str, str] = MappingProxyType({}),
    *,
    tls: bool = False,
) -> Iterator[Server]:
    """Run a server from ``directory`` until the context ends.

    :param command: takes the port to listen on, of 127.0.0.1, and gives the command line.
    :param environ: environment variables to set.
    :param tls: whether it is to be asked by TLS.
    :raises RuntimeError: with what it printed, if it does not come up.
    """
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        with reserved_port() as port:
            words = command(port)
            with _signals_deferred():
                process = subprocess.Popen(
                    words,
                    cwd=directory,
                    env={**own_environ(), **environ},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
                stack.callback(_stop, process)
            up = _answers(port, process, tls)
        if not up:
            log.seek(0)
            output = log.read().decode(errors="replace")
            raise RuntimeError(f"{shlex.join(words)} did not come up and printed:\n{output}")
        yield Server(port, process.pid)


def gunicorn(
    app: str, directory: Path, options: Sequence[str] = (), **environ: str
) -> AbstractContextManager[Server]:
    """Serve ``app`` by gunicorn from ``directory`` until the context ends.

    :param app: what gunicorn is to load, such as ``"wsgi:application"``.
    :param options: further command line options.
    :param environ: environment variables to set.
    :raises RuntimeError: with what gunicorn printed, if it does not come up.
    """

    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"),
            *("--graceful-timeout", "1", "--workers", "1", *options, app),
        ]

    return started(command, directory, environ)


@contextmanager
def reserved_port() -> Iterator[int]:
    """Hold a free port that nobody is given, but that a server can be told to listen on.

    Sockets that may share an address may all be bound to it while none listens, and
    servers do set SO_REUSEADDR.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def own_environ() -> dict[str, str]:
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


def _answers(port: int, process: subprocess.Popen[bytes], tls: bool) -> bool:
    """Wait until the server has answered one request; false if it never will."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    deadline = time.monotonic() + BOOT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=BOOT_SECONDS) as client:
                if tls:
                    context.wrap_socket(client, server_hostname="localhost").close()
                    return True
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if client.recv(1):
                    return True
        except OSError:
            pass
        time.sleep(0.05)
    return False
