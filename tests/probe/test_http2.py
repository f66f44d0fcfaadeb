from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hyperframe.frame import HeadersFrame, SettingsFrame

from tests.probe.frames import (
    PING,
    PONG,
    READ,
    SETTINGS,
    WINDOW_UPDATE,
    data,
    frames_in,
    go_away,
    head,
    head_in_two,
    requests_in,
    reset,
)
from tests.probe.peer import HOLD, NAP, RESET, SECONDS, Peer, Step
from wsgi_nocontent import __version__
from wsgi_nocontent.probe import ProbeError, Report, probe

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from tests.probe.peer import Talk

SHORT = 1.0
OK, NO_CONTENT, RESET_CONTENT = (":status", "200"), (":status", "204"), (":status", "205")
LENGTH = ("content-length", "5")
NEXT = head(OK, stream=3) + data(b"next", stream=3)


def asked(*scripts: Sequence[Step], method: str = "GET", **options: Any) -> Report:
    with Peer(*([SETTINGS, *script] for script in scripts)) as peer:
        return probe(peer.url, method, http2=True, **{"timeout": SECONDS, **options})


def seen(report: Report) -> list[tuple[str, str]]:
    return [(finding.seen, finding.requirement.section) for finding in report.findings]


class Case(NamedTuple):
    """What a peer sends, and what is to be found out."""

    sent: bytes
    findings: Sequence[tuple[str, str]] = ()
    connection: str = "kept"
    method: str = "GET"
    then: Sequence[Step] = (READ, NEXT)
    timeout: float = SECONDS


HELLO = data(b"hello")
NO_LENGTH = ("content-length: 5", "RFC 9110 §8.6")
# fmt: off
CASES = {
    "204": Case(head(NO_CONTENT, end=True)),
    "204 with an empty frame": Case(head(NO_CONTENT) + data()),
    "204 with a length": Case(head(NO_CONTENT, LENGTH, end=True), [NO_LENGTH]),
    "204 with a coding": Case(
        head(NO_CONTENT, ("transfer-encoding", "chunked"), end=True),
        [("transfer-encoding: chunked", "RFC 9113 §8.2.2")]),
    "204 with DATA after its end": Case(
        head(NO_CONTENT, end=True) + data(b"late"),
        [('body: "late"', "RFC 9110 §6.4.1")]),
    "200 with a field of HTTP/1.1": Case(
        head(OK, ("connection", "close"), end=True),
        [("connection: close", "RFC 9113 §8.2.2")]),
    "200 with DATA after its end": Case(
        head(OK, end=True) + data(b"la", end=False) + data(b"te"),
        [('after the end: "late"', "RFC 9113 §5.1")]),
    "204 with a body": Case(
        head(NO_CONTENT, LENGTH) + HELLO,
        [NO_LENGTH, ('body: "hello"', "RFC 9110 §6.4.1")]),
    # Slow is legal.
    "204 without an end": Case(head(NO_CONTENT), timeout=SHORT),
    "205 without an end": Case(head(RESET_CONTENT), timeout=SHORT),
    "204 in two frames": Case(head_in_two(NO_CONTENT)),
    "204 with trailers": Case(head(NO_CONTENT) + head(("a", "b"), end=True)),
    "204, and frames of no concern": Case(
        PING + WINDOW_UPDATE + data(b"tea", stream=5) + head(NO_CONTENT, end=True)),
    "204, closed": Case(head(NO_CONTENT, end=True), connection="lost", then=()),
    "204, closed with a word": Case(
        head(NO_CONTENT) + go_away(0, 1) + data(), connection="closed", then=()),
    "204, closed with a word at the next request": Case(
        head(NO_CONTENT, end=True), connection="closed", then=(READ, go_away(0, 1))),
    "204, and the next is reset": Case(
        head(NO_CONTENT, end=True), connection="lost", then=(READ, reset(7, stream=3), HOLD)),

    "205": Case(head(RESET_CONTENT, end=True)),
    "205 with length 0": Case(head(RESET_CONTENT, ("content-length", "0"), end=True)),
    "205 with content": Case(
        head(RESET_CONTENT, LENGTH) + HELLO,
        [("Content-Length: 5", "RFC 9110 §15.3.6"), ('body: "hello"', "RFC 9110 §15.3.6")]),
    # A strict client takes this for malformed, but its length is that of the 200.
    "304 with a length": Case(head((":status", "304"), LENGTH, end=True)),
    "HEAD": Case(head(OK, LENGTH, end=True), method="HEAD"),
    "HEAD with a body": Case(
        head(OK, LENGTH) + HELLO, [('body: "hello"', "RFC 9110 §9.3.2")], method="HEAD"),

    "103 and 200": Case(head((":status", "103")) + head(OK) + HELLO),
    "103 with a length": Case(
        head((":status", "103"), LENGTH) + head(OK) + HELLO, [NO_LENGTH]),
    "102 at the end": Case(
        head((":status", "102"), end=True), [("no response after the 102", "RFC 9110 §15.2")]),

    "200": Case(head(OK, LENGTH) + HELLO),
    "200 with a length that begins with 0": Case(head(OK, ("content-length", "05")) + HELLO),
    "200 in two frames, with trailers": Case(
        head(OK) + data(b"he", end=False) + data(b"llo", end=False) + head(("a", "b"), end=True)),
    "200 with another length": Case(
        head(OK, ("content-length", "3")) + HELLO,
        [("content-length: 3, and 5 bytes", "RFC 9113 §8.1.1")]),
    "200, reset": Case(
        head(OK) + data(b"hel", end=False) + reset(2),
        [("it breaks off after 3 bytes", "RFC 9113 §8.1")]),
    "200, closed": Case(
        head(OK, LENGTH) + data(b"hel", end=False),
        [("it breaks off after 3 bytes", "RFC 9113 §8.1")], connection="lost", then=()),
}
# fmt: on


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_found(case: Case) -> None:
    report = asked(
        [READ, case.sent, *case.then],
        method=case.method,
        next_path="/next",
        timeout=case.timeout,
    )
    assert seen(report) == list(case.findings)
    assert report.connection == case.connection
    if case.connection == "kept":
        assert report.next_answer
        assert report.next_answer.content == b"next"
    else:
        assert report.next_answer is None
    assert report.next_stray == b""


