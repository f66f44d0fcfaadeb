"""The seeds of the fuzzing, played without it, and whether its targets can fail."""

from __future__ import annotations

import importlib.util
import re
import sys
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from reliability.fuzzing import CORPORA, TARGETS, __main__
from reliability.fuzzing.__main__ import fuzz
from reliability.fuzzing.middleware import middleware
from reliability.fuzzing.prober import command, prober
from tests.model import points
from tests.needs import lacks
from wsgi_nocontent import NoContentMiddleware, violation
from wsgi_nocontent.cli import showing
from wsgi_nocontent.middleware import _Body, _Withheld
from wsgi_nocontent.probe import http1, wire
from wsgi_nocontent.rules import HEAD
from wsgi_nocontent.violation import violation_by

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication

PLAYED = (middleware, prober, command)
SEEDS = [
    pytest.param(target, seed, id=f"{target.__name__}-{seed.name}")
    for target in PLAYED
    for seed in sorted(CORPORA[target.__name__].iterdir())
]
WITH_A_BODY = b"DELETE /items/1 a_list\n204 No Content\nContent-Length: 5\n\nnull\n"
UNTOUCHED = "a_response_with_content_is_untouched"
KNOWING = "the_answer_is_that_of_a_server_that_knows_the_rules"
STRAY = b"GET closed\nHTTP/1.1 204 No Content\r\n\r\ntea"


def test_every_target_is_played() -> None:
    assert {target.__name__ for target in PLAYED} == set(TARGETS)


@pytest.mark.parametrize(("target", "seed"), SEEDS)
def test_a_seed(target: Any, seed: Path) -> None:
    target(seed.read_bytes())


def broken_point(data: bytes) -> str:
    """Give the name of the point that an input finds broken."""
    with pytest.raises(AssertionError) as raised:
        middleware(data)
    return raised.traceback[-1].name


def put_in_place(monkeypatch: pytest.MonkeyPatch, application: Any) -> None:
    """Let the points try this one, which takes an application and the options."""
    monkeypatch.setattr(points, "NoContentMiddleware", application)


