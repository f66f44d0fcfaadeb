"""An exchange by HTTP/2.

h2 speaks; but it is a strict client, and what it refuses is what a probe is for: a response
whose length is not that of its DATA, or is a 304 with that of its 200. So it is shown only the
frames that are about the connection, and those of the streams are read here.
"""

from __future__ import annotations

import re
from contextlib import suppress

import h2.config
import h2.connection
import h2.errors
import h2.exceptions
import h2.frame_buffer
import h2.settings
import hpack
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, RstStreamFrame

from ..requirements import shown
from .findings import CONNECTION_FIELDS
from .http1 import MAXIMUM_INTERIM, TOO_MANY_INTERIM, Exchange, Request
from .report import Answer, ProbeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .report import Connection, Ending
    from .wire import Wire

_NOT_SENT = {*CONNECTION_FIELDS, "host"}  # which is sent as :authority
# h2 sees no DATA, so it would never make room for more; a wire has its own limit.
_WINDOW = 1 << 30
_SETTINGS = {
    h2.settings.SettingCodes.ENABLE_PUSH: 0,
    h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
}


def exchange(wire: Wire, request: Request, follow_up: Request | None, pause: float) -> Exchange:
    """Send a request and, if the connection lives on, another; give what came.

    :param pause: seconds to wait for DATA after the end of the first answer.
    :raises ProbeError: if there is no answer.
    :raises ValueError: if no such request can be sent.
    """
    if wire.scheme == "https" and wire.alpn != "h2":
        raise ProbeError("the server does not offer HTTP/2")
    for each in filter(None, (request, follow_up)):
        each.serialized(close=False)  # h2 would send anything, a line end too
    session = _Session(wire)
    interim, answer = session.ask(request)
    stray = b""
    next_answer = None
    with suppress(ProbeError):  # what is no HTTP/2 after an answer is the next one's
        stray = session.rest(pause)
    if follow_up and not session.farewell:
        with suppress(ProbeError):  # then the connection is lost
            _, next_answer = session.ask(follow_up)
    over = session.farewell or not follow_up
    connection: Connection = "kept" if next_answer else "closed" if over else "lost"
    return Exchange(interim, answer, stray, None, connection, next_answer, b"")


class _Session:
    """A connection, and the frames that come over it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._stream = 0
        #: What came first.
        self._start = b""
        #: Why the server takes no further request, if it said that.
        self.farewell = ""
        self._client = h2.connection.H2Connection(h2.config.H2Configuration())
        self._client.local_settings = h2.settings.Settings(initial_values=_SETTINGS)
        self._frames = h2.frame_buffer.FrameBuffer()
        self._frames.max_frame_size = self._client.max_inbound_frame_size
        self._decoder = hpack.Decoder()
        self._client.initiate_connection()
        self._client.increment_flow_control_window(
            _WINDOW - self._client.inbound_flow_control_window
        )

    def ask(self, request: Request) -> tuple[list[Answer], Answer]:
        """Send a request on a stream of its own, and read its answer.

        :raises ProbeError: if there is none.
        """
        stream = self._stream = self._client.get_next_available_stream_id()
        self._send(stream, request)
        answers: list[Answer] = []
        content: list[bytes] = []
        ending: Ending = "complete"
        for frame in self._frames_of(stream):
            if isinstance(frame, HeadersFrame):
                answers += self._decoded(frame)
                final = [each for each in answers[-1:] if each.status_code >= 200]
                if len(answers) - len(final) > MAXIMUM_INTERIM:
                    raise ProbeError(TOO_MANY_INTERIM)
            elif isinstance(frame, DataFrame):
                content.append(frame.data)
            elif isinstance(frame, RstStreamFrame):
                if not answers:
                    raise ProbeError(f"the server reset the stream: {_name(frame.error_code)}")
                ending = "cut off"
                break
            if "END_STREAM" in frame.flags:
                break
        else:
            ending = self._wire.ending
        if not answers:
            raise ProbeError(
                "the answer is not HTTP/2: it has no :status"
                if ending == "complete"
                else self.farewell or self._wire.silence
            )
        # To h2 no stream would end otherwise, and a server may allow only so many.
        self._client.receive_data(RstStreamFrame(stream).serialize())
        *interim, answer = answers
        data = b"".join(content)
        return interim, answer._replace(raw_content=data, content=data, ending=ending)

    def rest(self, seconds: float) -> bytes:
        """Read what comes on the last stream after its end, until nothing does for so long."""
        frames = self._frames_of(self._stream, seconds)
        return b"".join(frame.data for frame in frames if isinstance(frame, DataFrame))

    def _send(self, stream: int, request: Request) -> None:
        fields = [(name.lower(), value) for name, value in request.headers]
        authority = [value for name, value in fields if name == "host"]
        head = [
            (":method", request.method),
            (":scheme", self._wire.scheme),
            (":authority", authority[0]),
            (":path", request.path),
            *((name, value) for name, value in fields if name not in _NOT_SENT),
        ]
        try:
            self._client.send_headers(stream, head, end_stream=not request.body)
        except h2.exceptions.TooManyStreamsError:
            raise ProbeError("the server allows no request") from None
        except h2.exceptions.ProtocolError as error:
            raise ValueError(f"by HTTP/2 no such request can be sent: {error}") from None
        if request.body:
            size = min(
                self._client.local_flow_control_window(stream),
                self._client.max_outbound_frame_size,
            )
            if len(request.body) > size:
                raise ValueError(f"by HTTP/2 a body of at most {size} bytes can be sent")
            self._client.send_data(stream, request.body, end_stream=True)
        self._wire.send(self._client.data_to_send())
        self._wire.allow_time()

    def _frames_of(self, stream: int, seconds: float | None = None) -> Iterator[Frame]:
        """Give what comes on a stream, until nothing does for so long, or no more will."""
        while True:
            try:
                for frame in self._frames:
                    if isinstance(frame, GoAwayFrame):
                        self.farewell = f"the server went away: {_name(frame.error_code)}"
                        if frame.last_stream_id < stream:
                            raise ProbeError(self.farewell)
                    elif frame.stream_id == stream:
                        yield frame
                    elif frame.stream_id == 0:  # what asks for an answer, such as a PING
                        self._client.receive_data(frame.serialize())
                        self._wire.send(self._client.data_to_send())
            except (h2.exceptions.ProtocolError, HyperframeError) as error:
                raise ProbeError(f"the answer is not HTTP/2: {error}") from None
            data = self._wire.receive(seconds)
            if not data:
                return
            self._start += data[: 24 - len(self._start)]
            if self._start[3:4] not in (b"", b"\4"):  # SETTINGS comes first (RFC 9113 §3.4)
                raise ProbeError(f"the answer is not HTTP/2, it begins with {shown(self._start)}")
            self._frames.add_data(data)

    def _decoded(self, frame: HeadersFrame) -> Iterator[Answer]:
        """Read a head; give nothing if these are trailers (RFC 9113 §8.1)."""
        try:
            fields = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._decoder.decode(frame.data, raw=True)
            ]
        except hpack.HPACKError:
            raise ProbeError("the answer is not HTTP/2: its head can not be decoded") from None
        status = dict(fields).get(":status", "")
        if re.fullmatch("[0-9]{3}", status):
            headers = [field for field in fields if not field[0].startswith(":")]
            lines = [f"HTTP/2 {status}", *map(": ".join, headers), "", ""]
            yield Answer("2", int(status), "\r\n".join(lines).encode("latin-1"), headers)


def _name(error_code: int) -> str:
    try:
        return h2.errors.ErrorCodes(error_code).name
    except ValueError:
        return str(error_code)
