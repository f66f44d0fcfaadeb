from __future__ import annotations

import socket
import time
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.probe.peer import HOLD, NAP, READ, RESET, SECONDS, Peer, Step, requests_in
from wsgi_nocontent import __version__
from wsgi_nocontent.probe import Finding, ProbeError, Report, Requirement, probe
from wsgi_nocontent.probe.wire import Wire
from wsgi_nocontent.requirements import EMPTY_RESET, NO_LENGTH, NO_LENGTH_OF_0, ONE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.probe.peer import Talk

NEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STALE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"
# Long enough for a peer in a thread to answer on a loaded machine, and no longer: it is
# waited for in full where the answer has no end.
SHORT = 1.0


def asked(*scripts: Sequence[Step], method: str = "GET", **options: Any) -> Report:
    with Peer(*scripts) as peer:
        return probe(peer.url, method, **{"pause": 0.01, "timeout": SECONDS, **options})


def seen(report: Report) -> list[tuple[str, str]]:
    return [(finding.seen, finding.requirement.section) for finding in report.findings]


class Case(NamedTuple):
    """What a peer sends, and what is to be found out."""

    name: str
    sent: bytes
    findings: list[tuple[str, str]]
    connection: str = "kept"
    method: str = "GET"
    then: Sequence[Step] = (READ, NEXT)
    timeout: float = SECONDS


def case(name: str, *sent: str, findings: Sequence[tuple[str, str]] = (), **more: Any) -> Case:
    """Take lines; an empty one ends a head, and after it comes what follows."""
    data = "\r\n".join(sent) + ("" if sent[-1] else "\r\n")
    return Case(name, data.encode(), list(findings), **more)