def test_of_interim_responses_there_may_be_so_many() -> None:
    early = head((":status", "103"), ("link", "x" * 3000))
    report = asked([READ, early * 100 + head(OK, end=True)], keep_alive=False)
    assert (len(report.interim), report.answer.status_code) == (100, 200)
    with pytest.raises(ProbeError, match="more than 100 interim responses, and no final one"):
        asked([READ, early * 101 + head(NO_CONTENT, end=True), HOLD])


def test_of_final_responses_there_are_not_more_on_a_stream() -> None:
    with pytest.raises(ProbeError, match="more than 100 interim responses, and no final one"):
        asked([READ, head(OK) * 102, HOLD])


def test_what_comes_of_a_body_is_not_what_comes_of_one_by_http1() -> None:
    report = asked([READ, head(NO_CONTENT) + HELLO], keep_alive=False)
    (finding,) = report.findings
    assert finding.requirement.name == "no-body"
    assert "PROTOCOL_ERROR" in finding.requirement.consequence


def test_the_answer_is_as_it_came() -> None:
    fields = [("set-cookie", "a=1"), ("caf\xc3\xa9", "\xc3"), ("set-cookie", "b=2")]
    sent = head(OK, *fields) + data(b"he", end=False) + data(b"llo")
    report = asked([READ, sent], keep_alive=False)
    answer = report.answer
    assert (answer.http_version, answer.status_code) == ("2", 200)
    # The peer's encoder speaks UTF-8, and the probe takes each byte for one character.
    assert [value for _, value in answer.headers] == ["a=1", "\xc3\x83", "b=2"]
    assert answer.head.startswith(b"HTTP/2 200\r\nset-cookie: a=1\r\n")
    assert answer.head.endswith(b"\r\nset-cookie: b=2\r\n\r\n")
    assert answer.content == answer.raw_content == b"hello"
    assert (report.stray, report.stray_delay, report.connection) == (b"", None, "closed")


