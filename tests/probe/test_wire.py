from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.probe.peer import HOLD, READ, RESET, SECONDS, Peer, Step
from wsgi_nocontent.probe import ProbeError, probe
from wsgi_nocontent.probe.wire import Target
from wsgi_nocontent.rules import HEAD, NO_CONTENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.probe.peer import Talk

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://a", Target("http", "a", 80, "a", "/")),
        ("https://a.example/b?c=d#e", Target("https", "a.example", 443, "a.example", "/b?c=d")),
        ("HTTP://a:81?b", Target("http", "a", 81, "a:81", "/?b")),
        ("http://[::1]:8080/b;c", Target("http", "::1", 8080, "[::1]:8080", "/b;c")),
    ],
)
def test_where_a_url_points_to(url: str, target: Target) -> None:
    assert Target.of(url) == target


KINDS = "a URL is http://host/path or https://host/path, in ASCII, not "


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "a:80",
        "ftp://a/",
        "ftp://a:21/",
        "http://",
        "http:///b",
        "http://:80/",
        "http://a:0/",
        "http://a:b/",
        "http://a:65536/",
        "http://[::1/",
        "http://a/b c",
        "http://a/b\nc",
        "http://a/\xe4",
    ],
)
def test_a_url_that_can_not_be_asked(url: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the whole of it is below
        probe(url)
    assert str(raised.value) == f"{KINDS}{url!r}"


# fmt: off
NOT_SENT: list[tuple[str, dict[str, Any], str]] = [
    ("http://me:secret@{}/", {},
     "credentials go into a header field, not into the URL 'http://me:secret@{}/'"),
    ("http://{}/", {"method": "CONNECT"},
     "CONNECT asks for a tunnel, and what comes through one is not HTTP"),
    ("http://{}/", {"method": "GE T"},
     "no request GE T '/' can be sent: Illegal method characters"),
    ("http://{}/", {"next_path": ""},
     "no request GET '' can be sent: Illegal target characters"),
    ("http://{}/", {"headers": [("a b", "c")]},
     "no request GET '/' can be sent: Illegal header name b'a b'"),
    ("http://{}/", {"headers": [("a", "b\r\nc")]},
     r"no request GET '/' can be sent: Illegal header value b'b\r\nc'"),
    ("http://{}/", {"headers": [("a", "\xe4")]}, "a request is sent in ASCII, not '\xe4'"),
    ("http://{}/", {"headers": [("Host", "a"), ("Host", "b")]},
     "no request GET '/' can be sent: Found multiple Host: headers"),
    ("http://{}/", {"headers": [("Content-Length", "5")], "body": b"tea"},
     "no request GET '/' can be sent: Too little data for declared Content-Length"),
    ("http://{}/", {"headers": [("Content-Length", "1")], "body": b"tea"},
     "no request GET '/' can be sent: Too much data for declared Content-Length"),
]
# fmt: on


@pytest.mark.parametrize(("url", "options", "error"), NOT_SENT)
def test_what_can_not_be_sent_is_not(url: str, options: dict[str, Any], error: str) -> None:
    with Peer([HOLD]) as peer, pytest.raises(ValueError) as raised:  # noqa: PT011
        probe(url.format(peer.authority), **options)
    assert str(raised.value) == error.format(peer.authority)
    assert b"".join(peer.received) == b""


def refusal(url: str, **options: Any) -> str:
    with pytest.raises(ProbeError) as raised:
        probe(url, **options)
    return str(raised.value)


def test_a_port_that_nobody_listens_at() -> None:
    with socket.socket() as taken:  # and so nobody else will
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = refusal(f"http://127.0.0.1:{port}/")
    assert error == f"127.0.0.1 port {port} can not be reached: connection refused"


def test_a_host_that_is_none() -> None:
    assert refusal("http://tea..example/") == "tea..example is not the name of a host"


def test_a_host_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # Nobody is asked: on some networks every name is known.
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refusal("https://tea.invalid/")
    assert error == "tea.invalid port 443 can not be reached: name or service not known"


def test_a_server_that_takes_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:  # one of them is in line, and there is no room for more
            each.setblocking(False)
            each.connect_ex(address)
        error = refusal(f"http://127.0.0.1:{address[1]}/", timeout=0.2)
        for each in waiting:
            each.close()
    assert error == f"127.0.0.1 port {address[1]} can not be reached within 0.2 s"


def test_by_default_a_server_has_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise socket.timeout

    monkeypatch.setattr(socket, "create_connection", never)
    error = refusal("http://tea.example/")
    assert error == "tea.example port 80 can not be reached within 10 s"


def test_tls(trusted: ssl.SSLContext) -> None:
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    sent = ANSWER + b"tea"
    agreed = []

    def note(talk: Talk) -> None:
        assert isinstance(talk.connection, ssl.SSLSocket)
        agreed.append(talk.connection.selected_alpn_protocol())

    with Peer([note, READ, sent], tls=trusted) as peer:
        report = probe(peer.url, keep_alive=False)
    assert agreed == ["http/1.1"]
    assert report.answer.head + report.stray == sent
    assert report.connection == "closed"


@pytest.mark.parametrize("insecure", [False, True])
def test_a_certificate_that_is_not_trusted(untrusted: ssl.SSLContext, insecure: bool) -> None:
    with Peer([READ, ANSWER], tls=untrusted) as peer:
        if insecure:
            assert probe(peer.url, insecure=True, keep_alive=False).answer.status_code == 204
        else:
            assert refusal(peer.url) == (
                f"no TLS with 127.0.0.1 port {peer.port}: unable to get local issuer certificate"
            )


def test_a_certificate_of_another_host(trusted: ssl.SSLContext) -> None:
    with Peer([READ, ANSWER], tls=trusted) as peer:
        error = refusal(f"https://localhost:{peer.port}/")
    assert error == (
        f"no TLS with localhost port {peer.port}: "
        "hostname mismatch, certificate is not valid for 'localhost'"
    )


def HELLO(talk: Talk) -> None:  # noqa: N802  a step, as in tests.probe.peer
    """Wait for the first bytes of TLS."""
    talk.until(bool)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        # Releases of OpenSSL and of Python differ in words.
        (
            [b"HTTP/1.1 400 Bad Request\r\n\r\n", HOLD],
            "wrong version number|record layer failure",
        ),
        ([HELLO, RESET], "connection reset by peer"),
        ([], r"unexpected eof while reading|eof occurred in violation.*|tls/ssl .* closed \(eof\)"),
    ],
)
def test_tls_with_a_server_that_has_none(script: Sequence[Step], why: str) -> None:
    with Peer(script) as peer:
        error = refusal(peer.url.replace("http", "https"))
    assert re.fullmatch(f"no TLS with 127.0.0.1 port {peer.port}: ({why})", error)


