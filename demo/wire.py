"""Ask a server over a raw socket, and tell what an HTTP client hides."""

from __future__ import annotations

import http.client
import io
import socket
from typing import NamedTuple

import h11

from wsgi_nocontent.rules import BY_STATUS_CODE, HEAD, Rule

TIMEOUT_SECONDS = 10
MAXIMUM_SIZE = 1 << 20
"""Bytes of an answer that are read at the most."""


class Answer(NamedTuple):
    """What came over the wire."""

    method: str
    raw: bytes
    """All that came, as it came."""
    status_code: int
    headers: list[tuple[str, str]]
    content: bytes
    """The content of the message, by its framing (RFC 9112 §6)."""
    stray: bytes
    """What came after the end of the message and is no answer."""
    next_answer: bytes
    """The answer to the request that followed on the same connection, or nothing."""

    @property
    def rule(self) -> Rule | None:
        """The rule that such an answer is under, or None if it may have content."""
        by_method = HEAD if self.method == "HEAD" else None
        return BY_STATUS_CODE.get(str(self.status_code), by_method)

    def values(self, name: str) -> list[str]:
        """Give each value of a header field; the name in lower case."""
        return [value for field, value in self.headers if field.lower() == name]

    @property
    def faults(self) -> list[str]:
        """What is there although the answer's rule forbids it."""
        if self.rule is None:
            return []
        framing = [field for field in self.headers if field[0].lower() in self.rule.removes]
        faults = []
        if [(name.title(), value) for name, value in framing] != list(self.rule.sets):
            faults = [f"{name}: {value}" for name, value in framing] or ["no Content-Length"]
        if self.content or self.stray:
            faults.append(f"body: {shown(self.content + self.stray)}")
        return faults


def ask(
    port: int,
    method: str,
    path: str,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    next_path: str | None = None,
) -> Answer:
    """Send a request to 127.0.0.1, and a second one on the same connection.

    :param next_path: what a GET then asks for. Without it the server is told to
        close the connection after the first answer.
    :raises OSError: if the server can not be reached, or does not answer in time.
    :raises h11.RemoteProtocolError: if what it answers is not HTTP/1.1.
    """
    connection = h11.Connection(h11.CLIENT)
    fields = [("Host", f"127.0.0.1:{port}"), ("Content-Length", str(len(body))), *headers]
    if next_path is None:
        fields.append(("Connection", "close"))
    request = connection.send(h11.Request(method=method, target=path, headers=fields)) or b""
    request += connection.send(h11.Data(body)) or b""
    connection.send(h11.EndOfMessage())
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as client:
        client.sendall(request)
        raw = _receive(client, until=b"\r\n\r\n")
        if next_path is not None and b"\r\nconnection: close\r\n" not in raw.lower():
            client.sendall(
                f"GET {next_path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
            )
        raw += _receive(client)
    return _parsed(connection, method, raw)


def _receive(client: socket.socket, until: bytes | None = None) -> bytes:
    received = b""
    while until is None or until not in received:
        data = client.recv(65536)
        received += data
        if not data:
            break
        if len(received) > MAXIMUM_SIZE:
            raise OSError(f"the answer is larger than {MAXIMUM_SIZE} bytes")
    return received


def _parsed(connection: h11.Connection, method: str, raw: bytes) -> Answer:
    connection.receive_data(raw)
    connection.receive_data(b"")
    response = connection.next_event()
    if not isinstance(response, (h11.Response, h11.InformationalResponse)):
        raise h11.RemoteProtocolError(f"no answer, but {shown(raw)}")
    content = b""
    event = connection.next_event()
    while isinstance(event, h11.Data):
        content += event.data
        event = connection.next_event()
    trailing = connection.trailing_data[0]
    stray, start, rest = trailing.partition(b"HTTP/1.")
    return Answer(
        method=method,
        raw=raw,
        status_code=response.status_code,
        # Not from h11, which makes one field of two equal lengths.
        headers=http.client.parse_headers(io.BytesIO(raw.partition(b"\r\n")[2])).items(),
        content=content,
        stray=stray,
        next_answer=start + rest,
    )


def shown(data: bytes, limit: int = 24) -> str:
    """Escape bytes for a person, and cut them."""
    text = data[:limit].decode("latin-1").encode("unicode_escape").decode()
    return f'"{text}"' + (f" and {len(data) - limit} bytes more" if len(data) > limit else "")
