"""What the servers in front of an app make of its responses without content.

They are asked by curl, which speaks HTTP/2 by nghttp2: that refuses a 204 with a length
(RFC 9110 §8.6), but lets one of 0 pass and drops it, for the sake of the many who send that.
And they are asked by our probe, which shows what this hides.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from http.client import parse_headers
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from demo.apps import ROOT, Exchange
from demo.server import gunicorn, started
from tests.fronts.fronts import FRONTS, make_certificate
from tests.needs import lacks, needed_program
from wsgi_nocontent.probe import probe
from wsgi_nocontent.requirements import NO_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from email.message import Message

    from demo.server import Server
    from tests.fronts.fronts import Front
    from wsgi_nocontent.probe import Report

    Serve = Callable[["Stack", str, tuple[str, ...]], Server]
    Before = Callable[[Server], AbstractContextManager[Server]]

GOOD = Exchange("GET", "/good_no_content")
BAD = Exchange("GET", "/bad_no_content")
ITEM = Exchange("GET", "/items/3")
RESET = Exchange("POST", "/reset")
NOT_MODIFIED = Exchange("GET", "/items/2", headers=(("If-None-Match", '"coffee"'),))


class Stack(NamedTuple):
    """An app and the server it runs in, without the middleware and with it."""

    name: str
    serve: Callable[[str, Sequence[str]], AbstractContextManager[Server]]
    bare: str
    wrapped: str
    null: bytes
    """What it makes of ``jsonify(None)``."""


def serve_2018(app: str, options: Sequence[str]) -> AbstractContextManager[Server]:
    python = Path(sys.prefix, "stack-2018", "bin", "python")
    if not python.exists():
        lacks(f"the article's releases on Python 3.7 in {python}, where 'make test' puts them")

    def command(port: int) -> list[str]:
        # gunicorn 19.9.0 cannot be run by its own name yet.
        module = [str(python), "-m", "gunicorn.app.wsgiapp"]
        return [*module, "--bind", f"127.0.0.1:{port}", "--graceful-timeout", "1", *options, app]

    return started(command, Path(__file__).with_name("stack_2018"), {"PYTHONPATH": str(ROOT)})


def serve_django(app: str, options: Sequence[str]) -> AbstractContextManager[Server]:
    return gunicorn(app, ROOT / "demo_django", options)


STACK_2018 = Stack("2018", serve_2018, "app:app", "wsgi_nocontent:wrap('app:app')", b"null\n")
DJANGO = Stack("Django", serve_django, "inventory.wsgi:bare", "inventory.wsgi:application", b"null")


class Answer(NamedTuple):
    """What curl got, or its reason for refusing it."""

    outcome: int | str
    headers: Message
    content: bytes

    @property
    def content_type(self) -> str | None:
        return self.headers["Content-Type"]

    @property
    def content_length(self) -> str | None:
        return self.headers["Content-Length"]


def curl(server: Server, exchange: Exchange) -> Answer:
    """Ask by HTTP/2."""
    fields = [word for name, value in exchange.headers for word in ("--header", f"{name}: {value}")]
    done = subprocess.run(
        [
            # Neither the user's .curlrc nor a proxy is asked.
            *(
                needed_program("curl", "curl"),
                "-q",
                "--noproxy",
                "*",
                "--silent",
                "--show-error",
                "--insecure",
            ),
            *("--max-time", "60", "--include", "--http2", "--request", exchange.method, *fields),
            f"https://127.0.0.1:{server.port}{exchange.path}",
        ],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        return Answer(done.stderr.decode().strip(), parse_headers(BytesIO()), b"")
    stream = BytesIO(done.stdout)
    version, status, *_ = stream.readline().decode().split()
    assert version == "HTTP/2"
    return Answer(int(status), parse_headers(stream), stream.read())


# What an app sends past the end of a response is the start of the next one on a connection
# that is kept. On one that is closed, each front decides by the head alone.
CLOSING = ("--worker-class", "sync")
# Longer than a test run, so that no connection closes just as it is used again.
KEEPING = ("--worker-class", "gthread", "--threads", "4", "--keep-alive", "3600")


@pytest.fixture(scope="module", params=[STACK_2018, DJANGO], ids=lambda stack: stack.name)
def stack(request: pytest.FixtureRequest) -> Stack:
    stack: Stack = request.param
    return stack


@pytest.fixture(scope="module", params=FRONTS, ids=lambda front: front.name)
def front(request: pytest.FixtureRequest) -> Front:
    front: Front = request.param
    return front


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    with ExitStack() as running:

        @cache
        def serve(stack: Stack, app: str, options: tuple[str, ...]) -> Server:
            return running.enter_context(stack.serve(app, options))

        yield serve


@pytest.fixture(scope="module")
def before(front: Front, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Before:
    return lambda app: front.started(tmp_path_factory.mktemp("front"), certificate, app)


@pytest.fixture(scope="module")
def bare(stack: Stack, serve: Serve, before: Before) -> Iterator[Server]:
    with before(serve(stack, stack.bare, CLOSING)) as server:
        yield server


@pytest.fixture(scope="module")
def wrapped(stack: Stack, serve: Serve, before: Before) -> Iterator[Server]:
    with before(serve(stack, stack.wrapped, KEEPING)) as server:
        yield server


with_django = pytest.mark.parametrize("stack", [DJANGO], ids=["Django"], indirect=True)

REFUSED = "curl: (92) HTTP/2 stream 1 was not closed cleanly: PROTOCOL_ERROR (err 1)"
BAD_OUTCOMES = {"HAProxy": REFUSED, "Caddy": REFUSED, "nghttpx": 502, "nginx": 204, "Apache": 204}


def json_type(front: Front) -> str | None:
    """Give the Content-Type of a 204 by HTTP/2: nginx drops it."""
    return None if front.name == "nginx" else "application/json"


def assert_is_clean_204(answer: Answer, front: Front) -> None:
    assert answer.outcome == 204
    assert answer.content_type == json_type(front)
    assert answer.content_length is None
    assert answer.content == b""


def test_a_204_with_a_length_is_the_articles_failure(front: Front, bare: Server) -> None:
    answer = curl(bare, BAD)
    assert answer.outcome == BAD_OUTCOMES[front.name]
    if answer.outcome == 204:
        assert_is_clean_204(answer, front)


def test_a_204_with_a_length_of_0_is_forgiven(front: Front, bare: Server) -> None:
    assert_is_clean_204(curl(bare, GOOD), front)


@pytest.mark.parametrize("exchange", [GOOD, BAD], ids=["good", "bad"])
def test_wrapped_every_204_is_clean(front: Front, wrapped: Server, exchange: Exchange) -> None:
    assert_is_clean_204(curl(wrapped, exchange), front)


def test_a_200_comes_as_it_is(bare: Server, wrapped: Server) -> None:
    for server in bare, wrapped:
        answer = curl(server, ITEM)
        assert answer.outcome == 200
        assert answer.content_type == "application/json"
        assert answer.content_length == str(len(answer.content))
        assert json.loads(answer.content) == {"name": "cocoa"}


@with_django
def test_no_front_mends_a_205(bare: Server, wrapped: Server) -> None:
    answer = curl(bare, RESET)
    assert (answer.outcome, answer.content_length, answer.content) == (205, "4", b"null")
    answer = curl(wrapped, RESET)
    assert (answer.outcome, answer.content_length, answer.content) == (205, "0", b"")


@with_django
def test_a_304_loses_its_content_and_wrapped_its_length_too(
    front: Front, bare: Server, wrapped: Server
) -> None:
    for server, length in (bare, None if front.name == "Apache" else "18"), (wrapped, None):
        answer = curl(server, NOT_MODIFIED)
        assert answer.outcome == 304
        assert answer.headers["ETag"] == '"coffee"'
        assert answer.content_length == length
        assert answer.content == b""


each_protocol = pytest.mark.parametrize("protocol", ["2", "1.1"])
HANDS_LENGTHS_ON = {("HAProxy", "2"), ("Caddy", "2"), ("nginx", "1.1")}


def probed(server: Server, exchange: Exchange, protocol: str) -> Report:
    report = probe(
        f"https://127.0.0.1:{server.port}{exchange.path}",
        exchange.method,
        exchange.headers,
        http2=protocol == "2",
        insecure=True,
        pause=0.1,
    )
    assert report.answer.http_version == protocol
    return report


@each_protocol
@pytest.mark.parametrize("exchange", [GOOD, BAD], ids=["good", "bad"])
def test_the_probe_sees_what_a_front_hands_on(
    stack: Stack, front: Front, bare: Server, exchange: Exchange, protocol: str
) -> None:
    report = probed(bare, exchange, protocol)
    if (front.name, exchange) == ("nghttpx", BAD):
        assert report.answer.status_code == 502
        return
    assert report.answer.status_code == 204
    if (front.name, protocol) in HANDS_LENGTHS_ON:
        (finding,) = report.findings
        length = len(stack.null) if exchange == BAD else 0
        assert finding.requirement.name == NO_LENGTH.name
        assert finding.seen.lower() == f"content-length: {length}"
    else:
        assert report.findings == []


@each_protocol
@pytest.mark.parametrize("exchange", [GOOD, BAD, ITEM], ids=["good", "bad", "item"])
def test_wrapped_the_probe_finds_nothing(
    wrapped: Server, exchange: Exchange, protocol: str
) -> None:
    report = probed(wrapped, exchange, protocol)
    assert report.answer.status_code == (200 if exchange == ITEM else 204)
    assert report.findings == []
    assert report.connection == "kept"


@with_django
@each_protocol
@pytest.mark.parametrize("exchange", [RESET, NOT_MODIFIED], ids=["205", "304"])
def test_wrapped_the_probe_finds_nothing_in_a_205_and_a_304(
    wrapped: Server, exchange: Exchange, protocol: str
) -> None:
    report = probed(wrapped, exchange, protocol)
    assert report.answer.status_code == (205 if exchange == RESET else 304)
    assert report.findings == []