def test_of_the_words_of_tls_the_place_in_its_source_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ended(*_: object, **__: object) -> None:
        # So it says in Python 3.9.
        raise ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:1129)")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", ended)
    with Peer([HOLD]) as peer:
        error = refusal(peer.url.replace("http", "https"))
    assert error == (
        f"no TLS with 127.0.0.1 port {peer.port}: eof occurred in violation of protocol"
    )


def test_tls_that_never_comes() -> None:
    with Peer([HOLD]) as peer:
        error = refusal(peer.url.replace("http", "https"), timeout=0.2)
    assert error == f"no TLS with 127.0.0.1 port {peer.port} within 0.2 s"


@pytest.mark.parametrize(
    ("method", "status", "rule"),
    [("GET", b"204", NO_CONTENT), ("HEAD", b"204", NO_CONTENT), ("HEAD", b"200", HEAD),
     ("GET", b"404", None)],
)  # fmt: skip
def test_a_report_knows_its_rule(method: str, status: bytes, rule: object) -> None:
    with Peer([READ, b"HTTP/1.1 " + status + b" \r\nContent-Length: 0\r\n\r\n"]) as peer:
        report = probe(peer.url, method, keep_alive=False, timeout=SECONDS)
    assert report.rule is rule
    assert (report.url, report.method) == (peer.url, method)
