"""What docs/journey.svg shows is what happens."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from demo.apps import ROOT
from tests.demos.sites import DEMOS, load
from tests.fronts.fronts import FRONTS, make_certificate
from tests.fronts.test_fronts import BAD, BAD_OUTCOMES, DJANGO, REFUSED, curl
from tests.needs import needed_program
from wsgi_nocontent.probe import probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.server import Server

# So that one process starts the servers.
pytestmark = pytest.mark.xdist_group("journey")

SVG = "http://www.w3.org/2000/svg"
SOURCE = (ROOT / "docs" / "journey.svg").read_text(encoding="utf-8")
PICTURE = ElementTree.fromstring(SOURCE)
NOT_SHOWN = {"server", "date", "connection"}


def words(element: ElementTree.Element) -> str:
    """Give the text of an element, its lines as one."""
    return " ".join("".join(element.itertext()).split())


def element(name: str) -> ElementTree.Element:
    (found,) = PICTURE.iterfind(f".//*[@id='{name}']")
    return found


def shown(name: str) -> str:
    return words(element(name))


def lines(name: str) -> list[str]:
    return [words(text) for text in element(name).iter(f"{{{SVG}}}text")]


def message(first: str, headers: list[tuple[str, str]], body: bytes) -> list[str]:
    """Give the lines by which the picture shows a response."""
    fields = [f"{name}: {value}" for name, value in headers if name.lower() not in NOT_SHOWN]
    return [first, *fields, *body.decode().splitlines()]


class Lane(NamedTuple):
    """The way of a response, without the middleware or with it."""

    name: str
    server: Server
    front: Server
    log: Path


@pytest.fixture(
    scope="module",
    params=[("without", DJANGO.bare), ("with", DJANGO.wrapped)],
    ids=["without", "with"],
)
def lane(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lane]:
    name, app = request.param
    directory = tmp_path_factory.mktemp("journey")
    log = directory / "log"
    haproxy = next(front for front in FRONTS if front.name == "HAProxy")
    options = ["--error-logfile", str(log), "--capture-output"]
    pem = make_certificate(directory)
    with DJANGO.serve(app, options) as server, haproxy.started(directory, pem, server) as front:
        yield Lane(name, server, front, log)


def test_it_fetches_nothing_and_runs_nothing() -> None:
    assert "//" not in SOURCE.replace(SVG, "")
    assert "url(" not in SOURCE
    assert "@import" not in SOURCE
    names = {"svg", "title", "desc", "style", "defs", "g", "use"}
    names |= {"path", "circle", "rect", "text", "tspan"}
    for each in PICTURE.iter():
        assert each.tag.removeprefix(f"{{{SVG}}}") in names
        assert not any(name.startswith("on") for name in each.attrib)
        if "href" in each.attrib:
            element(each.attrib["href"].removeprefix("#"))


def test_the_view() -> None:
    app = load(DEMOS["Django"])
    view = importlib.import_module("inventory.views").bad_no_content
    assert shown("view") in inspect.getsource(view)
    body, status, headers = run_wsgi_app(app, create_environ(BAD.path, "http://127.0.0.1"))
    assert message(status, list(headers), b"".join(body)) == lines("view-gives")


def test_the_server(lane: Lane) -> None:
    report = probe(lane.server.url + BAD.path, keep_alive=False)
    first = report.answer.head.decode().splitlines()[0]
    assert message(first, report.answer.headers, report.stray) == lines(f"server-{lane.name}")
    assert set(re.findall(r"gunicorn ([0-9.]+)", words(PICTURE))) == {version("gunicorn")}


def test_the_front(lane: Lane) -> None:
    url = f"https://127.0.0.1:{lane.front.port}{BAD.path}"
    report = probe(url, http2=True, insecure=True)
    first = f":status: {report.answer.status_code}"
    assert message(first, report.answer.headers, report.stray) == lines(f"front-{lane.name}")


def test_the_client(lane: Lane) -> None:
    answer = curl(lane.front, BAD)
    got = {
        "without": answer.outcome,
        "with": f"HTTP/2 {answer.outcome} content-type: {answer.content_type}",
    }
    assert got[lane.name] == shown(f"client-{lane.name}")


def test_why(lane: Lane) -> None:
    url = f"https://127.0.0.1:{lane.front.port}{BAD.path}"
    command = [needed_program("nghttp", "nghttp2-client"), "--verbose", "--no-verify-peer", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert re.search(r"recv \(stream_id=\d+\) :status: 204", done.stdout)
    what, _, field = shown("why").partition(" … ")
    told = [line for line in done.stdout.splitlines() if what in line and line.endswith(field)]
    assert len(told) == (lane.name == "without")


def test_the_log(lane: Lane) -> None:
    curl(lane.front, BAD)
    assert (shown("log") in lane.log.read_text()) == (lane.name == "with")


def test_what_is_marked_is_what_is_taken_off() -> None:
    for name in "view-gives", "server-without", "front-without":
        _status, _content_type, *too_much = lines(name)
        assert [words(each) for each in element(name).iterfind("*[@class='bad']")] == too_much
    off = PICTURE.iterfind(".//*[@class='wire off']")
    assert [words(each) for each in off] == lines("view-gives")[2:]


def test_other_fronts() -> None:
    """By what the tests of the fronts hold them to."""
    assert shown("client-without") == BAD_OUTCOMES["HAProxy"]
    seen = {"HAProxy"}
    *rows, _ = lines("others-without")
    for row in rows:
        names, _, outcome = row.partition(": ")
        for name in names.split(", "):
            seen.add(name)
            expected = BAD_OUTCOMES[name]
            assert ("PROTOCOL_ERROR" if expected == REFUSED else str(expected)) in outcome.split()
    assert seen == set(BAD_OUTCOMES)
    *wrapped, _ = lines("others-with")
    assert wrapped == [row.partition(": ")[0] + ": 204" for row in rows]


def test_without_a_front(lane: Lane) -> None:
    command = [needed_program("curl", "curl"), "-q", "--noproxy", "*", "--silent", "--show-error"]
    done = subprocess.run(
        [*command, "--include", "--max-time", "60", lane.server.url + BAD.path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("HTTP/1.1 204 ")
    assert done.stdout.endswith("\n\n")
    assert done.stderr == ""
    *_, row = lines(f"others-{lane.name}")
    assert row.startswith("no front, on a laptop: ")
    assert row.endswith("204")
