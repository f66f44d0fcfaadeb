"""The bytes on the socket, from the demos behind gunicorn."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from demo.__main__ import Comparison
from demo.apps import Exchange
from tests.demos.sites import DEMOS, DEPLOYMENTS, Deployment, Sites, version
from wsgi_nocontent.probe import probe
from wsgi_nocontent.probe.findings import ONE_ANSWER

if TYPE_CHECKING:
    from wsgi_nocontent.probe import Report

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
) -> Report:
    demo = DEMOS[framework]
    url = sites.serve(demo, deployment, f"{demo.entry}:{app}").url
    probe(f"{url}/reset", "POST", keep_alive=False)
    return probe(
        url + exchange.path, exchange.method, exchange.headers, next_path="/items/3", pause=0.1
    )


@each_deployment
@each_exchange
def test_wrapped_only_the_next_answer_follows_a_head_that_allows_no_content(
    sites: Sites, framework: str, deployment: Deployment, exchange: Exchange
) -> None:
    report = asked(sites, framework, deployment, exchange, "application")
    assert report.findings == []
    if report.rule:
        assert report.answer.raw_content + report.stray == b""
    else:
        assert (report.answer.status_code, exchange.path) in WITH_CONTENT
    if not deployment.keeps_alive:
        assert report.answer.values("connection") == ["close"]
        assert report.connection == "closed"
    else:
        assert report.next_answer
        assert report.next_answer.status_code == 200
        assert json.loads(report.next_answer.content) == {"name": "cocoa"}


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
    assert Comparison(Exchange("GET", path), bare, wrapped).same
    assert wrapped.answer.content


# What a bare app does wrong behind gunicorn 23.0.0; every other exchange is clean.
BARE_FAULTS = {
    "Flask-GET-/legacy/list-an old WSGI app": ["Content-Length: 4", 'body: "null"'],
    "Flask-GET-/legacy/generator-an old WSGI app": ["Content-Length: 4", 'body: "null"'],
    "Flask-GET-/legacy/write-an old WSGI app": ["Content-Length: 4", 'body: "null"'],
    "Flask-POST-/reset-": ["Content-Length: 5", 'body: "null\\n"'],
    "Django-GET-/good_no_content-a 204 done right": ["Content-Length: 0"],
    "Django-GET-/bad_no_content-a 204 with a JSON null": ["Content-Length: 4", 'body: "null"'],
    "Django-DELETE-/items/1-": ["Content-Length: 15", 'body: "{"name": "tea"}"'],
    "Django-GET-/items/2-not modified": ['body: "{"name": "coffee"}"'],
    "Django-POST-/reset-": ["Content-Length: 4", 'body: "null"'],
    "Django-HEAD-/items/2-": ['body: "{"name": "coffee"}"'],
    "Django-HEAD-/export-a stream": ['body: "1,tea\\n2,coffee\\n3,cocoa\\n"'],
    "Django-HEAD-/report-a file": ['body: "item,sold\\ntea,12\\ncoffee," and 10 bytes more'],
}


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
@pytest.mark.parametrize("name", EXCHANGES)
def test_bare_it_is_what_we_say_it_is(sites: Sites, name: str, worker_class: str) -> None:
    framework, exchange = EXCHANGES[name]
    report = asked(sites, framework, Deployment("23.0.0", worker_class), exchange, "bare")
    of_this = [finding.seen for finding in report.findings if finding.requirement is not ONE_ANSWER]
    assert of_this == BARE_FAULTS.get(name, [])
    of_the_next = [finding.seen for finding in report.findings if finding.requirement is ONE_ANSWER]
    assert bool(of_the_next) == (report.connection == "kept" and report.stray != b"")


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
@pytest.mark.parametrize("framework", DEMOS)
def test_bare_205_has_content_behind_the_newest_gunicorn_too(
    sites: Sites, framework: str, worker_class: str
) -> None:
    exchange = Exchange("POST", "/reset")
    report = asked(sites, framework, Deployment("newest", worker_class), exchange, "bare")
    assert report.answer.content


def test_the_gunicorns_are_the_releases_we_say_they_are() -> None:
    assert version("23.0.0") == "23.0.0"
    assert int(version("newest").partition(".")[0]) > 23
