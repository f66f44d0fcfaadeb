"""What is done about a violation: logged once in full, or raised where it happens."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

import pytest

from tests.unit.forms import FORMS
from tests.unit.server import Oops, Recorded, Server, environ_for, restart, run
from wsgi_nocontent import NoContentError, NoContentMiddleware, Violation
from wsgi_nocontent.log import LIMIT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LENGTH = [("Content-Length", "4")]
EACH_STATUS = ["103 Early Hints", "204 No Content", "205 Reset Content", "304 Not Modified"]


def null(status: str = "204 No Content", headers: Any = LENGTH) -> Any:
    return FORMS["a_list"](status, headers)


class Handler(logging.Handler):
    """Hands each record on to a callable."""

    def __init__(self, emit: Callable[[logging.LogRecord], object]) -> None:
        super().__init__()
        self.emit = emit  # type: ignore[method-assign, assignment]


@contextmanager
def handling(emit: Callable[[logging.LogRecord], object]) -> Iterator[None]:
    """Let a callable have the records of the library's logger, from DEBUG on."""
    logger = logging.getLogger("wsgi_nocontent")
    handler = Handler(emit)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    records: list[logging.LogRecord] = []
    with handling(records.append):
        yield records


@pytest.fixture
def broken_handler() -> Iterator[None]:
    """Let the logger have a handler that does what handlers should not."""

    def choke(record: logging.LogRecord) -> None:
        raise Oops("in a handler")

    with handling(choke):
        yield


def levels(records: list[logging.LogRecord]) -> list[str]:
    return [record.levelname for record in records]


class TestLine:
    """What the log says, which is also what a Violation is as a string."""

    def test_it_names_the_request_the_fault_the_rule_and_the_remedy(self) -> None:
        violation = Violation("DELETE", "/items/1", "204 No Content", "15", 15)
        assert str(violation) == (
            'DELETE /items/1 answered "204 No Content" with Content-Length: 15 and 15 bytes of '
            "body (discarded). HTTP allows 1xx and 204 no content (RFC 9110 section 6.4.1, "
            "section 8.6; RFC 9112 section 6.1). Return an empty body, in Flask by "
            '"return \'\', 204", in Django by "return HttpResponse(status=204)", or return '
            "this body with another status, such as 200."
        )

    @pytest.mark.parametrize(
        ("length", "size", "fault"),
        [
            (None, 4, "with no Content-Length and 4 bytes of body (discarded)."),
            ("5", 0, "with Content-Length: 5 and 0 bytes of body (discarded)."),
            ("0, 7", 1, "with Content-Length: 0, 7 and 1 byte of body (discarded)."),
        ],
    )
    def test_it_tells_what_was_declared_and_what_was_there(
        self, length: Any, size: int, fault: str
    ) -> None:
        assert fault in str(Violation("GET", "/", "204 No Content", length, size))

    @pytest.mark.parametrize(
        ("status", "section", "code"),
        [
            # A view can not answer 1xx.
            ("102 Processing", "6.4.1", "204"),
            ("204 No Content", "6.4.1", "204"),
            ("205 Reset Content", "15.3.6", "205"),
            ("304 Not Modified", "15.4.5", "304"),
        ],
    )
    def test_rule_and_remedy_are_those_of_the_status(
        self, status: str, section: str, code: str
    ) -> None:
        violation = Violation("GET", "/", status, None, 4)
        assert f"section {section}" in str(violation)
        assert f"return '', {code}" in str(violation)
        assert f"status={code}" in str(violation)
        assert violation.rule.forbids_body

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            ("/a b\r\nWARNING: forged", "/a%20b%0D%0AWARNING:%20forged"),
            ("/\x1b[31m\x00\x7f\x85", "/%1B%5B31m%00%7F%85"),
            ("/caf\xc3\xa9/100%", "/caf%C3%A9/100%25"),
            ("/~me/a,b;c=1+@!$&'()*", "/~me/a,b;c=1+@!$&'()*"),
            ("/\u2028\udc80", "/%3F%3F"),  # which PEP 3333 does not allow
        ],
    )
    def test_a_path_is_as_in_the_url(self, path: str, shown: str) -> None:
        line = str(Violation("GET", path, "204 No Content", None, 4))
        assert line.startswith(f'GET {shown} answered "204 No Content" with')

    @pytest.mark.parametrize("field", ["method", "path", "status", "content_length"])
    @pytest.mark.parametrize("strange", ["\r\n\x1b[2J\x00\x7f\u2028\x85", "x" * 100_000, "\udc80"])
    def test_it_is_one_short_line_of_ascii_whatever_they_send(
        self, field: str, strange: str
    ) -> None:
        violation = Violation("GET", "/", "204 No Content", "4", 4)
        given = {field: getattr(violation, field) + strange}
        line = str(violation._replace(**given))
        line.encode("ascii")
        assert line.isprintable()
        assert len(line) < 1000

    def test_a_path_that_is_not_overlong_is_whole(self) -> None:
        path = "/" + "a" * 199
        assert f"GET {path} answered" in str(Violation("GET", path, "204 No Content", None, 4))

    def test_an_overlong_path_says_how_long_it_is(self) -> None:
        line = str(Violation("GET", "/" + "a" * 8000, "204 No Content", None, 4))
        assert f"GET /{'a' * 199}... (8001 characters) answered" in line


