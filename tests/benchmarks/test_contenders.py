"""Whether everything that is compared does the same job: a figure is worth nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from benchmarks.contenders import BARE, COUNTED, FLOOR, OURS, TIMED
from demo.apps import ROOT

# In a process of its own, as they are measured: Django knows one project in each.
ANSWER = """
import json, sys
from benchmarks.contenders import SCENARIOS, application
from benchmarks.stub_server import ENVIRON

scenario, contender = sys.argv[1:]
sent = []

def start_response(status, headers, exc_info=None):
    sent[:] = status, sorted(headers)

environ = {**ENVIRON, "PATH_INFO": SCENARIOS[scenario].path}
iterable = application(scenario, contender)(environ, start_response)
body = b"".join(iterable)
print(json.dumps([*sent, body[:1000].decode(), len(body)]))
"""


class Answer(NamedTuple):
    """What a server gets of one request."""

    status: str
    headers: list[list[str]]
    body: str
    body_size: int


def answer(scenario: str, contender: str) -> Answer:
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, scenario, contender],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Answer(*json.loads(done.stdout))


WITH_CONTENT = [
    (name, contender)
    for name, scenario in {**COUNTED, **TIMED}.items()
    if "204" not in name
    for contender in scenario.contenders[1:]
]
WITHOUT = [
    *(
        ("204", contender)
        for contender in dict.fromkeys((*TIMED["204"].contenders, *COUNTED["204"].contenders))
        if contender not in (BARE, FLOOR)
    ),
    ("Flask 205", "after_request"),
    ("Django 204", "middleware class"),
]


@pytest.mark.parametrize(("scenario", "contender"), WITH_CONTENT)
def test_a_response_with_content_is_that_of_the_bare_app(scenario: str, contender: str) -> None:
    found = answer(scenario, contender)
    assert found == answer(scenario, BARE)
    assert found.status.startswith("404" if scenario == "404" else "200")
    assert found.body_size > 0


@pytest.mark.parametrize(("scenario", "contender"), WITHOUT)
def test_one_without_content_has_none(scenario: str, contender: str) -> None:
    found, bare = answer(scenario, contender), answer(scenario, BARE)
    assert (found.status, found.body_size) == (bare.status, 0)
    length = [["Content-Length", "0"]] if scenario == "Flask 205" else []
    assert found.headers == [*length, ["Content-Type", "application/json"]]
    # There was something to do.
    assert bare.body_size > 0
    assert int(dict(bare.headers)["Content-Length"]) == bare.body_size


def test_the_floor_does_nothing() -> None:
    assert answer("204", FLOOR) == answer("204", BARE)


def test_a_clean_204_passes_unchanged() -> None:
    assert answer("clean 204", OURS) == answer("clean 204", BARE)
