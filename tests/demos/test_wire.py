"""The bytes on the socket, from the demos behind gunicorn."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from demo.__main__ import without_date
from demo.apps import Exchange
from demo.wire import ask
from tests.demos.sites import DEMOS, DEPLOYMENTS, Deployment, Sites, version

if TYPE_CHECKING:
    from demo.wire import Answer

# What the demo shows is what is tested: each exchange of each app.
EXCHANGES = {
    f"{framework}-{exchange.method}-{exchange.path}-{exchange.note}": (framework, exchange)
    for framework, demo in DEMOS.items()
    for exchange in demo.exchanges
}
WITH_CONTENT = [(200, "/items"), (200, "/export"), (200, "/report"), (404, "/items/99")]

each_exchange = pytest.mark.parametrize(
    ("framework", "exchange"), EXCHANGES.values(), ids=EXCHANGES
)
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS)


def asked(
    sites: Sites, framework: str, deployment: Deployment, exchange: Exchange, app: str
) -> Answer:
    demo = DEMOS[framework]
    port = sites.serve(demo, deployment, f"{demo.entry}:{app}").port
    ask(port, "POST", "/reset")
    return ask(port, exchange.method, exchange.path, exchange.headers, next_path="/items/3")


@each_deployment
@each_exchange
def test_wrapped_nothing_follows_a_head_that_allows_no_content(
    sites: Sites, framework: str, deployment: Deployment, exchange: Exchange
) -> None:
    answer = asked(sites, framework, deployment, exchange, "application")
    assert answer.faults == []
    if answer.rule:
        rest = answer.raw.partition(b"\r\n\r\n")[2]
        assert rest == answer.next_answer
    else:
        assert (answer.status_code, exchange.path) in WITH_CONTENT


@each_deployment
@each_exchange
def test_wrapped_the_next_request_gets_its_own_answer(
    sites: Sites, framework: str, deployment: Deployment, exchange: Exchange
) -> None:
    answer = asked(sites, framework, deployment, exchange, "application")
    if not deployment.keeps_alive:
        assert answer.values("connection") == ["close"]
        assert answer.next_answer == b""
    else:
        head, _, content = answer.next_answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert json.loads(content) == {"name": "cocoa"}


@each_deployment
@pytest.mark.parametrize("framework", DEMOS)
@pytest.mark.parametrize("path", [path for _, path in WITH_CONTENT])
def test_a_response_with_content_is_the_same_byte_for_byte(
    sites: Sites, framework: str, deployment: Deployment, path: str
) -> None:
    bare, wrapped = (
        asked(sites, framework, deployment, Exchange("GET", path), app)
        for app in ("bare", "application")
    )
    assert without_date(bare) == without_date(wrapped)
    assert wrapped.content


# What a bare app does wrong behind gunicorn 23.0.0; every other exchange is clean.
BARE_FAULTS = {
    "Flask-GET-/legacy/list-an old WSGI app": ["Content-Length: 4", 'body: "null"'],
    "Flask-GET-/legacy/generator-an old WSGI app": ["Content-Length: 4", 'body: "null"'],
    "Flask-GET-/legacy/write-an old WSGI app": ["Content-Length: 4", 'body: "null"'],
    "Flask-POST-/reset-": ["Content-Length: 5", 'body: "null\\n"'],
    "Django-GET-/good_no_content-the article's good view": ["Content-Length: 0"],
    "Django-GET-/bad_no_content-the article's bad view": ["Content-Length: 4", 'body: "null"'],
    "Django-DELETE-/items/1-": ["Content-Length: 15", 'body: "{"name": "tea"}"'],
    "Django-GET-/items/2-not modified": ["Content-Length: 18", 'body: "{"name": "coffee"}"'],
    "Django-POST-/reset-": ["Content-Length: 4", 'body: "null"'],
    "Django-HEAD-/items/2-": ['body: "{"name": "coffee"}"'],
    "Django-HEAD-/export-a stream": ['body: "1,tea\\n2,coffee\\n3,cocoa\\n"'],
    "Django-HEAD-/report-a file": ['body: "item,sold\\ntea,12\\ncoffee," and 10 bytes more'],
}


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
@pytest.mark.parametrize("name", EXCHANGES)
def test_bare_it_is_what_we_say_it_is(sites: Sites, name: str, worker_class: str) -> None:
    framework, exchange = EXCHANGES[name]
    answer = asked(sites, framework, Deployment("23.0.0", worker_class), exchange, "bare")
    assert answer.faults == BARE_FAULTS.get(name, [])


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
@pytest.mark.parametrize("framework", DEMOS)
def test_bare_205_has_content_behind_the_newest_gunicorn_too(
    sites: Sites, framework: str, worker_class: str
) -> None:
    exchange = Exchange("POST", "/reset")
    answer = asked(sites, framework, Deployment("newest", worker_class), exchange, "bare")
    assert answer.content


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        (b"Content-Length: 0\r\n", []),
        (b"", ["no Content-Length"]),
        (b"Content-Length: 0\r\ncontent-length: 0\r\n", ["Content-Length: 0", "content-length: 0"]),
        (b"Transfer-Encoding: chunked\r\n", ["Transfer-Encoding: chunked"]),
    ],
)
def test_a_205_has_exactly_one_length(fields: bytes, faults: list[str]) -> None:
    head = b"HTTP/1.1 205 Reset Content\r\n" + fields + b"\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def answer_once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head + (b"0\r\n\r\n" if b"chunked" in head else b""))

        thread = threading.Thread(target=answer_once)
        thread.start()
        answer = ask(listener.getsockname()[1], "POST", "/")
        thread.join()
    assert answer.faults == faults


def test_the_gunicorns_are_the_releases_we_say_they_are() -> None:
    assert version("23.0.0") == "23.0.0"
    assert int(version("newest").partition(".")[0]) > 23
