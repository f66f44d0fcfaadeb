"""TestApp: WebTest's, but a response without content that has some is an error."""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import webtest

from demo.server import gunicorn
from tests.demos.sites import DEMOS, load
from tests.linters import be_lax_about_content_type
from tests.probe.peer import READ, Peer
from tests.unit.forms import FORMS
from wsgi_nocontent import NoContentError, NoContentMiddleware, Violation, testing
from wsgi_nocontent.probe import ProbeError
from wsgi_nocontent.testing import TestApp, assert_no_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication

    from demo.server import Server

TEXT = [("Content-Type", "text/plain")]


@pytest.fixture(autouse=True)
def _lax(monkeypatch: pytest.MonkeyPatch) -> None:
    be_lax_about_content_type(monkeypatch)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def bad() -> WSGIApplication:
    return FORMS["a_lazy_generator"]("204 No Content", [])


class TestOfAnApp:
    def test_it_is_webtests(self) -> None:
        app = TestApp(load(DEMOS["Flask"]), {"REMOTE_ADDR": "192.0.2.1"}, lint=False)
        assert isinstance(app, webtest.TestApp)
        assert app.extra_environ == {"REMOTE_ADDR": "192.0.2.1"}
        assert app.lint is False
        assert app.get("/items/2").json == {"name": "coffee"}
        app.get("/items/99", status=404)
        assert_no_content(app.get("/good_no_content", status=204))

    @pytest.mark.parametrize(
        ("framework", "method", "path"),
        [
            ("Flask", "POST", "/reset"),
            ("Flask", "GET", "/legacy/list"),
            ("Flask", "GET", "/legacy/generator"),
            ("Flask", "GET", "/legacy/write"),
            ("Django", "POST", "/reset"),
            ("Django", "GET", "/bad_no_content"),
            ("Django", "DELETE", "/items/99"),
        ],
    )
    def test_a_bad_view_raises(self, framework: str, method: str, path: str) -> None:
        app = TestApp(load(DEMOS[framework]), extra_environ={"HTTP_HOST": "localhost"})
        with pytest.raises(NoContentError) as raised:
            app.request(path, method=method)
        violation: Violation = raised.value.violation
        assert (violation.method, violation.path) == (method, path)

    @pytest.mark.parametrize("on_violation", ["log", None, lambda violation: None])
    def test_so_it_does_where_a_middleware_within_would_mend_it(self, on_violation: Any) -> None:
        """As with the application of a Django project's wsgi.py."""
        wrapped = NoContentMiddleware(bad(), on_violation=on_violation)
        for app in wrapped, NoContentMiddleware(wrapped):
            with pytest.raises(NoContentError):
                TestApp(app).get("/")
            assert webtest.TestApp(app).get("/").status_code == 204

    def test_the_app_can_be_looked_into(self) -> None:
        app = load(DEMOS["Flask"])
        assert TestApp(app).app.config is app.config  # type: ignore[attr-defined]
        with pytest.raises(AttributeError, match="no_such"):
            TestApp(app).app.no_such  # type: ignore[attr-defined]  # noqa: B018

    def test_webtest_says_what_else_it_takes(self) -> None:
        with pytest.raises(LookupError):
            TestApp("no_such_app")
        with pytest.raises(TypeError, match="app must be a WSGI callable, not None"):
            TestApp(None)  # type: ignore[arg-type]

    def test_pytest_does_not_take_it_for_a_test(self) -> None:
        assert TestApp.__test__ is False

    @pytest.mark.parametrize("app", [bad(), "http://127.0.0.1:1/"])
    def test_it_takes_what_webtest_takes(self, app: Any) -> None:
        taken = TestApp(app, {"REMOTE_ADDR": "192.0.2.1"}, lint=False)
        assert taken.extra_environ["REMOTE_ADDR"] == "192.0.2.1"
        assert taken.lint is False

    def test_the_module_has_nothing_else(self) -> None:
        assert testing.__all__ == ["TestApp", "assert_no_content"]
        assert testing.TestApp is TestApp
        with pytest.raises(AttributeError, match="has no attribute 'TestAp'"):
            testing.TestAp  # noqa: B018


@pytest.fixture(scope="module")
def bare() -> Iterator[Server]:
    with gunicorn("wsgi:bare", DEMOS["Flask"].directory) as server:
        yield server


