"""An exchange by HTTP/1.1, read byte by byte.

h11 parses, and says where a message ends. What it would not let through, so that no
client of it can be fooled, is what a probe is for: stray bytes, and heads that contradict
themselves.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import NamedTuple, cast

import h11

from ..requirements import shown
from ..rules import RESET_CONTENT
from .report import Answer, ProbeError, rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .report import Connection, Ending
    from .wire import Wire

_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_FRAMING = re.compile(
    rb"\n(?:content-length|transfer-encoding)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?=\n)", re.I
)
_CODING = re.compile(rb"\ntransfer-encoding[ \t]*:((?:[^\n]|\n[ \t])*)", re.I)
MAXIMUM_HEAD = 64 * 1024
MAXIMUM_INTERIM = 100
TOO_MANY_INTERIM = f"more than {MAXIMUM_INTERIM} interim responses, and no final one"


class Request(NamedTuple):
    """What is asked."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def serialized(self, *, close: bool) -> bytes:
        """Give it as bytes.

        :raises ValueError: if a part of it is not what RFC 9112 lets it be.
        """
        connection = h11.Connection(h11.CLIENT)
        headers = [*self.headers, *([("Connection", "close")] if close else [])]
        try:
            data = connection.send(
                h11.Request(method=self.method, target=self.path, headers=headers)
            )
            for event in (h11.Data(self.body), h11.EndOfMessage()):
                data = (data or b"") + (connection.send(event) or b"")
        except UnicodeEncodeError as error:
            raise ValueError(f"a request is sent in ASCII, not {error.object!r}") from None
        except h11.LocalProtocolError as error:
            what = f"{self.method} {self.path!r}"
            raise ValueError(f"no request {what} can be sent: {error}") from None
        return data or b""


class Exchange(NamedTuple):
    """What came back."""

    interim: list[Answer]
    answer: Answer
    stray: bytes
    stray_delay: float | None
    connection: Connection
    next_answer: Answer | None
    next_stray: bytes


def exchange(wire: Wire, request: Request, follow_up: Request | None, pause: float) -> Exchange:
    """Send a request and, if the connection lives on, another; give what came.

    :param pause: seconds to wait for stray bytes before the second request.
    :raises ProbeError: if there is no answer.
    :raises ValueError: if no such request can be sent.
    """
    reader = _Reader(wire)
    second = follow_up.serialized(close=True) if follow_up else b""
    wire.send(request.serialized(close=follow_up is None))
    wire.allow_time()
    asked = time.monotonic()
    interim, answer = reader.answer(request.method)
    took = time.monotonic() - asked
    closes = _closes(answer)
    closing = closes or follow_up is None or "close" in _options(request.headers)
    stray, stray_delay = reader.rest(None if closes else pause)
    next_answer, next_stray = None, b""
    gone = wire.ending == "cut off"
    connection: Connection = "closed" if closing else "lost" if gone else "not asked"
    if follow_up and not closing and answer.ending == "complete" and wire.ending == "out of time":
        wire.send(second)
        wire.allow_time()
        with suppress(ProbeError):  # what came instead is in next_stray
            _, next_answer = reader.answer(follow_up.method)
        # If that was a late part of the first answer, the one that was asked for is yet to come.
        ends = next_answer and _closes(next_answer)
        next_stray, _ = reader.rest(None if ends else took + pause)
        answered = next_answer or next_stray or wire.ending == "out of time"
        connection = "kept" if answered else "lost"
    return Exchange(interim, answer, stray, stray_delay, connection, next_answer, next_stray)


def _closes(answer: Answer) -> bool:
    """Whether a server that sends this closes the connection (RFC 9112 §9.3)."""
    options = _options(answer.headers)
    return "close" in options or (answer.http_version == "1.0" and "keep-alive" not in options)


def _options(headers: list[tuple[str, str]]) -> list[str]:
    lines = [value.lower() for name, value in headers if name.lower() == "connection"]
    return re.split(r"[, \t]+", ",".join(lines))