def test_what_is_no_http2_after_an_answer_is_not_told_of_it() -> None:
    report = asked([READ, head(NO_CONTENT, end=True) + BAD_DATA])
    assert (report.answer.status_code, report.stray, report.findings) == (204, b"", [])
    assert (report.connection, report.next_answer) == ("lost", None)


def test_a_304_is_held_against_its_200() -> None:
    report = asked(
        [READ, head((":status", "304"), LENGTH, end=True), READ, NEXT],
        [READ, head(OK) + data(b"tea")],
        headers=[("If-None-Match", '"tea"')],
    )
    assert seen(report) == [("content-length: 5", "RFC 9110 §8.6")]
    assert report.connection == "kept"


def settings(code: int, value: int) -> bytes:
    return SettingsFrame(0, settings={code: value}).serialize()


def test_a_server_that_allows_one_request_at_a_time_is_asked_twice() -> None:
    allows_one = settings(SettingsFrame.MAX_CONCURRENT_STREAMS, 1)
    report = asked([allows_one, READ, head(NO_CONTENT, end=True), READ, NEXT])
    assert report.connection == "kept"


def test_a_server_that_allows_no_more_requests_is_not_asked() -> None:
    allows_none = settings(SettingsFrame.MAX_CONCURRENT_STREAMS, 0)
    with Peer([SETTINGS, READ, allows_none, head(NO_CONTENT, end=True)]) as peer:
        report = probe(peer.url, http2=True)
    assert len(requests_in(peer.received[0])) == 1
    assert report.connection == "lost"
    assert report.findings == []


def test_a_large_body_is_read() -> None:
    """Of more than the window that a client has by default."""
    content = [data(bytes(1 << 14), end=False)] * 10
    report = asked([READ, head(OK), *content, data()], keep_alive=False)
    assert report.answer.content == bytes(10 << 14)


def test_of_a_body_without_end_so_much_is_read() -> None:
    def endless(talk: Talk) -> None:
        while True:
            talk.connection.sendall(data(bytes(4096), end=False))

    report = asked([READ, head(OK), endless], limit=10_000)
    assert report.answer.ending == "out of bounds"
    assert len(report.answer.content) <= 10_000
    assert report.connection == "lost"
    assert report.findings == []


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def test_what_is_sent() -> None:
    def pong(talk: Talk) -> None:
        talk.until(lambda received: PONG in received)

    fields = [("Accept", "*/*"), ("Connection", "keep-alive"), ("TE", "trailers")]
    with Peer([SETTINGS, READ, PING, pong, head(NO_CONTENT, end=True), READ, NEXT]) as peer:
        # There is room for so much before the server gives more.
        probe(f"{peer.url}tea?a=b", "POST", fields, bytes(1 << 14), http2=True)
    (received,) = peer.received
    first = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", peer.authority),
        (":path", "/tea?a=b"),
        ("user-agent", f"wsgi-nocontent/{__version__}"),
        ("content-length", "16384"),
        ("accept", "*/*"),
        ("te", "trailers"),
    ]
    second = [(":method", "OPTIONS"), *first[1:5], *first[6:]]
    assert requests_in(received) == [(first, bytes(1 << 14)), (second, b"")]
    settings, *others = frames_in(received)
    assert isinstance(settings, SettingsFrame)
    assert settings.settings[SettingsFrame.ENABLE_PUSH] == 0
    assert [type(frame).__name__ for frame in others] == [
        "WindowUpdateFrame",
        "HeadersFrame",
        "DataFrame",
        "SettingsFrame",
        "PingFrame",
        "HeadersFrame",
    ]


def test_a_given_host_and_agent_win() -> None:
    with Peer([SETTINGS, READ, head(NO_CONTENT, end=True)]) as peer:
        given = [("HOST", "tea.example"), ("USER-AGENT", "pot")]
        probe(peer.url, "GET", given, http2=True, keep_alive=False)
    ((fields, _),) = requests_in(peer.received[0])
    assert (":authority", "tea.example") in fields
    assert fields[4:] == [("user-agent", "pot")]


