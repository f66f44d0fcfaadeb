"""Servers that answer the probe with whatever bytes say, over real sockets without a network."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from jsonschema import Draft202012Validator
from rich.console import Console

from demo.apps import ROOT
from wsgi_nocontent.cli.asking import NoAnswerError, Options, ask_url
from wsgi_nocontent.cli.showing import Screen, as_json, error_as_json, one_line
from wsgi_nocontent.probe import ProbeError, Report, probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsgi_nocontent.cli.asking import Result

URL = "http://peer.test/"
TIMEOUT = 10.0
LATE = 0.2
"""Seconds that a ``<wait>`` takes: less than the probe's pause, and two are more."""
LIMIT = 1000
"""Bytes that are read at the most."""
SECONDS = 3 * TIMEOUT + 1
"""What it may take: two requests on a connection, and one without conditions on another."""
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs/probe.schema.json").read_text("utf-8")))
CREDENTIALS = "Bearer of tea"
CONDITION = ("If-None-Match", '"tea"')
# HEADERS, with END_HEADERS and maybe END_STREAM, on one of the first streams.
_REQUEST_OF_HTTP2 = re.compile(rb"\x01[\x04\x05]\0\0\0.", re.S)


class Script(NamedTuple):
    """A request, and what a server does at it."""

    method: str
    #: What becomes of the connection in the end: ``held``, ``closed`` or ``reset``.
    ending: str
    options: set[str]
    #: Of each connection: ``read`` or ``wait``, each with what is sent then.
    connections: list[list[tuple[bytes, bytes]]]


def script_in(data: bytes) -> Script:
    """Read an input.

    ``HEAD held http2 condition``, a method, an ending and options; then what is sent at the
    first request, after ``<read>`` what at the next, and after ``<wait>`` what comes late.
    After ``<connect>`` there is the same for the next connection; the last is for all others.
    """
    first, _, rest = data.partition(b"\n")
    method, ending, *options = [*first.decode("latin-1").split(" "), ""]
    return Script(
        method if method in ("HEAD", "POST") else "GET",
        ending,
        set(options),
        [_steps_in(part) for part in rest.split(b"<connect>")],
    )


def _steps_in(data: bytes) -> list[tuple[bytes, bytes]]:
    parts = [b"read", *re.split(b"<(read|wait)>", data)]
    return list(zip(parts[::2], parts[1::2]))


class Network:
    """Where one server is, and where time goes by when somebody waits."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seconds = 0.0
        self.connections: list[Connection] = []

    def monotonic(self) -> float:
        return self.seconds

    def create_connection(self, address: tuple[str, int], timeout: float) -> Connection:
        if address != ("peer.test", 80):
            raise ConnectionRefusedError("Connection refused")
        scripts = self.script.connections
        steps = scripts[min(len(self.connections), len(scripts) - 1)]
        self.connections.append(Connection(self, steps, timeout))
        return self.connections[-1]


class Connection(socket.socket):
    """The client's end of a connection to a server that answers as soon as it is asked."""

    def __init__(self, network: Network, steps: list[tuple[bytes, bytes]], timeout: float) -> None:
        client, self._server = socket.socketpair()
        super().__init__(client.family, client.type, fileno=client.detach())
        self.setblocking(False)
        self.received = b""
        self._network = network
        self._steps = list(steps)
        self._late = LATE
        self._timeout = timeout

    def settimeout(self, value: float | None) -> None:
        assert value is not None
        self._timeout = value

    def gettimeout(self) -> float:
        return self._timeout

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
        super().sendall(data, flags)
        if "http2" not in self._network.script.options or _REQUEST_OF_HTTP2.search(data):
            self._go_on(b"read")

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        while True:
            try:
                data = super().recv(bufsize, flags)
            except BlockingIOError:
                self._wait()
            else:
                self.received += data
                return data

    def _wait(self) -> None:
        """Let time go by until the server goes on, or the client has no more of it."""
        waited = self._timeout
        if self._steps and self._steps[0][0] == b"wait":
            waited = min(self._timeout, self._late)
            self._late -= waited
        self._network.seconds += waited
        if waited == self._timeout:
            raise socket.timeout
        self._late = LATE
        self._go_on(b"wait")

    def _go_on(self, at: bytes) -> None:
        if not self._steps or self._steps[0][0] != at:
            return
        _, sent = self._steps.pop(0)
        self._server.sendall(sent)
        if self._steps:
            return
        if self._network.script.ending == "closed":
            self._server.shutdown(socket.SHUT_WR)
        elif self._network.script.ending == "reset":
            self._server.close()

    def detach(self) -> int:
        # TLS takes the socket over; of that, the server knows nothing.
        self._server.close()
        return super().detach()

    def close(self) -> None:
        self._server.close()
        super().close()


