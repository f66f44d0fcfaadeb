"""assert_no_content, with responses of each library that it takes."""

from __future__ import annotations

import http
import re
import subprocess
import sys
from itertools import count, repeat
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable

import django.http
import flask
import httpx
import pytest
import requests
import webob
import webtest
import werkzeug
from django.test import Client

from tests.demos.sites import DEMOS, load
from tests.probe.peer import READ, Peer
from wsgi_nocontent.testing import assert_no_content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication

    Headers = list[tuple[str, str]]
    Make = Callable[[int, Headers, bytes], Any]


def app_of(status_code: int, headers: Headers, body: bytes) -> WSGIApplication:
    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        start_response(f"{status_code} Odd", headers)
        return [body]

    return app


def of_webtest(status_code: int, headers: Headers, body: bytes) -> Any:
    app = webtest.TestApp(app_of(status_code, headers, body), lint=False)
    return app.get("/", status="*")


def of_webob(status_code: int, headers: Headers, body: bytes) -> Any:
    return webob.Response(status=status_code, headerlist=headers, app_iter=[body])


def of_werkzeugs_client(status_code: int, headers: Headers, body: bytes) -> Any:
    return werkzeug.Client(app_of(status_code, headers, body)).get("/")


def of_werkzeug(status_code: int, headers: Headers, body: bytes) -> Any:
    response = werkzeug.Response(body, status_code)
    response.headers.clear()
    response.headers.extend(headers)
    return response


def of_flasks_client(status_code: int, headers: Headers, body: bytes) -> Any:
    app = flask.Flask("careless")
    app.wsgi_app = app_of(status_code, headers, body)  # type: ignore[assignment, method-assign]
    return app.test_client().get("/")


def of_django(status_code: int, headers: Headers, body: bytes) -> Any:
    response = django.http.HttpResponse(body, status=status_code)
    for name, value in headers:
        response[name] = value
    return response


def of_django_as_a_stream(status_code: int, headers: Headers, body: bytes) -> Any:
    response = django.http.StreamingHttpResponse([body], status=status_code)
    for name, value in headers:
        response[name] = value
    return response


def of_requests(status_code: int, headers: Headers, body: bytes) -> Any:
    with Peer([READ, over_the_wire(status_code, headers, body)]) as peer, requests.Session() as own:
        own.trust_env = False
        return own.get(peer.url)


def of_httpx(status_code: int, headers: Headers, body: bytes) -> Any:
    with Peer([READ, over_the_wire(status_code, headers, body)]) as peer, httpx.Client(
        trust_env=False
    ) as client:
        return client.get(peer.url)


def of_httpx_in_process(status_code: int, headers: Headers, body: bytes) -> Any:
    transport = httpx.WSGITransport(app_of(status_code, headers, body))
    with httpx.Client(transport=transport) as client:
        return client.get("http://testserver/")


def over_the_wire(status_code: int, headers: Headers, body: bytes) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status_code} Odd\r\nConnection: close\r\n{fields}\r\n".encode() + body


IN_PROCESS: list[Make] = [
    *(of_webtest, of_webob, of_werkzeugs_client, of_werkzeug, of_flasks_client),
    *(of_django, of_django_as_a_stream, of_httpx_in_process),
]
OVER_THE_WIRE: list[Make] = [of_requests, of_httpx]
WITHOUT_CONTENT = [101, 204, 205, 304]

# httpx lets nobody have a 101 that was not asked for.
MADE = [
    (make, status_code)
    for make in IN_PROCESS + OVER_THE_WIRE
    for status_code in WITHOUT_CONTENT
    if (make, status_code) != (of_httpx, 101)
]

each_maker = pytest.mark.parametrize("make", IN_PROCESS + OVER_THE_WIRE)
each_that_can_be_made = pytest.mark.parametrize(("make", "status_code"), MADE)


@pytest.fixture(autouse=True)
def _django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    load(DEMOS["Django"])