# What comes instead of the next answer is found as well, where the connection is kept.
NEXT_IS_TEA = ('as the next answer: "tea"', "RFC 9112 §9.2")
NEXT_IS_A_CHUNK = (r'as the next answer: "0\r\n\r\n"', "RFC 9112 §9.2")
# fmt: off
CASES = [
    case("204", "HTTP/1.1 204 No Content", ""),
    case("204 to HEAD", "HTTP/1.1 204 No Content", "", method="HEAD"),
    case("204, closed", "HTTP/1.1 204 No Content", "Connection: close", "",
         connection="closed", then=()),
    case("204, closed without a word", "HTTP/1.1 204 No Content", "",
         connection="lost", then=()),
    case("204, closed at the next request", "HTTP/1.1 204 No Content", "",
         connection="lost", then=(READ,)),
    case("204, reset at the next request", "HTTP/1.1 204 No Content", "",
         connection="lost", then=(READ, RESET)),
    case("204 with an option that is like another", "HTTP/1.1 204 No Content",
         "Connection: enclosed", ""),
    case("204, closed with an option in a line of its own", "HTTP/1.1 204 No Content",
         "Connection: x", "Connection: Close", "", connection="closed", then=()),
    case("204 with a length", "HTTP/1.1 204 No Content", "Content-Length: 0", "",
         findings=[("Content-Length: 0", "RFC 9110 §8.6")]),
    case("204 with an odd-cased length", "HTTP/1.1 204 No Content", "cOnTENT-lENGTH:5", "",
         findings=[("cOnTENT-lENGTH: 5", "RFC 9110 §8.6")]),
    case("204 with a folded length", "HTTP/1.1 204 No Content", "Content-Length:", "  5", "",
         findings=[("Content-Length: 5", "RFC 9110 §8.6")]),
    case("204 with a space before the colon", "HTTP/1.1 204 No Content", "Content-Length : 5", "",
         findings=[("Content-Length: 5", "RFC 9110 §8.6")]),
    case("204 with two lengths", "HTTP/1.1 204 No Content", "Content-Length: 5,", " 6",
         "Content-Length: x", "",
         findings=[("Content-Length: 5, 6", "RFC 9110 §8.6"),
                   ("Content-Length: x", "RFC 9110 §8.6")]),
    case("204 with a coding", "HTTP/1.1 204 No Content", "Transfer-Encoding: chunked", "",
         findings=[("Transfer-Encoding: chunked", "RFC 9112 §6.1")]),
    case("204 with a last chunk", "HTTP/1.1 204 No Content", "Transfer-Encoding: chunked", "",
         "0\r\n\r\n",
         findings=[("Transfer-Encoding: chunked", "RFC 9112 §6.1"),
                   (r'body: "0\r\n\r\n"', "RFC 9110 §6.4.1"), NEXT_IS_A_CHUNK]),
    case("204 with a body", "HTTP/1.1 204 No Content", "", "tea",
         findings=[('body: "tea"', "RFC 9110 §6.4.1"), NEXT_IS_TEA]),
    case("204 with a body, closed", "HTTP/1.1 204 No Content", "Connection: close", "", "tea",
         findings=[('body: "tea"', "RFC 9110 §6.4.1")], connection="closed", then=()),
    case("204 of HTTP/1.0", "HTTP/1.0 204 No Content", "", connection="closed", then=()),
    case("204 of HTTP/1.0 that is kept", "HTTP/1.0 204 No Content", "Connection: Keep-Alive", ""),

    case("205 with length 0", "HTTP/1.1 205 Reset Content", "Content-Length: 0", ""),
    case("205 with length 00", "HTTP/1.1 205 Reset Content", "Content-Length: 00", ""),
    case("205 of empty chunks", "HTTP/1.1 205 Reset Content", "Transfer-Encoding: chunked", "",
         "0\r\n\r\n"),
    case("205 that ends with the connection", "HTTP/1.1 205 Reset Content", "",
         connection="lost", then=()),
    case("205 to HEAD", "HTTP/1.1 205 Reset Content", "", method="HEAD"),
    case("205 without an end", "HTTP/1.1 205 Reset Content", "",
         findings=[("no Content-Length", "RFC 9112 §6.3")],
         connection="not asked", then=(HOLD,), timeout=SHORT),
    case("205 with content", "HTTP/1.1 205 Reset Content", "Content-Length: 3", "", "tea",
         findings=[("Content-Length: 3", "RFC 9110 §15.3.6"),
                   ('body: "tea"', "RFC 9110 §15.3.6")]),
    case("205 with chunks", "HTTP/1.1 205 Reset Content", "Transfer-Encoding: chunked", "",
         "3\r\ntea\r\n0\r\n\r\n",
         findings=[('body: "tea"', "RFC 9110 §15.3.6")]),
    case("205 with content up to the end", "HTTP/1.1 205 Reset Content", "", "tea",
         findings=[('body: "tea"', "RFC 9110 §15.3.6")], connection="lost", then=()),
    case("205 with more than its length", "HTTP/1.1 205 Reset Content", "Content-Length: 0", "",
         "tea",
         findings=[('body: "tea"', "RFC 9110 §15.3.6"), NEXT_IS_TEA]),
    case("205 with length 0 twice", "HTTP/1.1 205 Reset Content", "Content-Length: 0",
         "Content-Length: 0", "",
         findings=[("Content-Length: 0, 0", "RFC 9110 §8.6")]),
    case("205 with two lengths", "HTTP/1.1 205 Reset Content", "Content-Length: 0",
         "Content-Length: 3", "", "tea",
         findings=[("Content-Length: 0, 3", "RFC 9110 §15.3.6"),
                   ('body: "tea"', "RFC 9110 §15.3.6"),
                   ("length and coding: 0, 3", "RFC 9112 §6.3")],
         connection="lost", then=()),
    case("205 to HEAD with two lengths", "HTTP/1.1 205 Reset Content", "Content-Length: 0",
         "Content-Length: 3", "", method="HEAD",
         findings=[("Content-Length: 0, 3", "RFC 9110 §15.3.6")]),

    case("304", "HTTP/1.1 304 Not Modified", 'ETag: "tea"', ""),
    case("304 with a coding", "HTTP/1.1 304 Not Modified", "Transfer-Encoding: chunked", ""),
    # Without a condition to leave out, there is no 200 to be had.
    case("304 with a length", "HTTP/1.1 304 Not Modified", "Content-Length: 5", ""),
    case("304 with a body", "HTTP/1.1 304 Not Modified", "", "tea",
         findings=[('body: "tea"', "RFC 9110 §6.4.1"), NEXT_IS_TEA]),

    case("HEAD", "HTTP/1.1 200 OK", "Content-Length: 3", "", method="HEAD"),
    case("HEAD of chunks", "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", method="HEAD"),
    case("HEAD of what can not be told", "HTTP/1.1 200 OK", "Content-Length: x", "", method="HEAD"),
    case("HEAD with a body", "HTTP/1.1 200 OK", "Content-Length: 3", "", "tea", method="HEAD",
         findings=[('body: "tea"', "RFC 9110 §9.3.2"), NEXT_IS_TEA]),
    case("HEAD with a last chunk", "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "",
         "0\r\n\r\n", method="HEAD",
         findings=[(r'body: "0\r\n\r\n"', "RFC 9110 §9.3.2"), NEXT_IS_A_CHUNK]),

    case("102 and 200", "HTTP/1.1 102 Processing", "", "HTTP/1.1 200 OK", "Content-Length: 3", "",
         "tea"),
    case("103 with a length", "HTTP/1.1 103 Early Hints", "Content-Length: 0", "",
         "HTTP/1.1 204 No Content", "",
         findings=[("Content-Length: 0", "RFC 9110 §8.6")]),
    case("100 with a coding", "HTTP/1.1 100 Continue", "Transfer-Encoding: chunked", "",
         "HTTP/1.1 204 No Content", "",
         findings=[("Transfer-Encoding: chunked", "RFC 9112 §6.1")]),
    case("102 alone, closed", "HTTP/1.1 102 Processing", "",
         findings=[("no response after the 102", "RFC 9110 §15.2")],
         connection="lost", then=()),
    case("103 and 102, closed", "HTTP/1.1 103 Early Hints", "", "HTTP/1.1 102 Processing", "",
         findings=[("no response after the 102", "RFC 9110 §15.2")],
         connection="lost", then=()),
    case("102 alone, kept", "HTTP/1.1 102 Processing", "",
         findings=[("no response after the 102", "RFC 9110 §15.2")], timeout=SHORT),
    case("102 with a body", "HTTP/1.1 102 Processing", "Content-Length: 3", "", "tea",
         findings=[("Content-Length: 3", "RFC 9110 §8.6"),
                   ('body: "tea"', "RFC 9110 §6.4.1"),
                   ("no response after the 102", "RFC 9110 §15.2"), NEXT_IS_TEA]),

    case("200", "HTTP/1.1 200 OK", "Content-Length: 3", "", "tea"),
    case("200 of chunks", "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "",
         "3;a=b\r\ntea\r\n0\r\nLast: field\r\n\r\n"),
    case("200 that ends with the connection", "HTTP/1.1 200 OK", "", "tea",
         connection="lost", then=()),
    case("200 of HTTP/1.0", "HTTP/1.0 200 OK", "", "tea", connection="closed", then=()),
    case("200 of bare line feeds", "HTTP/1.1 200 OK\nA: b\nContent-Length: 3\n\ntea"),
    case("200 with folded lines", "HTTP/1.1 200 OK", "A: b", "  c", "Content-Length:", " 3", "",
         "tea"),
    case("200, beyond its length", "HTTP/1.1 200 OK", "Content-Length: 1", "", "tea",
         findings=[('after the end: "ea"', "RFC 9112 §9.2"),
                   ('as the next answer: "ea"', "RFC 9112 §9.2")]),
    case("200, beyond its length, closed", "HTTP/1.1 200 OK", "Content-Length: 1",
         "Connection: close", "", "tea",
         findings=[('after the end: "ea"', "RFC 9112 §9.2")], connection="closed", then=()),
    case("200, cut off", "HTTP/1.1 200 OK", "Content-Length: 5", "", "tea",
         findings=[("it breaks off after 3 bytes", "RFC 9112 §8")], connection="lost", then=()),
    case("200, cut off in a chunk", "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "",
         "2\r\nte\r\n5\r\na",
         findings=[("it breaks off after 3 bytes", "RFC 9112 §8")], connection="lost", then=()),
    case("200 of broken chunks", "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "",
         "3\r\ntea\r\nx\r\n",
         findings=[("it breaks off after 3 bytes", "RFC 9112 §8")], connection="lost", then=()),
    # Slow is legal.
    case("200, late", "HTTP/1.1 200 OK", "Content-Length: 5", "", "tea",
         connection="not asked", then=(HOLD,), timeout=SHORT),
    case("200 with two lengths", "HTTP/1.1 200 OK", "Content-Length: 3", "Content-Length: 5", "",
         "tea",
         findings=[("length and coding: 3, 5", "RFC 9112 §6.3")], connection="lost", then=()),
    case("200 with a length and a coding", "HTTP/1.1 200 OK", "Content-Length: 3",
         "Transfer-Encoding: chunked", "", "3\r\ntea\r\n0\r\n\r\n",
         findings=[("Content-Length: 3, Transfer-Encoding: chunked", "RFC 9112 §6.2")]),
    case("HEAD with a length and a coding", "HTTP/1.1 200 OK", "Content-Length: 3",
         "Transfer-Encoding: chunked", "", method="HEAD",
         findings=[("Content-Length: 3, Transfer-Encoding: chunked", "RFC 9112 §6.2")]),
    case("200 of compressed chunks", "HTTP/1.1 200 OK", "Transfer-Encoding: gzip,", "  chunked", "",
         "3\r\ntea\r\n0\r\n\r\n"),
    case("200 of compressed chunks, in two lines", "HTTP/1.1 200 OK", "Transfer-Encoding: gzip",
         "Transfer-Encoding: Chunked", "", "3\r\ntea\r\n0\r\n\r\n"),
    # It ends with the connection (RFC 9112 §6.3).
    case("200 with another coding", "HTTP/1.1 200 OK", "Transfer-Encoding: gzip", "", "tea",
         connection="lost", then=()),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_found(case: Case) -> None:
    with Peer([READ, case.sent, *case.then]) as peer:
        report = probe(peer.url, case.method, next_path="/next", timeout=case.timeout, pause=0.01)
    assert seen(report) == case.findings
    assert report.connection == case.connection
    # All that came is there, and each byte once.
    parts = [*report.interim, report.answer]
    came = b"".join(part.head + part.raw_content for part in parts) + report.stray
    assert came == case.sent
    if report.connection == "kept":
        assert report.next_answer
        assert report.next_answer.content == b"next"
    else:
        assert report.next_answer is None
    assert report.next_stray == b""


@pytest.mark.parametrize(
    ("status_code", "length", "requirement"),
    [
        (204, b"0", NO_LENGTH_OF_0),
        (204, b"00", NO_LENGTH_OF_0),
        (204, b"5", NO_LENGTH),
        (204, b"", NO_LENGTH),
        (204, b"X", NO_LENGTH),
        (205, b"5", EMPTY_RESET),
        (205, b"0X", EMPTY_RESET),
        (205, b"0\xa0", EMPTY_RESET),  # which is a space to Unicode
        (205, b"0 ,\t0", ONE_LENGTH),
    ],
)
def test_a_length_is_told_of_with_what_comes_of_it(
    status_code: int, length: bytes, requirement: Requirement
) -> None:
    report = asked([READ, b"HTTP/1.1 %d Odd\r\nContent-Length: %b\r\n\r\n" % (status_code, length)])
    finding = Finding(requirement, f"Content-Length: {length.decode('latin-1')}")
    assert report.findings[0] == finding


@pytest.mark.parametrize(
    ("sent", "content", "ending"),
    [
        (b"Content-Length: 3\r\n\r\ntea", b"tea", "complete"),
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\nt\r\n2\r\nea\r\n0\r\n\r\n", b"tea", "complete"),
        (b"\r\ntea", b"tea", "complete"),
        (b"Content-Length: 5\r\n\r\ntea", b"tea", "cut off"),
        (b"Content-Length: 3, 5\r\n\r\ntea", b"", "not told"),
        (b"Transfer-Encoding:\r\n\r\ntea", b"", "not told"),
        (b"Transfer-Encoding:\n\ntea", b"", "not told"),
    ],
)
def test_the_content_is_that_by_its_framing(sent: bytes, content: bytes, ending: str) -> None:
    answer = asked([READ, b"HTTP/1.1 200 OK\r\n" + sent]).answer
    assert (answer.http_version, answer.status_code) == ("1.1", 200)
    assert (answer.content, answer.ending) == (content, ending)


@pytest.mark.parametrize("rest", [b"3", b"3\r", b"3\r\ntea", b"0\r", b"0\r\nA: b\r\n"])
def test_where_it_breaks_off_nothing_is_stray(rest: bytes) -> None:
    report = asked([READ, CHUNKS + rest])
    assert (report.answer.raw_content, report.stray) == (rest, b"")
    assert report.answer.ending == "cut off"


def test_trailers_may_be_as_long_as_a_head() -> None:
    long = CHUNKS + b"3\r\ntea\r\n0\r\nA: " + b"a" * 20_000
    answer = asked([READ, long, NAP, b"\r\n\r\n"]).answer
    assert (answer.content, answer.ending) == (b"tea", "complete")


def test_the_fields_are_as_they_came() -> None:
    head = (
        b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nset-COOKIE:b  =  2 \t\r\n"
        b"Cafe: \xc3\xa0\r\nFolded: a\r\n \t b\r\nEmpty:\r\nX: X\r\nSee: http://a:80/\r\n\r\n"
    )
    answer = asked([READ, head]).answer
    assert answer.head == head
    assert answer.headers == [
        ("Set-Cookie", "a=1"),
        ("set-COOKIE", "b  =  2"),
        ("Cafe", "\xc3\xa0"),  # of which one byte, alone, is a space to Unicode
        ("Folded", "a b"),
        ("Empty", ""),
        ("X", "X"),
        ("See", "http://a:80/"),
    ]
    assert answer.values("set-cookie") == ["a=1", "b  =  2"]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Give what tells that the probe waits for stray bytes."""
    event = Event()
    receive = Wire.receive

    def told(wire: Wire, seconds: float | None = None) -> bytes:
        if seconds is not None:
            event.set()
        return receive(wire, seconds)

    monkeypatch.setattr(Wire, "receive", told)
    return event


def test_a_late_body_within_the_pause_is_stray(waits: Event) -> None:
    def late(talk: Talk) -> None:
        assert waits.wait(SECONDS)
        time.sleep(0.02)  # the delay that is measured
        talk.connection.sendall(STALE)

    start = time.monotonic()
    report = asked([READ, NO_CONTENT, late], pause=SECONDS)
    assert report.stray == STALE
    assert report.stray_delay is not None
    assert 0.02 <= report.stray_delay <= time.monotonic() - start
    assert seen(report) == [
        (r'body: "HTTP/1.1 200 OK\r\nContent" and 19 bytes more', "RFC 9110 §6.4.1")
    ]
    assert report.connection == "lost"


def test_a_body_that_came_with_the_head_has_no_delay() -> None:
    report = asked([READ, b"HTTP/1.1 204 No Content\r\n\r\ntea"])
    assert (report.stray, report.stray_delay) == (b"tea", 0)


def test_late_bytes_before_the_end_are_waited_for(waits: Event) -> None:
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\nt"
    report = asked([READ, sent, NAP, b"ea"], pause=0)
    assert report.stray == b"tea"
    assert seen(report) == [('after the end: "tea"', "RFC 9112 §9.2")]
    assert report.connection == "closed"
    assert not waits.is_set()


def test_late_bytes_before_the_end_of_the_next_are_waited_for() -> None:
    report = asked([READ, NO_CONTENT, READ, NEXT, NAP, b"tea"], pause=0)
    assert report.next_answer
    assert report.next_stray == b"tea"
    assert seen(report) == [('after the next answer: "tea"', "RFC 9112 §9.2")]


def test_a_server_that_keeps_the_connection_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts = []
    settimeout = socket.socket.settimeout

    def noted(own: socket.socket, seconds: float) -> None:
        timeouts.append(seconds)
        settimeout(own, seconds)

    monkeypatch.setattr(socket.socket, "settimeout", noted)
    # Were it waited for in full, the peer would give up first.
    with Peer([READ, NO_CONTENT, READ, STALE, HOLD]) as peer:
        report = probe(peer.url, timeout=3 * SECONDS)
    assert (report.connection, report.findings) == ("kept", [])
    before, after = (seconds for seconds in timeouts if seconds < SECONDS)
    assert before == 0.25
    # What is late is waited for as long as the first answer took, too.
    assert after >= before


@pytest.mark.parametrize(
    ("late", "content", "finding"),
    [
        (STALE, b"stale", r'after the next answer: "HTTP/1.1 200 OK\r\nContent" and 37 bytes more'),
        (b"tea", None, r'as the next answer: "teaHTTP/1.1 200 OK\r\nCont" and 40 bytes more'),
        (
            b"?\r\n\r\n",
            None,
            r'as the next answer: "?\r\n\r\nHTTP/1.1 200 OK\r\nCo" and 42 bytes more',
        ),
        (
            b"HTTP/1.1 x\r\n\r\n",
            None,
            r'as the next answer: "HTTP/1.1 x\r\n\r\nHTTP/1.1 2" and 51 bytes more',
        ),
    ],
)
def test_a_body_later_than_the_pause_is_found_at_the_next_answer(
    late: bytes, content: bytes | None, finding: str
) -> None:
    def slower(talk: Talk) -> None:
        time.sleep(0.6)

    # What is late is waited for as long as the first answer took. Of what is no HTTP only the
    # beginning is read; so the finding shows what came at once.
    then: list[Step] = [late, NAP, NEXT] if content else [late + NEXT]
    report = asked([READ, slower, NO_CONTENT, READ, *then])
    assert report.connection == "kept"
    assert report.stray == b""
    assert (report.next_answer and report.next_answer.content) == content
    assert report.next_stray == (NEXT if content else late + NEXT)
    assert seen(report) == [(finding, "RFC 9112 §9.2")]


def test_no_answer_to_the_next_request_is_found() -> None:
    report = asked([READ, NO_CONTENT, READ, HOLD], timeout=SHORT)
    assert report.connection == "kept"
    assert report.next_answer is None
    assert seen(report) == [("as the next answer: nothing in time", "RFC 9112 §9.2")]


CONDITION = [("If-None-Match", '"tea"')]
OTHERS = [("Accept", "*/*")]


@pytest.mark.parametrize(
    ("method", "then", "findings"),
    [
        ("GET", [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"], []),
        ("GET", [READ, b"HTTP/1.1 200 OK\r\n\r\nhello"], []),
        ("HEAD", [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 05\r\n\r\n"], []),
        ("HEAD", [READ, b"HTTP/1.1 200 OK\r\n\r\n"], []),
        # It is not known what the length would be.
        ("GET", [READ, b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\ntea"], []),
        ("GET", [READ, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea"], []),
        ("GET", [READ, RESET], []),
        ("GET", [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea"], ["Content-Length: 5"]),
        ("GET", [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], ["Content-Length: 5"]),
        ("HEAD", [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"], ["Content-Length: 5"]),
    ],
)
def test_a_length_on_a_304_is_that_of_the_200(
    method: str, then: Sequence[Step], findings: list[str]
) -> None:
    not_modified = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
    with Peer([READ, not_modified], then) as peer:
        report = probe(peer.url, method, OTHERS + CONDITION, b"tea", pause=0.05)
    assert seen(report) == [(finding, "RFC 9110 §8.6") for finding in findings]
    conditional, unconditional = peer.received
    condition = b'If-None-Match: "tea"\r\n\r\ntea'
    assert conditional.endswith(b"Accept: */*\r\n" + condition)
    close = b"Connection: close\r\n\r\ntea"
    assert unconditional == conditional[: -len(condition)] + close


def test_the_server_of_the_200_is_not_waited_for() -> None:
    not_modified = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
    # Were it waited for in full, the peer would give up first.
    with Peer([READ, not_modified], [READ, STALE, HOLD]) as peer:
        report = probe(peer.url, "GET", CONDITION, timeout=3 * SECONDS)
    assert report.findings == []


def test_without_keep_alive_a_304_is_taken_as_it_is() -> None:
    with Peer([READ, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"]) as peer:
        report = probe(peer.url, headers=[("If-None-Match", '"tea"')], keep_alive=False)
    assert report.findings == []
    assert len(peer.received) == 1


def test_for_a_304_nothing_is_asked_twice_that_may_change_something() -> None:
    with Peer([READ, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"]) as peer:
        probe(peer.url, "POST", CONDITION, b"tea", pause=0.05)
    assert len(peer.received) == 1


# What comes is no answer. Each is told in one line.
NO_ANSWER = {
    "closed": ([READ], "the server closed the connection without an answer"),
    "reset": ([READ, RESET], "the server closed the connection without an answer"),
    "closed in the head": (
        [READ, b"HTTP/1.1 20"],
        'the server closed the connection without an answer, but it began with "HTTP/1.1 20"',
    ),
    "closed in the final head": (
        [READ, b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 20"],
        'the server closed the connection without an answer, but it began with "HTTP/1.1 20"',
    ),
    "no HTTP": (
        [READ, b'220 mail.example "ESMTP"\xff\r\n'],
        r'the answer is not HTTP/1.1, it begins with "220 mail.example "ESMTP"" and 3 bytes more',
    ),
    "another protocol": (
        [READ, b"HTTP/1.1 101\r\nUpgrade: tea\r\n\r\n"],
        "the answer is 101: the server changes the protocol",
    ),
    "a status that is none": (
        [READ, b"HTTP/1.1 tea\r\n\r\n"],
        "the answer is not HTTP/1.1: illegal status line: bytearray(b'HTTP/1.1 tea')",
    ),
    "an endless head": (
        [READ, b"HTTP/1.1 200 OK\r\nA: " + bytes(10_000_000).replace(b"\0", b"a")],
        "the head of the answer is longer than 65536 bytes",
    ),
}


@pytest.mark.parametrize(("script", "error"), NO_ANSWER.values(), ids=list(NO_ANSWER))
def test_no_answer_is_told_of(script: Sequence[Step], error: str) -> None:
    with pytest.raises(ProbeError) as raised:
        asked(script)
    assert str(raised.value) == error


def drip(talk: Talk) -> None:
    """Send a field that has no end, for as long as there is someone."""
    talk.connection.sendall(b"HTTP/1.1 200 OK\r\nA: ")
    while True:
        talk.connection.sendall(b"a")
        time.sleep(0.01)


@pytest.mark.parametrize("script", [[READ, HOLD], [READ, drip]])
def test_the_time_is_kept(script: Sequence[Step]) -> None:
    with pytest.raises(ProbeError, match=r"^no answer within 0\.3 s"):
        asked(script, timeout=0.3)


def test_the_time_is_kept_by_what_never_stops() -> None:
    def pour(talk: Talk) -> None:
        talk.connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        while True:
            talk.connection.sendall(b"a")

    report = asked([READ, pour], timeout=SHORT, limit=1 << 40, keep_alive=False)
    assert report.stray.startswith(b"aaa")


def endless(talk: Talk) -> None:
    while True:
        talk.connection.sendall(b"a" * 4096)


@pytest.mark.parametrize(
    ("head", "stray", "ending", "findings"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 0, "out of bounds", []),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", 0, "out of bounds", []),
        (CHUNKS + b"1\r\nt\r\nfffff\r\n", 0, "out of bounds", []),
        (
            b"HTTP/1.1 204 No Content\r\n\r\n",
            10_000 - 27,
            "complete",
            [('body: "aaaaaaaaaaaaaaaaaaaaaaaa" and 9949 bytes more', "RFC 9110 §6.4.1")],
        ),
    ],
)
def test_of_a_body_without_end_so_much_is_read(
    head: bytes, stray: int, ending: str, findings: list[tuple[str, str]]
) -> None:
    report = asked([READ, head, endless], limit=10_000)
    answer = report.answer
    assert len(answer.head + answer.raw_content + report.stray) == 10_000
    assert answer.content.strip(b"ta") == b""
    assert len(report.stray) == stray
    assert answer.ending == ending
    assert seen(report) == findings
    assert report.connection == "not asked"


def test_of_interim_responses_there_may_be_so_many() -> None:
    report = asked([READ, b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100 + NO_CONTENT])
    assert (len(report.interim), report.answer.status_code) == (100, 204)


def test_the_limit_is_reached_to_the_byte() -> None:
    script: list[Step] = [READ, NO_CONTENT + b"te", NAP, b"apot"]
    report = asked(script, limit=len(NO_CONTENT) + 3, pause=SECONDS)
    assert (report.stray, report.connection) == (b"tea", "not asked")


def test_interim_responses_without_end() -> None:
    with pytest.raises(ProbeError, match="more than 100 interim responses, and no final one"):
        asked([READ, b"HTTP/1.1 100 Continue\r\n\r\n" * 101])


def test_the_limit_is_told_of_in_a_head() -> None:
    with pytest.raises(ProbeError, match=r'^no answer within 5 bytes, but it began with "HTTP/"$'):
        asked([READ, NO_CONTENT], limit=5)


AGENT = f"User-Agent: wsgi-nocontent/{__version__}\r\n"


def sent(path: str = "", method: str = "GET", **options: Any) -> list[str]:
    """Give what is sent, request by request, with the port left out."""
    with Peer([READ, NO_CONTENT, READ, NEXT]) as peer:
        probe(peer.url + path, method, pause=0, **options)
    (received,) = peer.received
    requests = requests_in(received)
    assert b"".join(requests) == received
    return [request.decode().replace(f":{peer.port}", "") for request in requests]


HOST = "Host: 127.0.0.1\r\n"


def test_a_safe_request_is_repeated() -> None:
    first = f"GET /tea?a=b HTTP/1.1\r\n{HOST}{AGENT}Accept: */*\r\n"
    assert sent("tea?a=b#c", headers=[("Accept", "*/*")]) == [
        f"{first}\r\n",
        f"{first}Connection: close\r\n\r\n",
    ]


def test_of_a_repeated_request_the_body_and_its_fields_are_left_out() -> None:
    fields = [("content-type", "text/plain"), ("Expect", "100-continue")]
    given = "content-type: text/plain\r\nExpect: 100-continue\r\n"
    assert sent(method="GET", headers=fields, body=b"tea") == [
        f"GET / HTTP/1.1\r\n{HOST}{AGENT}Content-Length: 3\r\n{given}\r\ntea",
        f"GET / HTTP/1.1\r\n{HOST}{AGENT}Connection: close\r\n\r\n",
    ]


@pytest.mark.parametrize("body", [b"", b"tea"])
def test_after_what_may_change_something_options_is_asked(body: bytes) -> None:
    assert sent("tea", "POST", headers=[("a", "b")], body=body) == [
        f"POST /tea HTTP/1.1\r\n{HOST}{AGENT}Content-Length: {len(body)}\r\na: b\r\n\r\n"
        + body.decode(),
        f"OPTIONS /tea HTTP/1.1\r\n{HOST}{AGENT}a: b\r\nConnection: close\r\n\r\n",
    ]


def test_another_path_can_be_asked_next() -> None:
    assert sent("tea", "HEAD", headers=[("a", "b")], next_path="/next?c")[1] == (
        f"GET /next?c HTTP/1.1\r\n{HOST}{AGENT}Connection: close\r\n\r\n"
    )


def test_without_keep_alive_nothing_more_is_asked() -> None:
    assert sent(keep_alive=False) == [f"GET / HTTP/1.1\r\n{HOST}{AGENT}Connection: close\r\n\r\n"]


def test_after_a_given_close_nothing_more_is_asked() -> None:
    fields = [("connection", "x, Close")]
    assert sent(headers=fields) == [f"GET / HTTP/1.1\r\n{HOST}{AGENT}connection: x, Close\r\n\r\n"]


def test_given_fields_win() -> None:
    given = [("host", "tea.example"), ("USER-AGENT", "pot"), ("content-length", "3")]
    (request,) = sent(method="PUT", headers=given, body=b"tea", keep_alive=False)
    assert request == (
        "PUT / HTTP/1.1\r\nhost: tea.example\r\nUSER-AGENT: pot\r\ncontent-length: 3\r\n"
        "Connection: close\r\n\r\ntea"
    )


def test_a_given_coding_is_applied() -> None:
    # The peer takes the chunks for a request.
    with Peer([READ, READ, NO_CONTENT, READ, NEXT]) as peer:
        probe(peer.url, "POST", [("Transfer-Encoding", "chunked")], b"tea", pause=0)
    assert peer.received[0].decode().replace(f":{peer.port}", "") == (
        f"POST / HTTP/1.1\r\n{HOST}{AGENT}Transfer-Encoding: chunked\r\n\r\n"
        "3\r\ntea\r\n0\r\n\r\n"
        f"OPTIONS / HTTP/1.1\r\n{HOST}{AGENT}Connection: close\r\n\r\n"
    )


def test_an_answer_before_the_end_of_a_request_is_read() -> None:
    """So large a body that it is not sent in full, and a server that will not have it."""
    too_large = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
    answered = Event()

    def full(talk: Talk) -> None:
        assert answered.wait(SECONDS)

    with Peer([too_large, full]) as peer:
        report = probe(peer.url, "POST", body=bytes(1 << 24), keep_alive=False, timeout=SHORT)
        answered.set()
    assert report.answer.status_code == 413
