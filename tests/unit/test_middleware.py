"""What must hold of the middleware for every PEP 3333 application and server."""

from __future__ import annotations

import contextlib
import copy
import gc
import io
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper

import pytest

from tests.linters import LINTERS
from tests.unit.forms import CHUNKS, FORMS, endless
from tests.unit.server import (
    Oops,
    Recorded,
    Server,
    environ_for,
    over_wsgiref,
    restart,
    run,
)
from wsgi_nocontent import NoContentError, NoContentMiddleware, Violation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from tests.unit.conftest import Wrap

CONTENT = b"".join(CHUNKS)
JSON = ("Content-Type", "application/json")
COOKIES = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
BODY_FIELDS = [("Content-Length", "4"), ("Transfer-Encoding", "chunked")]
NO_CONTENT_STATUSES = ["100 Continue", "103 Early Hints", "199 Odd", "204 No Content"]
ALL_WITHOUT_CONTENT = [*NO_CONTENT_STATUSES, "205 Reset Content", "304 Not Modified"]
SECOND_TIME = r"^start_response\(\) was called a second time without exc_info \(PEP 3333\)$"


def sets(status: str) -> list[tuple[str, str]]:
    """Give the header fields that a status without content has put on."""
    return [("Content-Length", "0")] if status.startswith("205") else []


each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