BAD_SETTINGS = settings(SettingsFrame.INITIAL_WINDOW_SIZE, 0xFFFFFFFF)
# More padding than there is.
BAD_DATA = b"\0\0\2\0\x08\0\0\0\1\5!"
BAD_HEAD = HeadersFrame(1, b"\xff" * 9, flags=["END_HEADERS"]).serialize()
NO_ANSWER = {
    "closed": ([READ], "the server closed the connection without an answer"),
    "reset": ([READ, RESET], "the server closed the connection without an answer"),
    "the stream is reset": ([READ, reset(1)], "the server reset the stream: PROTOCOL_ERROR"),
    "reset for a reason of its own": ([READ, reset(99)], "the server reset the stream: 99"),
    "not taken": ([READ, go_away(0, 0)], "the server went away: NO_ERROR"),
    "taken, and gone": ([READ, go_away(11, 1)], "the server went away: ENHANCE_YOUR_CALM"),
    "no status": (
        [READ, head(("a", "b"), end=True)],
        "the answer is not HTTP/2: it has no :status",
    ),
    "a status of other digits": (
        [READ, head((":status", "\xb2\xb2"), end=True)],
        "the answer is not HTTP/2: it has no :status",
    ),
    "a head that can not be read": (
        [READ, BAD_HEAD],
        "the answer is not HTTP/2: its head can not be decoded",
    ),
    "data of another length": (
        [READ, head(OK), BAD_DATA],
        "the answer is not HTTP/2: Padding is too long.",
    ),
    "a setting that is none": (
        [READ, BAD_SETTINGS],
        "the answer is not HTTP/2: Setting 4 has invalid value 4294967295",
    ),
}


@pytest.mark.parametrize(("script", "error"), NO_ANSWER.values(), ids=list(NO_ANSWER))
def test_no_answer_is_told_of(script: Sequence[Step], error: str) -> None:
    with pytest.raises(ProbeError) as raised:
        asked(script)
    assert str(raised.value) == error


def test_the_time_is_kept() -> None:
    with pytest.raises(ProbeError, match=r"^no answer within 0\.3 s$"):
        asked([READ, HOLD], timeout=0.3)


@pytest.mark.parametrize(
    ("sent", "begins"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (b"\xff" * 10, r"\xff" * 10),
    ],
)
def test_a_server_without_http2_is_told_of(sent: bytes, begins: str) -> None:
    with Peer([sent[:3], NAP, sent[3:], HOLD]) as peer, pytest.raises(ProbeError) as raised:
        probe(peer.url, http2=True)
    assert str(raised.value) == f'the answer is not HTTP/2, it begins with "{begins}"'


@pytest.mark.parametrize(
    ("method", "headers", "body", "error"),
    [
        ("GET", [("a", "b\nc")], b"", "no request GET '/' can be sent: Illegal header value"),
        ("GET", [("TE", "tea")], b"", "by HTTP/2 no such request can be sent: Invalid value for"),
        ("PUT", [], bytes(1 << 20), "by HTTP/2 a body of at most 16384 bytes can be sent"),
    ],
)
def test_what_can_not_be_sent_is_not(
    method: str, headers: list[tuple[str, str]], body: bytes, error: str
) -> None:
    with Peer([SETTINGS, HOLD]) as peer, pytest.raises(ValueError, match=f"^{error}"):
        probe(peer.url, method, headers, body, http2=True)
    assert peer.received == [b""]


def test_over_tls(trusted: ssl.SSLContext) -> None:
    trusted.set_alpn_protocols(["h2"])
    with Peer(
        [SETTINGS, READ, head(NO_CONTENT, LENGTH, end=True), READ, NEXT], tls=trusted
    ) as peer:
        report = probe(peer.url, http2=True)
    assert seen(report) == [NO_LENGTH]
    assert report.connection == "kept"


def test_over_tls_http2_must_be_offered(trusted: ssl.SSLContext) -> None:
    with Peer([HOLD], tls=trusted) as peer, pytest.raises(
        ProbeError, match=r"^the server does not offer HTTP/2$"
    ):
        probe(peer.url, http2=True)
