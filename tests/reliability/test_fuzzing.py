"""The seeds of the fuzzing, played without it, and whether its targets can fail."""

from __future__ import annotations

import importlib.util
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from reliability.fuzzing import CORPORA, TARGETS, __main__
from reliability.fuzzing.__main__ import fuzz
from reliability.fuzzing.middleware import middleware
from reliability.fuzzing.prober import command, prober
from tests.needs import lacks
from wsgi_nocontent import NoContentMiddleware
from wsgi_nocontent.cli import showing
from wsgi_nocontent.probe import http1, wire

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication

PLAYED = (middleware, prober, command)
SEEDS = [
    pytest.param(target, seed, id=f"{target.__name__}-{seed.name}")
    for target in PLAYED
    for seed in sorted(CORPORA[target.__name__].iterdir())
]
WITH_A_BODY = b"DELETE /items/1 list\n204 No Content\nContent-Length: 5\n\nnull\n"
STRAY = b"GET closed\nHTTP/1.1 204 No Content\r\n\r\ntea"


def test_every_target_is_played() -> None:
    assert {target.__name__ for target in PLAYED} == set(TARGETS)


@pytest.mark.parametrize(("target", "seed"), SEEDS)
def test_a_seed(target: Any, seed: Path) -> None:
    target(seed.read_bytes())


class TestABrokenMiddleware:
    def test_that_does_nothing(self) -> None:
        with pytest.raises(AssertionError, match="send null"):
            middleware(WITH_A_BODY, lambda app, **_: app)

    def test_that_keeps_every_request(self) -> None:
        kept = []

        def keeping(app: WSGIApplication, **options: Any) -> WSGIApplication:
            kept.append(app)
            return NoContentMiddleware(app, **options)

        with pytest.raises(AssertionError, match="no cycle"):
            middleware(WITH_A_BODY, keeping)

    def test_that_puts_another_iterable_in_place(self) -> None:
        def copying(app: WSGIApplication, **_: Any) -> WSGIApplication:
            return lambda environ, start_response: list(app(environ, start_response))

        with pytest.raises(AssertionError, match="very iterable"):
            middleware(b"GET / list\n200 OK\n\ntea", copying)

    def test_that_does_not_close(self) -> None:
        def iterating(app: WSGIApplication, **_: Any) -> WSGIApplication:
            return lambda environ, start_response: iter(app(environ, start_response))

        with pytest.raises(AssertionError, match="close"):
            middleware(b"GET / iterator\n200 OK\n\ntea", iterating)

    def test_that_changes_the_list_of_header_fields(self) -> None:
        def adding(app: WSGIApplication, **_: Any) -> WSGIApplication:
            def added(environ: Any, start_response: Any) -> Any:
                def start(status: str, headers: Any, *exc_info: Any) -> Any:
                    headers.append(("X-Tea", "green"))
                    return start_response(status, headers, *exc_info)

                return app(environ, start)

            return added

        with pytest.raises(AssertionError, match="header"):
            middleware(b"GET / list\n200 OK\n\ntea", adding)


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