class TestOfAUrl:
    """Over the wire, where an HTTP client would hide what there is."""

    def test_it_is_webtests(self, bare: Server) -> None:
        app = TestApp(bare.url)
        created = app.post_json("/items", {"name": "mate"}, status=201)
        path = created.headers["Location"]
        assert app.get(path).json == {"name": "mate"}
        assert app.head(path).content_length == app.get(path).content_length
        assert app.get("/export").text.startswith("1,tea\n")
        assert app.get("/report").content_type == "text/csv"
        assert app.get("/items/99", status=404).json == {"error": "no such item"}
        with pytest.raises(webtest.AppError, match="404"):
            app.get("/items/99")
        etag = app.get(path).headers["ETag"]
        assert_no_content(app.get(path, headers={"If-None-Match": etag}, status=304))
        assert_no_content(app.delete(path, status=204))
        app.get(path, status=404)

    @pytest.mark.parametrize(
        ("method", "path", "faults"),
        [
            ("GET", "/legacy/list", ["Content-Length: 4", 'body: "null"']),
            ("GET", "/legacy/generator", ["Content-Length: 4", 'body: "null"']),
            ("GET", "/legacy/write", ["Content-Length: 4", 'body: "null"']),
            ("POST", "/reset", ["Content-Length: 5", 'body: "null\\n"']),
        ],
    )
    def test_a_bad_view_raises(
        self, bare: Server, method: str, path: str, faults: list[str]
    ) -> None:
        status_code = 205 if path == "/reset" else 204
        with pytest.raises(AssertionError) as raised:
            TestApp(bare.url).request(path, method=method)
        asked, *told = str(raised.value).splitlines()
        assert asked == f"{method} {bare.url}{path} was answered {status_code}:"
        assert [line.partition(", but ")[0] for line in told] == faults
        assert all("(RFC 9110 §" in line for line in told)
        # An HTTP client leaves out what comes where it knows of no body.
        over_http: Any = webtest.TestApp(bare.url)
        assert over_http.request(path, method=method).status_int == status_code

    def test_a_request_is_made_once_and_as_it_is(self) -> None:
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
        with Peer([READ, answer]) as peer:
            app = TestApp(f"{peer.url}X/#fragment")
            app.set_cookie("a", "1")
            response = app.post("/caf%C3%A9?q=a%20b", "body", headers={"X-Odd": "1"})
        assert (response.status, response.text) == ("200 OK", "ok")
        (received,) = peer.received
        head, _, body = received.partition(b"\r\n\r\n")
        request_line, *fields = head.split(b"\r\n")
        assert request_line == b"POST /X/caf%C3%A9?q=a%20b HTTP/1.1"
        assert body == b"body"
        names = [field.partition(b":")[0].lower() for field in fields]
        assert len(names) == len(set(names))
        assert {b"x-odd", b"cookie", b"content-length", b"content-type"} <= set(names)
        assert f"Host: {peer.authority}".encode() in fields
        assert b"Connection: close" in fields

    def test_an_answer_in_chunks_is_put_together(self) -> None:
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\n0\r\n\r\n"
        )
        with Peer([READ, answer]) as peer:
            response = TestApp(peer.url).get("/")
        assert response.text == "ok"
        assert "Transfer-Encoding" not in response.headers

    def test_a_status_code_may_be_of_ones_own(self) -> None:
        answer = b"HTTP/1.1 299 Odd\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
        with Peer([READ, answer]) as peer:
            assert TestApp(peer.url).get("/").status == "299 Unknown"

    def test_an_answer_without_end_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wsgi_nocontent.testing.webtest.SECONDS", 0.2)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n"
        given_up = threading.Event()
        with Peer([READ, head + b"ok", lambda talk: given_up.wait(5), b"!"]) as peer:
            with pytest.raises(
                AssertionError, match=r"was answered 200:\nit has no end within 0\.2 s and"
            ):
                TestApp(peer.url).get("/")
            given_up.set()

    def test_nor_is_one_without_bounds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wsgi_nocontent.testing.webtest.BYTES", 1000)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3000\r\n\r\n"
        with Peer([READ, head + b"x" * 3000]) as peer, pytest.raises(
            AssertionError, match=r"it has no end within 60 s and 1000 bytes"
        ):
            TestApp(peer.url).get("/")

    def test_a_cookie_goes_where_a_redirect_leads(self) -> None:
        fields = "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n"

        def redirect(talk: Any) -> None:
            head = f"HTTP/1.1 302 Found\r\nLocation: {peer.url}home\r\nSet-Cookie: session=1\r\n"
            talk.connection.sendall((head + fields).encode())

        page = ("HTTP/1.1 200 OK\r\n" + fields).encode()
        with Peer([READ, redirect], [READ, page], [READ, page]) as peer:
            app = TestApp(peer.url)
            app.post("/login").follow()
            app.get("/")
        assert [b"\r\nCookie: session=1\r\n" in each for each in peer.received] == [
            *(False, True, True)
        ]

    def test_a_host_of_ones_own_is_asked_for(self) -> None:
        answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        with Peer([READ, answer]) as peer:
            app = TestApp(peer.url, {"HTTP_HOST": "tea.example"})
            assert app.get("/").status == "204 No Content"
        assert b"\r\nHost: tea.example\r\n" in peer.received[0]

    @pytest.mark.parametrize("app", ["http://nowhere.invalid", bad()])
    def test_webtests_own_variable_says_which(
        self, monkeypatch: pytest.MonkeyPatch, app: Any
    ) -> None:
        answer = b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nnull"
        with Peer([READ, answer]) as peer:
            monkeypatch.setenv("WEBTEST_TARGET_URL", peer.url)
            # By which WebTest would ask, and which is none of our needs.
            monkeypatch.setitem(sys.modules, "wsgiproxy", None)
            with pytest.raises(AssertionError, match="Content-Length: 4, but"):
                TestApp(app).get("/")
            assert os.environ["WEBTEST_TARGET_URL"] == peer.url

    def test_who_can_not_be_asked_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(ProbeError, match=f"127.0.0.1 port {port} .*refused"):
            TestApp(f"http://127.0.0.1:{port}").get("/")

    @pytest.mark.parametrize("url", ["http://", "http:/localhost", "https//localhost", "http"])
    def test_what_is_no_url_is_named_at_once(self, url: str) -> None:
        with pytest.raises(ValueError, match="a URL is http://host/path or") as raised:
            TestApp(url)
        assert repr(url) in str(raised.value)