class TestRuleTable:
    """Which body and which header fields go out."""

    @each_form
    @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
    @pytest.mark.parametrize("status", [*NO_CONTENT_STATUSES, "304 Not Modified"])
    def test_1xx_204_and_304_lose_body_length_and_coding(
        self, wrap: Wrap, form: Any, status: str, method: str
    ) -> None:
        server = run(wrap(form(status, [JSON, *BODY_FIELDS, *COOKIES])), method)
        assert (server.status, server.headers) == (status, [JSON, *COOKIES])
        assert server.body == b""

    def test_a_status_may_lack_its_reason_phrase(self) -> None:
        server = run(NoContentMiddleware(FORMS["a_list"]("204", BODY_FIELDS)))
        assert (server.status, server.headers, server.body) == ("204", [], b"")

    @each_form
    @pytest.mark.parametrize("method", ["POST", "HEAD"])
    @pytest.mark.parametrize("lengths", [[], BODY_FIELDS, [("content-length", "0")] * 2])
    def test_205_has_exactly_one_length_of_0(
        self, wrap: Wrap, form: Any, lengths: Any, method: str
    ) -> None:
        server = run(wrap(form("205 Reset Content", [*lengths, JSON])), method)
        assert server.headers == [JSON, ("Content-Length", "0")]
        assert server.body == b""

    @each_form
    @pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Internal Server Error"])
    def test_head_keeps_the_length_and_loses_the_body(
        self, wrap: Wrap, form: Any, status: str
    ) -> None:
        server = run(wrap(form(status, [JSON, *BODY_FIELDS])), "HEAD")
        assert (server.status, server.headers) == (status, [JSON, ("Content-Length", "4")])
        assert server.body == b""

    @pytest.mark.parametrize("form", ["a_list", "a_tuple", "write_and_a_list"])
    def test_head_is_given_the_length_of_a_list_or_tuple(self, lint: Any, form: str) -> None:
        # A linter within would put an iterable of its own in place of the list.
        server = run(lint(NoContentMiddleware(FORMS[form]("200 OK", [JSON]))), "HEAD")
        assert server.headers == [JSON, ("Content-Length", "4")]
        assert server.body == b""

    @pytest.mark.parametrize("form", ["an_iterator", "a_lazy_generator", "a_file_wrapper"])
    def test_head_is_given_no_length_that_is_not_known(self, wrap: Wrap, form: str) -> None:
        assert run(wrap(FORMS[form]("200 OK", [JSON])), "HEAD").headers == [JSON]

    def test_the_length_of_a_head_is_that_of_the_page_after_a_restart(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            write = start_response("200 OK", [])
            write(b"gone")
            restart(start_response, "500 Oops", [])
            write(b"so")
            return [b"rry"]

        server = run(NoContentMiddleware(app), "HEAD")
        assert (server.status, server.headers) == ("500 Oops", [("Content-Length", "5")])

    def test_head_goes_by_the_method_of_the_client(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            environ["REQUEST_METHOD"] = "GET"  # as those do that have no view for HEAD
            start_response("200 OK", [JSON])
            return [CONTENT]

        assert run(wrap(app), "HEAD").body == b""

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_what_the_app_does_to_its_list_later_is_not_sent(self, method: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            headers = [JSON]
            start_response("204 No Content", headers)
            headers.append(("X-Late", "1"))
            return []

        assert run(NoContentMiddleware(app), method).headers == [JSON]

    @pytest.mark.parametrize("name", ["content-length", "CONTENT-LENGTH", "Content-length"])
    def test_field_names_are_matched_in_any_case(self, wrap: Wrap, name: str) -> None:
        headers = [(name, "4"), JSON, (name.lower(), "5"), ("TRANSFER-encoding", "chunked")]
        assert run(wrap(FORMS["a_list"]("204 No Content", headers))).headers == [JSON]

    def test_strip_headers_takes_more_off_responses_without_content(self, wrap: Wrap) -> None:
        headers = [JSON, ("content-encoding", "gzip"), ("ETag", '"1"')]
        options = {"strip_headers": ("CONTENT-TYPE", "Content-Encoding")}
        for status in ALL_WITHOUT_CONTENT:
            server = run(wrap(FORMS["a_list"](status, headers), **options))
            assert server.headers == [("ETag", '"1"'), *sets(status)]
        for method, status in [("GET", "200 OK"), ("HEAD", "200 OK"), ("GET", "201 Created")]:
            server = run(wrap(FORMS["a_lazy_generator"](status, headers), **options), method)
            assert server.headers == headers

    @pytest.mark.parametrize("strict_lint", LINTERS.values(), ids=LINTERS)
    def test_with_strip_headers_the_linters_are_content_as_they_are(self, strict_lint: Any) -> None:
        for status in "204 No Content", "304 Not Modified":
            app = FORMS["a_list"](status, [JSON, *BODY_FIELDS])
            server = run(strict_lint(NoContentMiddleware(app, strip_headers=["Content-Type"])))
            assert server.headers == []


class TestResponsesWithContent:
    """They are handed on untouched."""

    @each_form
    @pytest.mark.parametrize("status", ["200 OK", "206 Partial Content", "301 Moved", "500 Oops"])
    def test_comes_out_as_it_went_in(self, wrap: Wrap, form: Any, status: str) -> None:
        headers = [JSON, *BODY_FIELDS[:1], *COOKIES]
        bare, wrapped = run(form(status, headers)), run(wrap(form(status, headers)))
        assert wrapped.heads == bare.heads == [(status, headers)]
        assert wrapped.chunks == bare.chunks
        assert wrapped.body == CONTENT

    @pytest.mark.parametrize(
        "iterable",
        [[b"page"], (b"page",), [], iter([b"page"]), FileWrapper(io.BytesIO(b"page"))],
        ids=lambda iterable: type(iterable).__name__,
    )
    def test_the_server_gets_the_very_iterable_and_header_list(self, iterable: Any) -> None:
        headers = [JSON]

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            assert start_response("200 OK", headers) == server.write
            return iterable  # type: ignore[no-any-return]

        server = Server()
        server.run(NoContentMiddleware(app))
        assert server.iterable is iterable
        assert server.headers is headers

    def test_a_server_still_sends_its_file_wrapper_by_sendfile(self) -> None:
        class Handler(SimpleHandler):
            sent_by_sendfile = False

            def sendfile(self) -> bool:
                self.sent_by_sendfile = True
                return False

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            with open(__file__, "rb") as file:
                return environ["wsgi.file_wrapper"](file)  # type: ignore[no-any-return]

        handler = Handler(io.BytesIO(), io.BytesIO(), io.StringIO(), environ_for())
        handler.run(NoContentMiddleware(app))
        assert handler.sent_by_sendfile

    def test_a_lazy_one_is_taken_chunk_by_chunk_as_the_server_asks(self) -> None:
        log: list[str] = []

        def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
            log.append("start")
            start_response("200 OK", [])
            yield from Recorded([b"a", b"", b"b", b"c"], log)

        body = NoContentMiddleware(app)(environ_for(), Server().start_response)
        assert log == ["start", "take a"]
        chunks = iter(body)
        assert next(chunks) == b"a"
        assert log == ["start", "take a"]
        assert next(chunks) == b""
        assert log == ["start", "take a", "take "]
        assert list(chunks) == [b"b", b"c"]

    def test_a_lazy_one_without_a_chunk_stays_without(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [JSON])
            yield from ()

        server = run(wrap(app))
        assert (server.status, server.chunks) == ("200 OK", [])

    def test_one_that_has_ended_is_not_asked_again(self) -> None:
        class App:
            """As in Werkzeug's tests: each time it is asked, it starts a response and ends."""

            def __init__(self, environ: Any, start_response: StartResponse) -> None:
                self.start_response = start_response

            def __iter__(self) -> Iterator[bytes]:
                return self

            def __next__(self) -> bytes:
                self.start_response("200 OK", [JSON])
                raise StopIteration

        server = run(NoContentMiddleware(App))
        assert (server.status, server.headers, server.chunks) == ("200 OK", [JSON], [])

    def test_exc_info_of_a_first_start_response_is_handed_on(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            restart(start_response, "500 Oops", [JSON])
            return [b"sorry"]

        server = run(wrap(app))
        assert [type(head[2]) for head in server.heads] == [Oops]
        assert server.body == b"sorry"

    @pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_an_iterable_may_have_getitem_alone(self, status: str, method: str) -> None:
        class Indexed:
            """As gunicorn's file wrapper is."""

            def __getitem__(self, index: int) -> bytes:
                return CHUNKS[index]

        def app(environ: Any, start_response: StartResponse) -> Any:
            start_response(status, [])
            return Indexed()

        has_content = (method, status) == ("GET", "200 OK")
        assert run(NoContentMiddleware(app), method).body == (CONTENT if has_content else b"")

    def test_one_that_never_starts_is_left_to_the_server(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            return Recorded([b"page"], log)

        log: list[str] = []
        with pytest.raises(AssertionError, match="a body before start_response"):
            run(NoContentMiddleware(app))
        assert log == ["take page", "close the app's"]

    def test_one_that_answered_on_the_socket_itself_may_return_what_its_server_knows(self) -> None:
        class AlreadyHandled:
            """As eventlet's is."""

            def __iter__(self) -> AlreadyHandled:
                return self

            def __next__(self) -> bytes:
                raise StopIteration

        answers: list[Any] = [AlreadyHandled(), [], ()]
        for iterable in answers:
            app = NoContentMiddleware(lambda environ, start_response: iterable)  # noqa: B023
            assert app(environ_for(), Server().start_response) is iterable

    def test_one_that_starts_too_late_is_left_to_the_server(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
            yield b""
            start_response("200 OK", [])
            yield b"page"

        start_response = Server().start_response
        assert list(NoContentMiddleware(app)(environ_for(), start_response)) == [b"", b"page"]


class TestHeaderList:
    @each_form
    @pytest.mark.parametrize("status", ["200 OK", *ALL_WITHOUT_CONTENT])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_that_of_the_app_is_never_changed(self, form: Any, status: str, method: str) -> None:
        headers = [JSON, *BODY_FIELDS, *COOKIES]
        before = copy.copy(headers)
        run(NoContentMiddleware(form(status, headers), strip_headers=["Set-Cookie"]), method)
        assert headers == before

    def test_that_of_a_head_without_length_neither(self) -> None:
        headers = [JSON]
        run(NoContentMiddleware(FORMS["a_list"]("200 OK", headers)), "HEAD")
        assert headers == [JSON]


def closing(
    log: list[str], status: str, chunks: Iterable[bytes] = CHUNKS, lazy: bool = False
) -> Any:
    """Make an application whose iterable notes its close()."""

    class Body(Recorded):
        def __iter__(self) -> Iterator[bytes]:
            if lazy:
                self.start_response(status, [])
            return super().__iter__()

        start_response: StartResponse

    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        body = Body(chunks, log)
        body.start_response = start_response
        if not lazy:
            start_response(status, [])
        return body

    return app


def failing_after(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise Oops("in the iterable")


class TestClose:
    """Called once, when the server does; at once where the server never can."""

    @pytest.mark.parametrize("lazy", [False, True], ids=["started in the call", "lazy"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize(
        "status", ["200 OK", "204 No Content", "205 Reset", "304 Not Modified"]
    )
    def test_happens_when_the_server_closes(
        self, wrap: Wrap, status: str, method: str, lazy: bool
    ) -> None:
        server = Server()
        server.run(wrap(closing(server.events, status, lazy=lazy)), method)
        assert server.events[-2:] == ["close", "close the app's"]
        assert server.events.count("close the app's") == 1

    @pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
    def test_an_iterable_without_it_gets_none(self, status: str) -> None:
        app = NoContentMiddleware(FORMS["a_lazy_generator"](status, []))
        assert hasattr(app(environ_for(), Server().start_response), "close")
        app = NoContentMiddleware(FORMS["an_iterator"](status, []))
        assert not hasattr(app(environ_for(), Server().start_response), "close")

    def test_happens_after_an_interruption_too(self) -> None:
        def interrupted() -> Iterator[bytes]:
            raise KeyboardInterrupt
            yield b""

        log: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            run(NoContentMiddleware(closing(log, "204 No Content", interrupted())))
        assert log == ["close the app's"]

    def test_happens_at_once_after_an_error_in_the_servers_start_response(self) -> None:
        def refuse(*_: Any) -> Any:
            raise Oops("in the server")

        log: list[str] = []
        with pytest.raises(Oops, match="in the server"):
            NoContentMiddleware(closing(log, "204 No Content"))(environ_for(), refuse)
        assert log == ["take nu", "close the app's"]

    def test_an_error_in_it_reaches_the_server(self, wrap: Wrap) -> None:
        class Body(Recorded):
            def close(self) -> None:
                super().close()
                raise Oops("in close()")

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [])
            return Body([b"null"], log)

        log: list[str] = []
        with pytest.raises(Oops, match=r"in close\(\)"):
            run(wrap(app))
        assert log == ["take null", "close the app's"]

    def test_an_error_in_it_does_not_hide_the_one_before(self) -> None:
        class Body(Recorded):
            def close(self) -> None:
                raise Oops("in close()")

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [])
            return Body(failing_after(), [])

        with pytest.raises(Oops, match=r"in close\(\)") as raised:
            run(NoContentMiddleware(app))
        assert str(raised.value.__context__) == "in the iterable"


class TestErrorsOfTheApp:
    """They reach the server, at whatever moment."""

    def test_in_the_call(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [])
            raise Oops("in the call")

        server = Server()
        with pytest.raises(Oops, match="in the call"):
            server.run(wrap(app))
        assert server.heads == []

    @pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
    @pytest.mark.parametrize("lazy", [False, True], ids=["started in the call", "lazy"])
    def test_at_the_first_chunk(self, wrap: Wrap, status: str, lazy: bool) -> None:
        log: list[str] = []
        with pytest.raises(Oops, match="in the iterable"):
            run(wrap(closing(log, status, failing_after(), lazy=lazy)))
        assert log == ["close the app's"]

    def test_after_the_first_chunk_of_a_response_with_content(self, wrap: Wrap) -> None:
        server = Server()
        with pytest.raises(Oops, match="in the iterable"):
            server.run(wrap(closing([], "200 OK", failing_after(b"a"), lazy=True)))
        assert server.body == b"a"

    def test_in_the_servers_start_response_for_a_response_with_content(self) -> None:
        def refuse(*_: Any) -> Any:
            raise Oops("in the server")

        with pytest.raises(Oops, match="in the server"):
            NoContentMiddleware(FORMS["a_list"]("200 OK", []))(environ_for(), refuse)

    def test_an_app_may_start_anew_after_the_server_refused_its_head(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            with pytest.raises(Oops):
                start_response("200 OK", [("Bad", "\n")])
            start_response("500 Oops", [])
            return [b"sorry"]

        def particular(status: str, headers: Any, *exc_info: Any) -> Any:
            if ("Bad", "\n") in headers:
                raise Oops
            return server.start_response(status, headers, *exc_info)

        server = Server()
        assert NoContentMiddleware(app)(environ_for(), particular) == [b"sorry"]
        assert server.status == "500 Oops"

    def test_an_app_that_returns_no_iterable(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Any:
            start_response("204 No Content", [])

        with pytest.raises(TypeError, match="not iterable"):
            run(NoContentMiddleware(app))


class TestFirstChunk:
    """Of a response without content one chunk is taken, and no more."""

    @pytest.mark.parametrize("status", ALL_WITHOUT_CONTENT)
    def test_an_endless_body_ends(self, wrap: Wrap, status: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(status, [])
            return endless(log)

        log: list[str] = []
        assert run(wrap(app)).body == b""
        assert log == ["take 0"]

    def test_so_does_a_lazy_one_to_head(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [JSON])
            yield from endless(log)

        log: list[str] = []
        assert run(wrap(app), "HEAD").body == b""
        assert log == ["take 0"]

    def test_an_empty_one_counts(self, wrap: Wrap) -> None:
        log: list[str] = []
        run(wrap(closing(log, "204 No Content", [b"", b"null"])))
        assert log == ["take ", "close the app's"]


class TestRestart:
    """start_response with exc_info, while nothing has been sent."""

    @pytest.mark.parametrize("lazy", [False, True], ids=["in the call", "at the first chunk"])
    @pytest.mark.parametrize("first", ALL_WITHOUT_CONTENT)
    def test_from_no_content_to_an_error_page(self, wrap: Wrap, first: str, lazy: bool) -> None:
        def body(start_response: StartResponse) -> Iterator[bytes]:
            restart(start_response, "500 Oops", [JSON])
            yield b"so"
            yield b"rry"

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(first, BODY_FIELDS)(b"gone")
            return body(start_response) if lazy else list(body(start_response))

        server = run(wrap(app))
        assert [head[:2] for head in server.heads] == [("500 Oops", [JSON])]
        assert server.body == b"sorry"

    def test_the_write_of_before_sends_the_error_page(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            write = start_response("204 No Content", [])
            write(b"gone")
            restart(start_response, "500 Oops", [JSON])
            write(b"so")
            return [b"rry"]

        server = run(wrap(app))
        assert (server.status, server.body) == ("500 Oops", b"sorry")

    @pytest.mark.parametrize("status", ALL_WITHOUT_CONTENT)
    def test_from_content_to_no_content(self, wrap: Wrap, status: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [JSON])
            restart(start_response, status, BODY_FIELDS)(b"nu")
            return [b"ll"]

        server = run(wrap(app))
        assert server.status == status
        assert server.headers == sets(status)
        assert server.body == b""

    def test_from_one_without_content_to_another(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [JSON])
            restart(start_response, "205 Reset Content", COOKIES)
            return [CONTENT]

        server = run(wrap(app))
        assert [head[:2] for head in server.heads] == [
            ("205 Reset Content", [*COOKIES, ("Content-Length", "0")])
        ]
        assert server.body == b""
        # A server that has sent something already is to raise it.
        assert isinstance(server.heads[0][2], Oops)

    @pytest.mark.parametrize("status", ALL_WITHOUT_CONTENT)
    @pytest.mark.parametrize("lazy", [False, True], ids=["started in the call", "lazy"])
    def test_to_no_content_fails_once_content_was_handed_on(
        self, wrap: Wrap, status: str, lazy: bool
    ) -> None:
        def body(start_response: StartResponse) -> Iterator[bytes]:
            if lazy:
                start_response("200 OK", [JSON])
            yield b""
            restart(start_response, status, [])
            yield CONTENT

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            if not lazy:
                start_response("200 OK", [JSON])
            return body(start_response)

        server = Server()
        with pytest.raises(Oops):
            server.run(wrap(app))
        assert server.body == b""

    def test_to_no_content_fails_after_a_restart_that_was_handed_on(self, wrap: Wrap) -> None:
        def body(start_response: StartResponse) -> Iterator[bytes]:
            restart(start_response, "500 Oops", [JSON])
            yield b""
            restart(start_response, "204 No Content", [])
            yield CONTENT

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [JSON])
            return body(start_response)

        with pytest.raises(Oops):
            run(wrap(app))

    def test_to_no_content_fails_once_content_was_written(self, wrap: Wrap) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [JSON])(b"page")
            restart(start_response, "204 No Content", [])(b"nu")
            return Recorded([b"ll"], log)

        log: list[str] = []
        server = Server()
        with pytest.raises(Oops):
            server.run(wrap(app))
        assert (server.status, server.body) == ("200 OK", b"page")
        assert log[-1] == "close the app's"

    def test_to_no_content_fails_in_close(self) -> None:
        class Body(Recorded):
            def close(self) -> None:
                restart(self.start_response, "205 Reset Content", [])

            start_response: StartResponse

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            body = Body([], [])
            body.start_response = start_response
            start_response("204 No Content", [])
            return body

        server = Server()
        with pytest.raises(Oops):
            server.run(NoContentMiddleware(app))
        assert [status for status, _ in server.heads] == ["204 No Content"]

    def test_the_error_reaches_a_server_that_reraises_what_it_handles(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [JSON])(b"page")
            restart(start_response, "204 No Content", [])
            return []

        for served in app, NoContentMiddleware(app):
            sent, log = over_wsgiref(served)  # such a server, from Python 3.11 on
            assert sent.endswith(b"\r\n\r\npage")
            assert "    raise Oops\n" in log
            assert log.rstrip().endswith("tests.unit.server.Oops")

    def test_the_write_of_before_fails_closed(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            write = start_response("200 OK", [JSON])
            restart(start_response, "204 No Content", [])
            write(b"page")
            return []

        server = Server()
        with pytest.raises(Oops):
            server.run(NoContentMiddleware(app))
        assert (server.status, server.body) == ("200 OK", b"page")

    def test_that_fails_with_the_traceback_of_what_went_wrong(self) -> None:
        def go_wrong() -> None:
            raise Oops

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            yield b""
            try:
                go_wrong()
            except Oops:
                start_response("204 No Content", [], sys.exc_info())

        with pytest.raises(Oops) as raised:
            run(NoContentMiddleware(app))
        assert raised.traceback[-1].name == "go_wrong"

    @pytest.mark.parametrize("first", ALL_WITHOUT_CONTENT)
    def test_from_no_content_hands_the_very_iterable_on(self, first: str) -> None:
        page = iter([b"sorry"])

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(first, [])
            restart(start_response, "500 Oops", [JSON])
            return page

        assert run(NoContentMiddleware(app)).iterable is page

    @pytest.mark.parametrize("status", ALL_WITHOUT_CONTENT)
    def test_back_to_no_content_while_nothing_was_handed_on(self, status: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [])
            restart(start_response, "500 Oops", [JSON])
            restart(start_response, status, BODY_FIELDS)
            return [CONTENT]

        server = run(NoContentMiddleware(app))
        assert (server.status, server.headers, server.body) == (status, sets(status), b"")

    def test_between_contents_hands_the_very_header_list_on(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            restart(start_response, "500 Oops", headers)
            return page

        headers = [JSON]
        page = [b"sorry"]
        server = run(NoContentMiddleware(app))
        assert server.headers is headers
        assert server.iterable is page

    def test_between_contents_after_hand_on_is_the_servers_affair(self, wrap: Wrap) -> None:
        def body(start_response: StartResponse) -> Iterator[bytes]:
            yield b""
            restart(start_response, "500 Oops", [JSON])
            yield b"sorry"

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [JSON])
            return body(start_response)

        server = run(wrap(app))
        assert (server.status, server.body) == ("500 Oops", b"sorry")


class TestSecondStartResponse:
    """Without exc_info it is an error (PEP 3333, The start_response() Callable)."""

    @pytest.mark.parametrize("second", ["200 OK", "204 No Content"])
    @pytest.mark.parametrize("first", ["200 OK", "204 No Content"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_raises_in_the_app(self, method: str, first: str, second: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(first, [])
            with pytest.raises(AssertionError, match=SECOND_TIME):
                start_response(second, [])
            raise Oops

        with pytest.raises(Oops):
            run(NoContentMiddleware(app), method)

    @pytest.mark.parametrize("second", ["200 OK", "204 No Content"])
    def test_so_it_does_once_content_was_handed_on(self, second: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [])
            yield b""
            with pytest.raises(AssertionError, match=SECOND_TIME):
                start_response(second, [])
            raise Oops

        with pytest.raises(Oops):
            run(NoContentMiddleware(app))


class TestNothingIsKept:
    def test_requests_on_many_threads_do_not_meet(self) -> None:
        all_in_the_app = threading.Barrier(8, timeout=20)

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            start_response("204 No Content" if path > "/3" else "200 OK", [("X-Path", path)])
            all_in_the_app.wait(10)
            return iter([path.encode()])

        def ask(path: str) -> None:
            servers[path] = run(wrapped, path=path)

        servers: dict[str, Server] = {}
        wrapped = NoContentMiddleware(app)
        threads = [threading.Thread(target=ask, args=[f"/{n}"]) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for path, server in servers.items():
            assert server.headers == [("X-Path", path)]
            assert server.body == (b"" if path > "/3" else path.encode())
        assert len(servers) == len(threads)

    @pytest.mark.parametrize("refuses", [False, True], ids=["", "a server that reraises"])
    @pytest.mark.parametrize("second", ["204 No Content", "500 Oops", None])
    @pytest.mark.parametrize("first", ["204 No Content", "200 OK"])
    @pytest.mark.parametrize("fails", [False, True], ids=["", "an app that fails"])
    @pytest.mark.parametrize("on_violation", [None, "raise"])
    def test_nothing_outlives_the_request(
        self, first: str, second: str | None, refuses: bool, on_violation: Any, fails: bool
    ) -> None:
        class Body(Recorded):
            """Can be referred to weakly."""

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            body = Body([b"a"], [])
            bodies.append(weakref.ref(body))
            start_response(first, [])
            if second:
                restart(start_response, second, [])
            if fails:
                raise Oops
            return body

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            try:
                if exc_info and refuses:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None

        def serve() -> None:
            wrapped = NoContentMiddleware(app, on_violation=on_violation)
            with contextlib.suppress(Oops, NoContentError):
                list(wrapped(environ_for(), start_response))

        bodies: list[weakref.ref[Body]] = []
        gc.disable()  # what is freed here is freed without its help
        try:
            serve()
        finally:
            gc.enable()
        assert [body() for body in bodies] == [None]

    def test_nor_where_close_restarts_what_has_failed(self) -> None:
        class Body:
            def __init__(self, start_response: StartResponse) -> None:
                self.start_response = start_response
                start_response("204 No Content", [])

            def __iter__(self) -> Iterator[bytes]:
                raise Oops

            def close(self) -> None:
                restart(self.start_response, "204 No Content", [])

        def serve() -> weakref.ref[Body]:
            bodies: list[Body] = []

            def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
                bodies.append(Body(start_response))
                return bodies[0]

            with contextlib.suppress(Oops):
                run(NoContentMiddleware(app))
            return weakref.ref(bodies.pop())

        gc.disable()
        try:
            assert serve()() is None
        finally:
            gc.enable()


class TestTraps:
    """What servers make of a body that is empty in one way or another."""

    @pytest.mark.parametrize("chunks", [[], [b""], [b"null"], (), (b"",)])
    def test_wsgiref_adds_no_length_to_a_204(self, chunks: Any) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [JSON])
            return chunks  # type: ignore[no-any-return]

        assert b"Content-Length" in over_wsgiref(app)[0]  # else this would test nothing
        assert over_wsgiref(NoContentMiddleware(app)) == (
            b"Status: 204 No Content\r\nContent-Type: application/json\r\n\r\n",
            "",
        )

    def test_a_list_of_another_kind_is_no_list(self) -> None:
        class Endless(List[bytes]):
            def __iter__(self) -> Iterator[bytes]:
                self.start_response("204 No Content", [])
                return endless(log)

            start_response: StartResponse

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            body = Endless([b"a"])
            body.start_response = start_response
            return body

        log: list[str] = []
        server = run(NoContentMiddleware(app))
        assert (server.status, server.body, log) == ("204 No Content", b"", ["take 0"])

    @pytest.mark.parametrize("empty", [[], (), [b""], (b"", b"")])
    def test_an_empty_list_that_answers_head_is_handed_on(self, empty: Any) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [JSON])
            return empty  # type: ignore[no-any-return]

        server = run(NoContentMiddleware(app), "HEAD")
        assert server.iterable is empty
        assert server.headers == [JSON]

    def test_not_where_something_was_written_before_it(self) -> None:
        server = run(NoContentMiddleware(FORMS["write"]("200 OK", [JSON])), "HEAD")
        assert not isinstance(server.iterable, list)
        assert server.headers == [JSON, ("Content-Length", "4")]


class TestViolations:
    def violations_of(self, app: Any, method: str = "GET", **environ: Any) -> list[Violation]:
        seen: list[Violation] = []
        run(NoContentMiddleware(app, on_violation=seen.append), method, **environ)
        return seen

    def test_the_record_says_which_view_did_what(self) -> None:
        app = FORMS["a_list"]("204 No Content", [("Content-Length", "4")])
        (violation,) = self.violations_of(app, "DELETE", path="/items/1", SCRIPT_NAME="/api")
        assert violation == Violation(
            method="DELETE",
            path="/api/items/1",
            status="204 No Content",
            content_length="4",
            body_size=4,
        )

    def test_a_request_may_lack_a_path(self) -> None:
        environ = environ_for()
        del environ["SCRIPT_NAME"], environ["PATH_INFO"]
        seen: list[Violation] = []
        app = NoContentMiddleware(FORMS["a_list"]("204 No Content", []), on_violation=seen.append)
        app(environ, Server().start_response)
        assert [violation.path for violation in seen] == [""]

    def test_the_record_is_immutable(self) -> None:
        violation = Violation("GET", "/", "204 No Content", None, 4)
        for name in "status", "anything":
            with pytest.raises(AttributeError):
                setattr(violation, name, "500 Oops")

    @pytest.mark.parametrize(
        ("form", "body_size"),
        [
            ("a_list", 4),
            ("a_tuple", 4),
            ("an_iterator", 2),
            ("a_lazy_generator", 2),
            ("a_file_wrapper", 2),
            ("write", 4),
            ("write_and_a_list", 4),
            ("write_and_a_generator", 4),
        ],
    )
    def test_the_size_is_of_all_that_was_seen(self, form: str, body_size: int) -> None:
        for status in ALL_WITHOUT_CONTENT:
            (violation,) = self.violations_of(FORMS[form](status, []))
            assert violation == Violation("GET", "/", status, None, body_size)

    @pytest.mark.parametrize(
        "length", ["5", " 5", "05", "-1", "+0", "0x0", "", "zero", "0.0", "0, 0", "0X", "0\v"]
    )
    def test_a_length_that_is_no_0_is_one_even_without_a_body(self, length: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(status, [("CONTENT-length", length)])
            return []

        for status in [*NO_CONTENT_STATUSES, "205 Reset Content"]:
            assert self.violations_of(app) == [Violation("GET", "/", status, length, 0)]

    def test_several_lengths_are_told_together(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [("Content-Length", "0"), ("content-length", "7")])
            return []

        assert [violation.content_length for violation in self.violations_of(app)] == ["0, 7"]

    @pytest.mark.parametrize("lengths", [[], ["0"], ["00"], [" 0\t"], ["0", "0"]])
    @pytest.mark.parametrize("status", ALL_WITHOUT_CONTENT)
    def test_a_length_of_0_is_mended_in_silence(self, status: str, lengths: list[str]) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(status, [("Content-Length", length) for length in lengths])
            return iter([b""])

        assert self.violations_of(app) == []

    def test_so_is_a_length_on_304(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("304 Not Modified", [("Content-Length", "512")])
            return []

        assert self.violations_of(app) == []

    @each_form
    def test_so_is_a_body_to_head_but_not_that_of_a_204(self, form: Any) -> None:
        assert self.violations_of(form("200 OK", BODY_FIELDS), "HEAD") == []
        (violation,) = self.violations_of(form("204 No Content", BODY_FIELDS), "HEAD")
        assert (violation.method, violation.status) == ("HEAD", "204 No Content")

    @each_form
    def test_a_response_with_content_is_none(self, form: Any) -> None:
        assert self.violations_of(form("200 OK", BODY_FIELDS)) == []

    def test_what_a_restart_replaced_is_none(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", BODY_FIELDS)(b"null")
            restart(start_response, "304 Not Modified", [])
            return []

        assert self.violations_of(app) == []

    def test_one_whose_path_makes_no_sense_is_told_of_too(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            environ["PATH_INFO"] = None
            start_response("204 No Content", [])
            return [b"null"]

        assert [violation.path for violation in self.violations_of(app)] == ["None"]

    def test_a_handler_may_be_interrupted(self) -> None:
        def interrupt(violation: Violation) -> None:
            raise KeyboardInterrupt

        log: list[str] = []
        app = NoContentMiddleware(closing(log, "204 No Content"), on_violation=interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(app)
        assert log == ["take nu", "close the app's"]


class TestOptions:
    """One of a wrong kind raises at construction, and says what is wanted."""

    app = staticmethod(FORMS["a_list"]("200 OK", []))

    @pytest.mark.parametrize("app", [None, 42, object()])
    def test_app(self, app: Any) -> None:
        with pytest.raises(TypeError) as raised:
            NoContentMiddleware(app)
        assert str(raised.value) == f"app must be a WSGI callable, not {app!r}"

    def test_an_import_string_is_for_wrap(self) -> None:
        with pytest.raises(TypeError, match=r"not 'app:app'; wrap\(\) takes an import string"):
            NoContentMiddleware("app:app")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("on_violation", "error"),
        [("warn", ValueError), ("LOG", ValueError), (True, TypeError), (["log"], TypeError)],
    )
    def test_on_violation(self, on_violation: Any, error: type[Exception]) -> None:
        wanted = 'on_violation must be "log", "raise", None or a callable'
        with pytest.raises(error, match=wanted) as raised:
            NoContentMiddleware(self.app, on_violation=on_violation)
        assert repr(on_violation) in str(raised.value)

    @pytest.mark.parametrize(
        ("strip_headers", "given", "error"),
        [
            ("Content-Type", "'Content-Type'", TypeError),
            (b"Content-Type", "b'Content-Type'", TypeError),
            (None, "None", TypeError),
            (7, "7", TypeError),
            ([b"ETag"], "b'ETag'", TypeError),
            (["ETag", None], "None", TypeError),
            ([""], "''", ValueError),
            (["Content-Type:"], "'Content-Type:'", ValueError),
            (["Content Type"], "'Content Type'", ValueError),
            (["ETäg"], "'ETäg'", ValueError),
        ],
    )
    def test_strip_headers(self, strip_headers: Any, given: str, error: type[Exception]) -> None:
        wanted = r'^strip_headers must be header field names, such as \("Content-Type",\)[,;] '
        with pytest.raises(error, match=wanted) as raised:
            NoContentMiddleware(self.app, strip_headers=strip_headers)
        assert str(raised.value).endswith(given)

    def test_strip_headers_takes_every_token(self) -> None:
        token = "!#$%&'*+-.^_`|~09azAZ"
        app = FORMS["a_list"]("204 No Content", [(token, "1"), JSON])
        assert run(NoContentMiddleware(app, strip_headers=[token])).headers == [JSON]

    @pytest.mark.parametrize("kind", [set, list, iter, dict.fromkeys])
    def test_strip_headers_takes_any_iterable_and_keeps_it_for_all_requests(
        self, kind: Any
    ) -> None:
        app = FORMS["a_list"]("204 No Content", [("ETag", '"1"'), JSON])
        wrapped = NoContentMiddleware(app, strip_headers=kind(["ETag"]))
        assert run(wrapped).headers == run(wrapped).headers == [JSON]

    def test_the_options_are_keyword_only(self) -> None:
        with pytest.raises(TypeError):
            NoContentMiddleware(self.app, "log")  # type: ignore[call-arg]