class TestABrokenMiddleware:
    def test_that_does_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        put_in_place(monkeypatch, lambda app, **_: app)
        assert broken_point(WITH_A_BODY) == "no_byte_of_body_goes_out_where_none_is_allowed"

    def test_that_keeps_every_request(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = []

        def keeping(app: WSGIApplication, **options: Any) -> WSGIApplication:
            def asked(environ: Any, start_response: Any) -> Any:
                kept.append(environ)
                return NoContentMiddleware(app, **options)(environ, start_response)

            return asked

        put_in_place(monkeypatch, keeping)
        assert broken_point(WITH_A_BODY) == "nothing_outlives_its_request"

    def test_that_puts_another_iterable_in_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def copying(app: WSGIApplication, **_: Any) -> WSGIApplication:
            return lambda environ, start_response: list(app(environ, start_response))

        put_in_place(monkeypatch, copying)
        assert broken_point(b"GET / a_list\n200 OK\n\ntea") == UNTOUCHED

    def test_that_does_not_close(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def iterating(app: WSGIApplication, **options: Any) -> WSGIApplication:
            wrapped = NoContentMiddleware(app, **options)
            return lambda environ, start_response: iter(wrapped(environ, start_response))

        put_in_place(monkeypatch, iterating)
        data = b"GET / a_closable\n204 No Content\n"
        assert broken_point(data) == "the_iterable_is_closed_once_and_errors_reach_the_server"

    def test_that_changes_the_list_of_header_fields(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def adding(app: WSGIApplication, **options: Any) -> WSGIApplication:
            def added(environ: Any, start_response: Any) -> Any:
                def start(status: str, headers: Any, *exc_info: Any) -> Any:
                    headers.append(("X-Tea", "green"))
                    return start_response(status, headers, *exc_info)

                return app(environ, start)

            return NoContentMiddleware(added, **options)

        put_in_place(monkeypatch, adding)
        data = b"GET / a_list\n204 No Content\n"
        assert broken_point(data) == "the_header_lists_of_the_app_stay_as_they_are"

    def test_that_adds_one_to_the_length_of_head(self, monkeypatch: pytest.MonkeyPatch) -> None:
        parted_headers = _Withheld.parted_headers

        def parted(withheld: Any, strip_headers: frozenset[str]) -> Any:
            withheld.body_size += withheld.rule is HEAD
            return parted_headers(withheld, strip_headers)

        monkeypatch.setattr(_Withheld, "parted_headers", parted)
        assert broken_point(b"HEAD / a_list\n200 OK\n\ntea") == KNOWING

    def test_that_reports_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(NoContentMiddleware, "_report", lambda *_: None)
        assert broken_point(WITH_A_BODY) == KNOWING

    def test_that_reports_another_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def of_another_size(*response: Any) -> Any:
            found = violation_by(*response)
            return found and found._replace(body_size=found.body_size + 1)

        monkeypatch.setattr("wsgi_nocontent.middleware.violation_by", of_another_size)
        assert broken_point(WITH_A_BODY) == KNOWING

    def test_that_asks_an_ended_iterator_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def body(chunks: Any, iterable: Any) -> Any:
            return _Body(chain(chunks, iterable), iterable)

        monkeypatch.setattr("wsgi_nocontent.middleware._Body", body)
        assert broken_point(b"GET / a_closable lazy\n200 OK") == UNTOUCHED

    def test_that_tells_of_a_violation_in_two_lines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(violation, "_shown", str)
        data = b"GET / a_list\n204\rNo Content\n\nnull"
        assert broken_point(data) == "a_violation_is_told_in_one_line"


class TestABrokenProbe:
    def test_that_raises_what_it_should_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http1, "_closes", lambda answer: int(answer.http_version))
        with pytest.raises(ValueError, match="invalid literal"):
            prober(STRAY)

    def test_that_does_not_close(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept: list[Any] = []
        monkeypatch.setattr(wire.Wire, "__exit__", lambda self, *_: kept.append(self._socket))
        with pytest.raises(AssertionError, match="left open"):
            prober(STRAY)
        for connection in kept:
            connection.close()

    def test_that_loses_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http1._Reader, "rest", lambda self, seconds: (b"", None))
        with pytest.raises(AssertionError, match="came"):
            prober(STRAY)

    def test_that_reads_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire.Wire, "allow_time", lambda self: setattr(self, "_deadline", 1e3))
        with pytest.raises(AssertionError, match=r"\d s$"):
            prober(b"GET held\nHTTP/1.1 200 OK\r\n\r\n")

    def test_that_shows_what_a_terminal_obeys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(showing, "_escaped", str)
        with pytest.raises(AssertionError, match="x9b"):
            command(b"GET closed\nHTTP/1.1 204 No Content\r\nContent-Length: \x9b31m\r\n\r\n")


class TestALeak:
    def test_that_goes_on_is_a_find(self) -> None:
        assert grows_until(1 << 20)

    def test_that_comes_to_an_end_is_none(self) -> None:
        assert not grows_until(2000)


def grows_until(size: int) -> bool:
    """Whether it is a find that each input leaves something behind until there is so much."""
    needs_atheris()
    from reliability.fuzzing.child import WINDOWS, without_leak  # noqa: PLC0415

    kept: list[object] = []

    def keep(data: bytes) -> None:
        if len(kept) < size:
            kept.append([data])

    play = without_leak(keep, window=1000)
    with suppress(AssertionError):
        for _ in range(2 * WINDOWS * 1000):
            play(b"tea")
        return False
    return True


class TestARun:
    def test_without_a_find(self, capsys: pytest.CaptureFixture[str]) -> None:
        needs_atheris()
        assert fuzz("middleware", seconds=1, seed=1) is False
        out = capsys.readouterr().out
        assert re.fullmatch(
            r"middleware: [1-9]\d* executions in [1-9]\d* s, [1-9]\d* edges covered, "
            r"\d+ seeds grown to [1-9]\d* inputs\n",
            out,
        )

    def test_with_a_find(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        needs_atheris()
        # No input takes less.
        monkeypatch.setattr(__main__, "MEGABYTES", 1)
        monkeypatch.setattr(__main__, "FINDS", tmp_path)
        monkeypatch.setattr(sys, "argv", ["fuzzing", "middleware", "--seconds", "10"])
        assert __main__.main() == 1
        [kept] = tmp_path.iterdir()
        assert f"child middleware {kept}\n" in capsys.readouterr().out

    @pytest.mark.parametrize(("required", "status"), [("", 0), ("1", 1)])
    def test_without_atheris(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        required: str,
        status: int,
    ) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        monkeypatch.setattr(sys, "argv", ["fuzzing"])
        monkeypatch.setenv("NOCONTENT_REQUIRE_ALL", required)
        assert __main__.main() == status
        assert "nothing was fuzzed" in capsys.readouterr().out


def needs_atheris() -> None:
    if importlib.util.find_spec("atheris") is None:
        lacks("atheris")
