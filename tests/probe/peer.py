"""A server that does what it is told, step by step."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import time
from contextlib import suppress
from itertools import chain, repeat
from threading import Thread
from typing import TYPE_CHECKING, Callable, Union

if TYPE_CHECKING:
    from collections.abc import Sequence

    import trustme

SECONDS = 20
"""That much a step waits for at most, and with it every test."""


class Gone(Exception):
    """The client closed the connection, and the rest of the script is moot."""


class Talk:
    """One connection, and all that came over it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.requests_read = 0

    def until(self, enough: Callable[[bytes], bool]) -> None:
        while not enough(self.received):
            data = self.connection.recv(65536)
            if not data:
                raise Gone
            self.received += data


# What a step may be: bytes are sent, and all else is done.
Step = Union[bytes, Callable[[Talk], object]]


def requests_in(received: bytes) -> list[bytes]:
    """Split what came into whole HTTP/1.1 requests."""
    requests: list[bytes] = []
    while True:
        head, end, rest = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\nContent-Length: (\d+)", head)
        size = int(length[1]) if length else 0
        if not end or len(rest) < size:
            return requests
        requests.append(head + end + rest[:size])
        received = rest[size:]


def READ(talk: Talk) -> None:  # noqa: N802  a step, as are the others in capitals
    """Wait for a request."""
    talk.requests_read += 1
    talk.until(lambda received: len(requests_in(received)) >= talk.requests_read)


def HOLD(talk: Talk) -> None:  # noqa: N802
    """Keep the connection open until the client closes it."""
    talk.until(lambda received: False)


def NAP(talk: Talk) -> None:  # noqa: N802
    """Let what is sent before and after arrive apart, and after a pause that is short."""
    time.sleep(0.1)


def RESET(talk: Talk) -> None:  # noqa: N802
    # With no time to linger, close() sends a reset.
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.connection.close()
    raise Gone


def secured(authority: trustme.CA) -> ssl.SSLContext:
    """Give a server's context, with a certificate of that authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


class Peer:
    """Plays one script to each connection, in a thread; then the connection is closed.

    Once the context is left, ``received`` has what each connection brought; a connection
    beyond the scripts is closed at once, but has its place there.
    """

    def __init__(self, *scripts: Sequence[Step], tls: ssl.SSLContext | None = None) -> None:
        self.received: list[bytes] = []
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self.authority = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.authority}/"
        # What connects from here is the last.
        self._last = socket.socket()
        self._last.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)
        self._error: Exception | None = None

    def __enter__(self) -> Peer:  # noqa: PYI034  typing.Self is not in Python 3.7
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._listener, self._last:
            self._last.connect(self._listener.getsockname())
            self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        if self._error:
            raise self._error

    def _serve(self) -> None:
        last = self._last.getsockname()
        try:
            for script in chain(self._scripts, repeat(())):
                connection, address = self._listener.accept()
                with connection:
                    if address == last:
                        return
                    connection.settimeout(SECONDS)
                    self._play(script, connection)
        except Exception as error:  # raised where the context is left
            self._error = error

    def _play(self, script: Sequence[Step], connection: socket.socket) -> None:
        talk = Talk(connection)
        # A client that has seen enough goes away at any time.
        with suppress(Gone, ConnectionError, ssl.SSLError):
            if self._tls:
                talk.connection = self._tls.wrap_socket(connection, server_side=True)
            for step in script:
                if isinstance(step, bytes):
                    talk.connection.sendall(step)
                else:
                    step(talk)
            with suppress(OSError):  # the client may be gone already
                talk.connection.shutdown(socket.SHUT_WR)
            HOLD(talk)
        talk.connection.close()
        self.received.append(talk.received)