def prober(data: bytes) -> None:
    """Play an input to the probe.

    :raises Exception: if a promise of it is broken.
    """
    script = script_in(data)
    with _nothing_left_open():
        network, outcome = _probed(script)
    assert outcome == _probed(script)[1], "what is found is found once more"
    assert network.seconds <= SECONDS, f"{network.seconds} s"
    assert all(len(connection.received) <= LIMIT for connection in network.connections)
    if isinstance(outcome, Report):
        _check_report(outcome, network.connections[0].received)
    else:
        assert outcome.splitlines() == [outcome], "an error is a line"


def command(data: bytes) -> None:
    """Play an input to the command, which shows a person and a program what it was.

    :raises Exception: if a promise of it is broken.
    """
    with _nothing_left_open():
        results, error = _asked(script_in(data))
    _check_shown(results, error)
    _check_json(results, error)


@contextmanager
def _nothing_left_open() -> Iterator[None]:
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert before.issuperset(os.listdir("/proc/self/fd")), "nothing is left open"


def _probed(script: Script) -> tuple[Network, Report | str]:
    """Probe a server; give the report, or the error in words."""
    network = Network(script)
    with _in(network):
        try:
            return network, probe(
                URL,
                script.method,
                [CONDITION] if "condition" in script.options else [],
                b"tea" if script.method == "POST" else b"",
                keep_alive="once" not in script.options,
                http2="http2" in script.options,
                timeout=TIMEOUT,
                limit=LIMIT,
            )
        except ProbeError as error:
            return network, str(error)


def _asked(script: Script) -> tuple[list[Result], str | None]:
    """Ask as the command does; give its results, and the error in words."""
    options = Options(
        script.method,
        (CONDITION, ("Authorization", CREDENTIALS)),
        http2="http2" in script.options,
        timeout=TIMEOUT,
        again=True,
        follow=True,
    )
    results: list[Result] = []
    with _in(Network(script)):
        try:
            results.extend(ask_url(URL, options))
        except NoAnswerError as error:
            return results, str(error)
    return results, None


@contextmanager
def _in(network: Network) -> Iterator[None]:
    with mock.patch.object(time, "monotonic", network.monotonic), mock.patch.object(
        socket, "create_connection", network.create_connection
    ):
        yield


def _check_report(report: Report, received: bytes) -> None:
    """What was received is all there, and nothing else."""
    if report.answer.http_version != "2":
        heads = b"".join(answer.head for answer in [*report.interim, report.answer])
        told = heads + report.answer.raw_content + report.stray
        assert received.startswith(told), "what came is what is told"
        assert report.next_answer or received == told + report.next_stray, "all that came is told"
    if report.rule is not None and report.answer.content + report.stray:
        assert report.findings
    assert all(map(str, report.findings))


def _check_shown(results: list[Result], error: str | None) -> None:
    """A terminal obeys nothing that a server sent."""
    file = io.StringIO()
    screen = Screen(Console(file=file, width=80, highlight=False))
    for result in results:
        screen.show(result)
        screen.note(URL, [result], answered=error is None)
    screen.summary()
    shown = [*file.getvalue().split("\n"), one_line(error or "")]
    assert all(map(str.isprintable, shown)), shown
    assert CREDENTIALS not in file.getvalue()


def _check_json(results: list[Result], error: str | None) -> None:
    """A program gets a line of what it was promised."""
    told = as_json(results) if error is None else error_as_json(URL, "GET", error, results)
    assert len(told.splitlines()) == 1
    SCHEMA.validate(json.loads(told))