class _Reader:
    """Takes answers from a wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        #: What came and is not part of an answer yet.
        self.buffer = b""

    def answer(self, method: str) -> tuple[list[Answer], Answer]:
        """Read a final response, and the interim ones before it.

        :raises ProbeError: if there is none.
        """
        interim: list[Answer] = []
        while True:
            try:
                head = self._head()
            except ProbeError:
                if interim and not self.buffer.startswith(b"HTTP/"):
                    return interim[:-1], interim[-1]
                raise
            connection, response, understood = _parsed(head, method)
            self.buffer = self.buffer[len(head) :]
            answer = Answer(
                response.http_version.decode(), response.status_code, head, list(_fields(head))
            )
            if answer.status_code >= 200:
                break
            interim.append(answer)
            if len(interim) > MAXIMUM_INTERIM:
                raise ProbeError(TOO_MANY_INTERIM)
        if not understood and not _ends_at_its_head(method, answer.status_code):
            return interim, answer._replace(ending="not told")
        content, ending = self._content(connection)
        came = self.buffer
        # Where it breaks off, h11 has not used its last bytes, but they are no others.
        self.buffer = connection.trailing_data[0] if ending == "complete" else b""
        raw = came[: len(came) - len(self.buffer)]
        return interim, answer._replace(raw_content=raw, content=content, ending=ending)

    def _head(self) -> bytes:
        """Read a head; it stays in the buffer."""
        while True:
            if not b"HTTP/".startswith(self.buffer[:5]):
                raise ProbeError(f"the answer is not HTTP/1.1, it begins with {shown(self.buffer)}")
            end = _EMPTY_LINE.search(self.buffer)
            if end:
                return self.buffer[: end.end()]
            if len(self.buffer) > MAXIMUM_HEAD:
                raise ProbeError(f"the head of the answer is longer than {MAXIMUM_HEAD} bytes")
            data = self._wire.receive()
            self.buffer += data
            if not data:
                came = f", but it began with {shown(self.buffer)}" if self.buffer else ""
                raise ProbeError(self._wire.silence + came)

    def _content(self, connection: h11.Connection) -> tuple[bytes, Ending]:
        """Read the content; all that comes stays in the buffer as well."""
        content: list[bytes] = []
        if self.buffer:  # to h11, nothing is the end of the connection
            connection.receive_data(self.buffer)
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError:  # an end, or a chunk, that is none
                return b"".join(content), "cut off"
            if isinstance(event, h11.Data):
                content.append(bytes(event.data))
            elif event is h11.NEED_DATA:
                data = self._wire.receive()
                if not data and self._wire.ending != "cut off":
                    return b"".join(content), self._wire.ending
                connection.receive_data(data)
                self.buffer += data
            else:
                return b"".join(content), "complete"

    def rest(self, seconds: float | None) -> tuple[bytes, float | None]:
        """Read until nothing comes for so long, or the end; and after how long it began."""
        start = time.monotonic()
        delay = 0.0 if self.buffer else None
        while True:
            data = self._wire.receive(seconds)
            if not data:
                rest, self.buffer = self.buffer, b""
                return rest, delay
            if delay is None:
                delay = time.monotonic() - start
            self.buffer += data


def _parsed(
    head: bytes, method: str
) -> tuple[h11.Connection, h11.Response | h11.InformationalResponse, bool]:
    """Parse a head; the last says whether its framing could be understood.

    :raises ProbeError: if it is no head.
    """
    try:
        return (*_parsed_by_h11(head, method), True)
    except h11.RemoteProtocolError as error:
        # h11 knows no coding but chunked, which has to be the last, or the content ends with
        # the connection. If it is not that, several lengths contradict each other, or one is
        # no number. All the rest can still be read.
        listed = b",".join(_CODING.findall(head)).lower().split(b",")
        codings = [coding.strip() for coding in listed]
        framing = b"\nTransfer-Encoding: chunked\r" if codings[-1] == b"chunked" else b""
        without = _FRAMING.sub(b"", head).replace(b"\n", framing + b"\n", 1)
        try:
            return (*_parsed_by_h11(without, method), codings != [b""])
        except h11.RemoteProtocolError:
            if re.match(rb"HTTP/1\.. 101\b", head):
                raise ProbeError("the answer is 101: the server changes the protocol") from None
            raise ProbeError(f"the answer is not HTTP/1.1: {error}") from None


def _parsed_by_h11(
    head: bytes, method: str
) -> tuple[h11.Connection, h11.Response | h11.InformationalResponse]:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAXIMUM_HEAD)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(head)
    # With its empty line, it is a head or an error.
    event = cast("h11.Response | h11.InformationalResponse", connection.next_event())
    return connection, event


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    """Split field lines. h11 has found them well formed, but makes one of two equal lengths."""
    # A line that begins with white space goes on with the one before it (RFC 9112 §5.2).
    for line in re.split(r"\r?\n(?![ \t])", head.decode("latin-1"))[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.rstrip(" \t"), re.sub(r"\r?\n[ \t]+", " ", value).strip(" \t\r\n")


def _ends_at_its_head(method: str, status_code: int) -> bool:
    """RFC 9112 §6.3, the first rule."""
    return method == "HEAD" or rule_of(method, status_code) not in (None, RESET_CONTENT)
