"""The frames of HTTP/2, right or wrong, as a peer sends them and as it reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h2.frame_buffer
import hpack
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

if TYPE_CHECKING:
    from tests.probe.peer import Talk

SETTINGS = SettingsFrame(0).serialize()
PING = PingFrame(0, b"are you?").serialize()
PONG = PingFrame(0, b"are you?", flags=["ACK"]).serialize()

WINDOW_UPDATE = WindowUpdateFrame(1, 100).serialize()


def head(*fields: tuple[str, str], stream: int = 1, end: bool = False) -> bytes:
    frame = HeadersFrame(stream, block(*fields), flags=["END_HEADERS", *["END_STREAM"] * end])
    return frame.serialize()


def head_in_two(*fields: tuple[str, str], stream: int = 1) -> bytes:
    data = block(*fields)
    return (
        HeadersFrame(stream, data[:1], flags=["END_STREAM"]).serialize()
        + ContinuationFrame(stream, data[1:], flags=["END_HEADERS"]).serialize()
    )


def block(*fields: tuple[str, str]) -> bytes:
    # Never indexed, so that each head can be read without those before it.
    never = [hpack.NeverIndexedHeaderTuple(*field) for field in fields]
    return hpack.Encoder().encode(never)


def data(content: bytes = b"", stream: int = 1, *, end: bool = True) -> bytes:
    return DataFrame(stream, content, flags=["END_STREAM"] * end).serialize()


def reset(error_code: int, stream: int = 1) -> bytes:
    return RstStreamFrame(stream, error_code).serialize()


def go_away(error_code: int, last_stream: int) -> bytes:
    return GoAwayFrame(0, last_stream, error_code).serialize()


def frames_in(received: bytes) -> list[Frame]:
    buffer = h2.frame_buffer.FrameBuffer(server=True)
    buffer.max_frame_size = 1 << 14
    buffer.add_data(received)
    return list(buffer)


def requests_in(received: bytes) -> list[tuple[list[tuple[str, str]], bytes]]:
    """Give the fields and the content of each whole request."""
    decoder = hpack.Decoder()
    requests = []
    fields: list[tuple[str, str]] = []
    content = b""
    for frame in frames_in(received):
        if isinstance(frame, HeadersFrame):
            fields, content = [(str(n), str(v)) for n, v in decoder.decode(frame.data)], b""
        elif isinstance(frame, DataFrame):
            content += frame.data
        if "END_STREAM" in frame.flags:
            requests.append((fields, content))
    return requests


def READ(talk: Talk) -> None:  # noqa: N802  a step, as in tests.probe.peer
    """Wait for a request."""
    talk.requests_read += 1
    talk.until(lambda received: len(requests_in(received)) >= talk.requests_read)