def fault_of(response: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        assert_no_content(response)
    return str(raised.value)


@each_that_can_be_made
def test_a_response_without_content_passes(make: Make, status_code: int) -> None:
    assert_no_content(make(status_code, [("ETag", '"1"'), ("Content-Type", "text/x")], b""))


@each_maker
def test_a_205_may_say_that_it_is_empty(make: Make) -> None:
    assert_no_content(make(205, [("Content-Length", "0")], b""))


@each_maker
def test_a_304_may_have_the_length_of_its_200(make: Make) -> None:
    assert_no_content(make(304, [("Content-Length", "512")], b""))


@pytest.mark.parametrize("make", IN_PROCESS)
@pytest.mark.parametrize("status_code", WITHOUT_CONTENT)
def test_a_body_is_a_fault(make: Make, status_code: int) -> None:
    fault = fault_of(make(status_code, [], b"null\n"))
    assert fault.startswith(f"status {status_code} has content:\n")
    section = "§15.3.6" if status_code == 205 else "§6.4.1"
    assert re.search(rf'^body: "null\\n", but a .* \(RFC 9110 {section}\)$', fault, re.MULTILINE)


@pytest.mark.parametrize("make", OVER_THE_WIRE)
def test_so_it_is_where_a_client_shows_it(make: Make) -> None:
    fault = fault_of(make(205, [("Content-Length", "4")], b"null"))
    assert fault == (
        "status 205 has content:\n"
        "Content-Length: 4, but a 205 response has no content (RFC 9110 §15.3.6)\n"
        'body: "null", but a 205 response has no content (RFC 9110 §15.3.6)'
    )


@pytest.mark.parametrize(("make", "status_code"), [each for each in MADE if each[1] in (101, 204)])
@pytest.mark.parametrize("name", ["Content-Length", "content-length"])
def test_a_length_is_a_fault_on_1xx_and_204(make: Make, status_code: int, name: str) -> None:
    fault = fault_of(make(status_code, [(name, "5")], b""))
    assert re.fullmatch(
        f"status {status_code} has content:\n"
        # httpx spells names by itself.
        r"(?i:content-length): 5, but a 1xx or 204 response has no Content-Length "
        r"\(RFC 9110 §8\.6\)",
        fault,
    )


@pytest.mark.parametrize("make", IN_PROCESS + OVER_THE_WIRE)
@pytest.mark.parametrize("name", ["Content-Length", "content-length"])
def test_so_is_one_of_0_but_straight_from_a_framework(make: Make, name: str) -> None:
    """Django and Werkzeug put it there, and no WSGI middleware was asked yet."""
    response = make(204, [(name, "0")], b"")
    if make in (of_django, of_django_as_a_stream, of_werkzeug):
        assert_no_content(response)
    else:
        assert "content-length: 0, but" in fault_of(response).lower()


@pytest.mark.parametrize("make", [*IN_PROCESS, of_requests])
def test_so_is_a_coding(make: Make) -> None:
    body = b"0\r\n\r\n" if make is of_requests else b""
    fault = fault_of(make(204, [("Transfer-Encoding", "chunked")], body))
    assert "transfer-encoding: chunked, but a 1xx or 204 response has no" in fault.lower()
    assert "(RFC 9112 §6.1)" in fault


@each_maker
@pytest.mark.parametrize("length", ["5", "-1", ""])
def test_a_205_has_no_other_length_than_0(make: Make, length: str) -> None:
    if make is of_httpx and length != "5":
        with pytest.raises(httpx.RemoteProtocolError):
            make(205, [("Content-Length", length)], b"")
        return
    body = b"12345" if length == "5" and make in OVER_THE_WIRE else b""
    fault = fault_of(make(205, [("Content-Length", length)], body))
    assert f"Content-Length: {length}, but a 205 response has no content" in fault


def test_each_length_is_told() -> None:
    twice = [("Content-Length", "4"), ("Content-Length", "5")]
    for make in of_webtest, of_webob, of_werkzeug, of_flasks_client, of_httpx_in_process:
        fault = fault_of(make(204, twice, b"")).lower()
        assert "content-length: 4, but" in fault
        assert "content-length: 5, but" in fault


def test_a_205_has_one_length() -> None:
    twice = [("Content-Length", "0"), ("Content-Length", "0")]
    for make in of_webtest, of_webob, of_flasks_client, of_httpx_in_process:
        assert "Content-Length: 0, 0, but a response has one" in fault_of(make(205, twice, b""))


@pytest.mark.parametrize("make", IN_PROCESS)
def test_all_that_is_wrong_is_told(make: Make) -> None:
    fault = fault_of(make(204, [("Content-Length", "4"), ("Transfer-Encoding", "x")], b"null"))
    assert re.findall("^(.*?)(?=, but)", fault.lower(), re.MULTILINE) == [
        "content-length: 4",
        "transfer-encoding: x",
        'body: "null"',
    ]


@each_maker
@pytest.mark.parametrize("status_code", [200, 201, 404])
def test_a_status_that_allows_content_is_a_fault(make: Make, status_code: int) -> None:
    assert fault_of(make(status_code, [("Content-Length", "0")], b"")) == (
        f"status {status_code} allows content; "
        "1xx, 204, 205 and 304 do not (RFC 9110 §6.4.1, §15.3.6)"
    )


def test_a_body_is_shown_cut_and_escaped() -> None:
    fault = fault_of(of_webob(204, [], b"\x1b[31m" + b"x" * 1000))
    assert 'body: "\\x1b[31mxxxxxxxxxxxxxxxxxxx" and 981 bytes more, but' in fault


@pytest.mark.parametrize("library", [webob.Response, werkzeug.Response])
def test_a_body_without_end_is_found_out(library: Any) -> None:
    chunks = (b"%d" % number if number else b"" for number in count())
    response = library(chunks) if library is werkzeug.Response else library(app_iter=chunks)
    response.status_code = 204
    del response.headers["Content-Type"]
    assert 'body: "1"' in fault_of(response)


def test_only_what_was_declared_is_told() -> None:
    """WebOb declares the length of a body once it is read."""
    assert "Content-Length" not in fault_of(of_webob(204, [], b"null"))


def test_the_articles_good_view_passes_before_it_is_sent() -> None:
    app = flask.Flask("careful")
    with app.app_context():
        response = flask.make_response("", 204)
    assert response.headers["Content-Length"] == "0"
    assert_no_content(response)
    with app.app_context():
        assert "Content-Length: 5, but" in fault_of(flask.make_response(flask.jsonify(None), 204))


@pytest.mark.parametrize("library", [requests, httpx])
def test_a_stream_is_read(library: Any) -> None:
    for status_code, fault in (204, ""), (205, 'body: "null"'), (200, "allows content"):
        length = [("Content-Length", "4")] if status_code != 204 else []
        answer = over_the_wire(status_code, length, b"null")
        with Peer([READ, answer]) as peer:
            if library is requests:
                response = library.get(peer.url, stream=True)
                told = fault and fault_of(response)
                if not fault:
                    assert_no_content(response)
                response.close()
            else:
                with library.stream("GET", peer.url) as response:
                    told = fault and fault_of(response)
                    if not fault:
                        assert_no_content(response)
        assert fault in told


def test_the_traceback_ends_in_the_test() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_no_content(of_webob(200, [], b""))
    assert raised.traceback[-1].locals["__tracebackhide__"] is True


def test_a_status_code_may_be_an_http_status() -> None:
    response = of_httpx_in_process(204, [], b"")
    response.status_code = http.HTTPStatus.NO_CONTENT
    assert_no_content(response)
    assert "status 0 allows content" in fault_of(requests.Response())


ELSE = [
    *(None, 204, "204 No Content", object(), {"status_code": 204}, webob.Request.blank("/")),
    SimpleNamespace(status_code=204),
]


@pytest.mark.parametrize("response", [*ELSE, httpx.Client, webob.Response, repeat(b"")])
def test_it_says_what_it_takes(response: Any) -> None:
    with pytest.raises(TypeError) as raised:
        assert_no_content(response)
    assert str(raised.value) == (
        "assert_no_content takes a response of WebTest, WebOb, Werkzeug, Flask, Django, "
        f"requests or httpx, not {response!r}"
    )


class TestDjangosClient:
    """What it shows of the demo: it takes the body off 1xx, 204 and 304 by itself."""

    def asked(self, method: str, path: str, **headers: str) -> Any:
        return Client().generic(method, path, headers={"host": "localhost", **headers})

    def test_the_good_view_passes(self) -> None:
        response = self.asked("GET", "/good_no_content")
        assert response.headers["Content-Length"] == "0"
        assert_no_content(response)

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/bad_no_content"), ("DELETE", "/items/99"), ("POST", "/reset")],
    )
    def test_a_bad_view_fails_by_its_length(self, method: str, path: str) -> None:
        assert "Content-Length: 4, but" in fault_of(self.asked(method, path))

    def test_a_205_is_shown_with_its_body(self) -> None:
        assert 'body: "null"' in fault_of(self.asked("POST", "/reset"))

    def test_a_304_passes_though_its_body_would_go_out(self) -> None:
        response = self.asked("GET", "/items/2", **{"if-none-match": '"coffee"'})
        assert response.status_code == 304
        assert_no_content(response)


def test_it_needs_no_other_package() -> None:
    code = (
        "import sys\n"
        "from wsgi_nocontent.testing import assert_no_content\n"
        "foreign = {'webtest', 'webob', 'h11', 'django', 'flask', 'requests', 'httpx'}\n"
        "assert not foreign & set(sys.modules), foreign & set(sys.modules)\n"
        "sys.modules['webtest'] = None\n"
        "try:\n"
        "    from wsgi_nocontent.testing import TestApp\n"
        "except ModuleNotFoundError as error:\n"
        "    assert error.name == 'webtest'\n"
        "else:\n"
        "    raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