class TestLog:
    """The default. The logger is wsgi_nocontent."""

    def test_a_warning_has_the_line_and_the_violation(
        self, logged: list[logging.LogRecord]
    ) -> None:
        run(NoContentMiddleware(null()), "DELETE", "/items/1")
        (record,) = logged
        violation = Violation("DELETE", "/items/1", "204 No Content", "4", 4)
        assert (record.name, record.levelname) == ("wsgi_nocontent", "WARNING")
        assert record.getMessage() == str(violation)
        assert record.violation == violation  # type: ignore[attr-defined]
        assert not record.exc_info

    def test_the_same_again_is_for_debugging(self, logged: list[logging.LogRecord]) -> None:
        app = NoContentMiddleware(null(), on_violation="log")
        for _ in range(3):
            run(app, path="/a")
        assert levels(logged) == ["WARNING", "DEBUG", "DEBUG"]
        assert len({record.getMessage() for record in logged}) == 1
        assert all(record.violation.path == "/a" for record in logged)  # type: ignore[attr-defined]

    def test_method_path_and_status_make_the_difference(
        self, logged: list[logging.LogRecord]
    ) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(environ["status"], [("Content-Length", environ["length"])])
            return [b"null"]

        wrapped = NoContentMiddleware(app)
        for method in "GET", "DELETE":
            for path in "/a", "/b":
                for status in EACH_STATUS:
                    for length in "4", "5":
                        run(wrapped, method, path, status=status, length=length)
        assert levels(logged) == ["WARNING", "DEBUG"] * 16

    def test_no_line_is_made_that_nobody_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[str] = []

        def as_line(violation: Violation) -> str:
            made.append(violation.path)
            return "a line"

        monkeypatch.setattr(Violation, "__str__", as_line)
        monkeypatch.setattr(Violation, "__format__", lambda violation, _: as_line(violation))
        app = NoContentMiddleware(null())
        for path in "/a", "/a", "/b":
            run(app, path=path)
        assert made == ["/a", "/b"]

    def test_each_middleware_has_a_memory_of_its_own(self, logged: list[logging.LogRecord]) -> None:
        for _ in range(2):
            run(NoContentMiddleware(null()))
        assert levels(logged) == ["WARNING", "WARNING"]

    def test_a_flood_of_paths_ends_in_one_last_warning(
        self, logged: list[logging.LogRecord]
    ) -> None:
        app = NoContentMiddleware(null())
        for number in range(LIMIT):
            run(app, path=f"/{number}")
        run(app, path="/0")
        assert levels(logged) == ["WARNING"] * LIMIT + ["DEBUG"]
        for number in range(LIMIT, LIMIT + 50):
            run(app, path=f"/{number}")
        warnings = [record for record in logged if record.levelname == "WARNING"]
        assert len(warnings) == LIMIT + 1
        assert warnings[-1].getMessage() == (
            "1000 different requests were answered as HTTP does not allow; "
            "from now on each new one is logged by DEBUG"
        )
        assert warnings[-1].violation.path == f"/{LIMIT}"  # type: ignore[attr-defined]
        told = [record.violation.path for record in logged]  # type: ignore[attr-defined]
        assert set(told) == {f"/{number}" for number in range(LIMIT + 50)}
        logged.clear()
        run(app, path="/0")
        run(app, path="/another")
        assert levels(logged) == ["DEBUG", "DEBUG"]

    def test_its_memory_is_bounded(self) -> None:
        app = NoContentMiddleware(null())
        logger = logging.getLogger("wsgi_nocontent")
        logger.disabled = True
        try:
            for number in range(LIMIT * 3):
                run(app, path=f"/{number}" + "a" * 10_000)
        finally:
            logger.disabled = False
        # Pickled, it is as much as it holds.
        assert len(pickle.dumps(list(app._log._seen))) < 400 * LIMIT

    def test_of_many_threads_that_all_look_first_one_warns(
        self, logged: list[logging.LogRecord]
    ) -> None:
        together = threading.Barrier(4, timeout=20)

        class Slow(dict):  # type: ignore[type-arg]
            def __contains__(self, key: object) -> bool:
                found = super().__contains__(key)
                together.wait()
                return found

        app = NoContentMiddleware(null())
        app._log._seen = Slow()
        threads = [threading.Thread(target=run, args=(app,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(levels(logged)) == ["DEBUG", "DEBUG", "DEBUG", "WARNING"]

    def test_it_is_seen_where_logging_is_not_configured(self) -> None:
        done = in_a_new_process("")
        assert done.stderr.startswith('GET /forgotten answered "204 No Content" with')
        assert done.stderr.count("\n") == 1

    def test_a_configuration_that_disables_existing_loggers_does_not_disable_it(self) -> None:
        done = in_a_new_process(
            "import logging.config\n"
            "logging.config.dictConfig({\n"
            "    'version': 1,\n"
            "    'disable_existing_loggers': True,\n"
            "    'formatters': {'plain': {'format': '%(levelname)s %(name)s %(message)s'}},\n"
            "    'handlers': {'console': {'class': 'logging.StreamHandler', 'formatter': 'plain'}},"
            "    'root': {'handlers': ['console']},\n"
            "})\n"
        )
        assert done.stderr.startswith("WARNING wsgi_nocontent GET /forgotten answered")


def in_a_new_process(configuration: str) -> subprocess.CompletedProcess[str]:
    """Configure logging after the middleware was made, and let a view break a rule twice."""
    code = (
        "from tests.unit.forms import FORMS\n"
        "from tests.unit.server import run\n"
        "from wsgi_nocontent import NoContentMiddleware\n"
        "app = NoContentMiddleware(FORMS['a_list']('204 No Content', []))\n"
        f"{configuration}"
        "run(app, path='/forgotten')\n"
        "run(app, path='/forgotten')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )


class TestWhatFails:
    """Whatever fails in telling of a violation, the response goes out, and it is logged."""

    def test_a_callable(self, logged: list[logging.LogRecord]) -> None:
        def choke(violation: Violation) -> None:
            raise Oops("in the callable")

        server = run(NoContentMiddleware(null(), on_violation=choke))
        assert (server.status, server.headers, server.body) == ("204 No Content", [], b"")
        (record,) = logged
        assert (record.name, record.levelname) == ("wsgi_nocontent", "ERROR")
        assert record.getMessage().startswith(
            'on_violation failed, so nothing else tells of this: GET / answered "204 No Content"'
        )
        assert record.violation == Violation(  # type: ignore[attr-defined]
            "GET", "/", "204 No Content", "4", 4
        )
        assert record.exc_info
        assert record.exc_info[0] is Oops

    def test_a_callable_that_always_fails_can_not_flood_the_log(
        self, logged: list[logging.LogRecord]
    ) -> None:
        def choke(violation: Violation) -> None:
            raise Oops("in the callable")

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("204 No Content", [("Content-Length", environ["QUERY_STRING"])])
            return []

        wrapped = NoContentMiddleware(app, on_violation=choke)
        for length in "1", "1", "2":
            run(wrapped, QUERY_STRING=length)
        run(wrapped, "GET", "/else", QUERY_STRING="1")
        assert levels(logged) == ["ERROR", "DEBUG", "DEBUG", "ERROR"]

    @pytest.mark.usefixtures("broken_handler")
    def test_a_handler_is_told_of_in_the_servers_log(self) -> None:
        server, errors = Server(), io.StringIO()
        body = NoContentMiddleware(null())(
            {**environ_for(), "wsgi.errors": errors}, server.start_response
        )
        assert (list(body), server.headers) == ([b""], [])
        assert 'GET / answered "204 No Content" with' in errors.getvalue()
        assert "Oops: in a handler" in errors.getvalue()

    @pytest.mark.usefixtures("broken_handler")
    def test_so_is_one_that_is_to_be_told_of_a_callables_failure(self) -> None:
        def choke(violation: Violation) -> None:
            raise Oops("in the callable")

        errors = io.StringIO()
        app = NoContentMiddleware(null(), on_violation=choke)
        app({**environ_for(), "wsgi.errors": errors}, Server().start_response)
        assert "Oops: in the callable" in errors.getvalue()
        assert "Oops: in a handler" in errors.getvalue()

    @pytest.mark.usefixtures("broken_handler")
    @pytest.mark.parametrize("errors", [None, open])
    def test_and_that_log_may_fail_too(self, errors: Any) -> None:
        server = Server()
        environ = environ_for()
        del environ["wsgi.errors"]
        if errors:
            environ["wsgi.errors"] = errors
        assert list(NoContentMiddleware(null())(environ, server.start_response)) == [b""]
        assert server.status == "204 No Content"

    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
    def test_who_is_to_end_is_not_kept_from_it(self, interrupt: type[BaseException]) -> None:
        def choke(record: logging.LogRecord) -> None:
            raise interrupt

        for on_violation in "log", lambda violation: 1 / 0:
            with handling(choke), pytest.raises(interrupt):
                run(NoContentMiddleware(null(), on_violation=on_violation))


def start_then(way: str, log: list[str]) -> Any:
    """Give an application that notes in ``log`` how far it comes."""

    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        log.append("start")
        write = start_response("204 No Content", LENGTH if way == "length" else [])
        log.append("write")
        write(b"null" if way == "write" else b"")
        log.append("return")
        return Recorded([b"null"] if way == "body" else [], log)

    return app


class TestRaise:
    """For tests and development: the view that breaks the rule hears of it at once."""

    @pytest.mark.parametrize(
        ("way", "done", "violation"),
        [
            ("length", ["start"], Violation("GET", "/", "204 No Content", "4", 0)),
            ("write", ["start", "write"], Violation("GET", "/", "204 No Content", None, 4)),
            (
                "body",
                ["start", "write", "return", "take null", "close the app's"],
                Violation("GET", "/", "204 No Content", None, 4),
            ),
        ],
    )
    def test_it_raises_at_the_earliest_moment(
        self, way: str, done: list[str], violation: Violation
    ) -> None:
        log: list[str] = []
        server = Server()
        with pytest.raises(NoContentError) as raised:
            server.run(NoContentMiddleware(start_then(way, log), on_violation="raise"))
        assert raised.value.violation == violation
        assert str(raised.value) == str(violation)
        assert log == done
        assert server.heads == []
        through = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
        assert ("app" in through) == (way != "body")

    def test_a_traceback_points_into_a_lazy_generator(self) -> None:
        log: list[str] = []

        def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
            try:
                start_response("204 No Content", LENGTH)
                log.append("not here")
                yield b"null"
            finally:
                log.append("closed")

        with pytest.raises(NoContentError) as raised:
            run(NoContentMiddleware(app, on_violation="raise"))
        through = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
        assert "app" in through
        assert log == ["closed"]

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("status", EACH_STATUS)
    def test_each_form_of_body_is_one(self, form: str, status: str) -> None:
        with pytest.raises(NoContentError):
            run(NoContentMiddleware(FORMS[form](status, []), on_violation="raise"))

    def test_the_application_has_the_environ_of_the_server(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            seen.append(environ)
            start_response("200 OK", [])
            return []

        seen: list[Any] = []
        environ = environ_for()
        NoContentMiddleware(app, on_violation="raise")(environ, Server().start_response)
        assert seen[0] is environ

    def test_it_is_an_assertion_error_for_tests(self) -> None:
        violation = Violation("GET", "/", "204 No Content", "4", 0)
        error = NoContentError(violation)
        assert isinstance(error, AssertionError)
        for twin in pickle.loads(pickle.dumps(error)), copy.copy(error):
            assert (type(twin), twin.violation) == (NoContentError, violation)

    @pytest.mark.parametrize("form", FORMS)
    def test_what_breaks_no_rule_is_as_ever(self, form: str) -> None:
        for method, status in ("GET", "200 OK"), ("HEAD", "200 OK"), ("GET", "404 Not Found"):
            app = FORMS[form](status, [])
            strict = run(NoContentMiddleware(app, on_violation="raise"), method)
            mild = run(NoContentMiddleware(app), method)
            assert (strict.heads, strict.chunks) == (mild.heads, mild.chunks)

    @pytest.mark.parametrize("status", EACH_STATUS)
    def test_an_empty_response_is_right(self, status: str) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response(status, [("Content-Length", "0")])(b"")
            return [b""]

        assert run(NoContentMiddleware(app, on_violation="raise")).status == status

    @pytest.mark.parametrize("way", ["length", "write"])
    def test_an_error_page_may_follow(self, way: str) -> None:
        """As any error of a view, it may be answered by middleware within."""

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            try:
                return list(start_then(way, [])(environ, start_response))
            except NoContentError:
                restart(start_response, "500 Oops", [])(b"the error")
                return [b" page"]

        server = run(NoContentMiddleware(app, on_violation="raise"))
        assert (server.status, server.body) == ("500 Oops", b"the error page")

    def test_what_a_restart_has_replaced_is_none(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            write = start_response("204 No Content", [])
            restart(start_response, "500 Oops", [])
            write(b"the error page")
            return []

        server = run(NoContentMiddleware(app, on_violation="raise"))
        assert (server.status, server.body) == ("500 Oops", b"the error page")

    @pytest.mark.parametrize("way", ["length", "write", "body"])
    def test_watchers_are_told_once(self, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        seen: list[Violation] = []
        monkeypatch.setattr("wsgi_nocontent.watch.watchers", (seen.append,))
        with pytest.raises(NoContentError) as raised:
            run(NoContentMiddleware(start_then(way, []), on_violation="raise"))
        assert seen == [raised.value.violation]

    @pytest.mark.parametrize("way", ["length", "write"])
    def test_who_swallows_it_hears_of_it_again(
        self, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        seen: list[Violation] = []
        monkeypatch.setattr("wsgi_nocontent.watch.watchers", (seen.append,))

        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            try:
                return list(start_then(way, [])(environ, start_response))
            except NoContentError:
                return []

        server = Server()
        with pytest.raises(NoContentError):
            server.run(NoContentMiddleware(app, on_violation="raise"))
        assert server.heads == []
        # Watchers have heard of it.
        assert len(seen) == 1

    def test_watchers_are_told_of_another_status_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            with suppress(NoContentError):
                start_response("204 No Content", LENGTH)
            restart(start_response, "205 Reset Content", LENGTH)
            return []

        seen: list[Violation] = []
        monkeypatch.setattr("wsgi_nocontent.watch.watchers", (seen.append,))
        app_raises = NoContentMiddleware(app, on_violation="raise")
        environ = environ_for()
        for _ in range(2):  # an environ may be used again
            with pytest.raises(NoContentError):
                app_raises(environ, Server().start_response)
        assert [violation.status[:3] for violation in seen] == ["204", "205"] * 2

    def test_a_restart_to_a_status_without_content_is_judged_too(self) -> None:
        def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            restart(start_response, "204 No Content", LENGTH)
            return []

        with pytest.raises(NoContentError) as raised:
            run(NoContentMiddleware(app, on_violation="raise"))
        assert isinstance(raised.value.__context__, Oops)

    def test_nothing_is_logged(self, logged: list[logging.LogRecord]) -> None:
        with pytest.raises(NoContentError):
            run(NoContentMiddleware(null(), on_violation="raise"))
        assert logged == []
