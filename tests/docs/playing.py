"""Do what a page tells its reader to do, and see what it says that they will see.

A code block is

- a file to write, if its first line is a comment with the file's name. One by which a platform
  starts an app (app.yaml, Dockerfile, Procfile) is gone by at once;
- commands to run, in ``sh``, in the directory of those files. They are waited for, unless they
  come to answer on one of the pages' ports: then they are a server, which runs until the end;
- a program to run, in ``python``;
- what the commands or the program before it have printed, in ``text``; ``...`` stands for
  anything. What is not followed by such a block has to succeed.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from demo.server import own_environ, reserved_port
from tests.needs import lacks, needed_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from tests.pages import Block

#: The ports and the directory of the pages; each play has others in their place.
PORTS = ["8000", "8080", "8443", "8444"]
DIRECTORY = "/srv/app"
SECONDS = 60
MOST = 1 << 20

#: Programs that a machine may not have, and Debian's packages that have them.
PACKAGES = {
    "apache2": "libapache2-mod-wsgi-py3",
    "caddy": "caddy",
    "curl": "curl",
    "haproxy": "haproxy",
    "nghttp": "nghttp2-client",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "uwsgi": "uwsgi-core",
    "/usr/bin/python3": "python3-venv",
}
MOD_WSGI = Path("/usr/lib/apache2/modules/mod_wsgi.so")

FILE = re.compile(r"[#;] ([\w/.]+\.\w+|Dockerfile|Procfile|Caddyfile)\n")
STARTS = {
    "app.yaml": r"^entrypoint: (.*)",
    "Dockerfile": r"^CMD (.*)",
    "Procfile": r"^web: (.*)",
}


class NotSoError(AssertionError):
    """Something is not as the page says."""


class Play:
    """A reader's directory and terminal, until the context ends.

    :param wheels: a directory, with a wheel of the library.
    """

    def __init__(self, wheels: Path) -> None:
        self._wheels = wheels
        self._stack = ExitStack()
        self._output = ""
        self._status: int | None = 0

    def __enter__(self) -> Self:
        self._directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        # Apache, if it is started by root, becomes another user.
        self._directory.chmod(0o777)
        ports = {port: str(self._stack.enter_context(reserved_port())) for port in PORTS}
        self._ports = list(ports.values())
        self._here = {**ports, DIRECTORY: str(self._directory)}
        self._on_the_page = {here: there for there, here in self._here.items()}
        scripts = sysconfig.get_path("scripts")
        self._environ = {
            **own_environ(),
            "HOME": str(self._directory),
            "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath), "/usr/sbin"]),
            # What a page installs is here, in the releases that are tested.
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self._wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # Where a command says nothing of an address.
            "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{ports['8000']} --graceful-timeout 2",
            "PORT": ports["8000"],
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def all(self, blocks: Sequence[Block]) -> None:
        """Play blocks in their order.

        :raises NotSoError: where what is seen is not what the page says.
        """
        words = {word for block in blocks if block.language == "sh" for word in block.text.split()}
        for name in sorted(PACKAGES.keys() & words):
            needed_program(name, PACKAGES[name])
            if name == "apache2" and not MOD_WSGI.exists():
                lacks(f"mod_wsgi, from Debian's package {PACKAGES[name]}")
        for block, after in zip(blocks, [*blocks[1:], None]):
            self._do(block)
            output_is_told = any(is_output(each) for each in (block, after) if each)
            if self._status and not output_is_told:
                raise NotSoError(f"{block.text}\nended with {self._status}:\n{self._output}")

    def _do(self, block: Block) -> None:
        text = _replaced(block.text, self._here)
        # A server that is to be asked from outside is asked from here alone.
        text = text.replace(" :$PORT", " 127.0.0.1:$PORT")
        is_file = FILE.match(text)
        if is_file:
            path = self._directory / is_file[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if path.name in STARTS:
                (command,) = re.findall(STARTS[path.name], text, re.MULTILINE)
                self._run(["sh", "-c", command])
        elif is_output(block):
            self._compare(block.text)
        elif block.language == "sh":
            self._run(["bash", "-e", "-c", text])
        elif block.language == "python":
            self._run([sys.executable, "-c", text])
        else:
            raise ValueError(f"what is to be done with this?\n{text}")

    def _run(self, command: list[str]) -> None:
        # A server goes on to write into its own.
        log = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        idle = [port for port in self._ports if not _answers(port)]
        process = subprocess.Popen(
            command,
            cwd=self._directory,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A server's workers, and what a shell has started, are ended with it.
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + SECONDS
            while process.poll() is None and not any(map(_answers, idle)):
                if time.monotonic() > deadline:
                    printed = os.pread(log.fileno(), MOST, 0).decode()
                    raise NotSoError(f"{shlex.join(command)} does not end:\n{printed}")
                time.sleep(0.02)
        except BaseException:
            _end(process)
            raise
        self._status = process.returncode
        if self._status is None:
            self._stack.callback(_end, process)
        output = os.pread(log.fileno(), MOST, 0)
        self._output = _replaced(output.decode(), self._on_the_page)

    def _compare(self, text: str) -> None:
        said = "\n".join(map(str.rstrip, self._output.strip().splitlines()))
        pattern = ".*?".join(map(re.escape, text.strip().split("...")))
        if not re.fullmatch(pattern, said, re.DOTALL):
            raise NotSoError(f"the page says\n{text}\nbut it was\n{said}")


def is_output(block: Block) -> bool:
    """Whether it is what is to be seen."""
    return block.language == "text" and not FILE.match(block.text)


def _replaced(text: str, values: dict[str, str]) -> str:
    """Put values in the place of others."""
    pattern = "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in values)
    return re.sub(pattern, lambda found: values[found[0]], text)


def _answers(port: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(port))) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and with it all that it has started."""
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    # What it has started may be there still, or it itself.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
