"""A view that raises at each moment of its answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.faults.app import MOMENTS
from tests.faults.serving import ANSWERS, SECONDS, Site, each_setup, served
from tests.servers.cases import STATUS_LINES
from tests.servers.survey import Result
from wsgi_nocontent.probe import ProbeError, probe

if TYPE_CHECKING:
    from tests.servers.setups import Setup

pytestmark = each_setup()

WITHOUT_CONTENT = tuple(answer for answer in ANSWERS if answer != "200")
AT_ONE_CHUNK = ("before", "started", "write", "lazy")
"""The moments that are over when the middleware has seen the first chunk."""


class Case(NamedTuple):
    """What is answered, and when that goes wrong."""

    answer: str
    moment: str

    @property
    def name(self) -> str:
        return "-".join(self)


CASES = [Case(*case) for case in product(ANSWERS, MOMENTS)]


class Found(NamedTuple):
    """What came of each case, bare where that has content or is the server's own answer."""

    bare: dict[Case, Result]
    wrapped: dict[Case, Result]
    made: list[str]
    """The names of the requests for which the wrapped app made an iterable."""


@pytest.fixture(scope="module")
def found(setup: Setup) -> Found:
    """Ask all, and wait until all iterables are closed."""
    of_bare = [case for case in CASES if case.answer == "200" or case.moment == "before"]
    with TemporaryDirectory() as directory, ExitStack() as stack:
        results: list[dict[Case, Result]] = []
        for app, cases in (("bare", of_bare), ("wrapped", CASES)):
            site = stack.enter_context(served(setup, app, Path(directory, app)))
            # uWSGI lets a client wait where an app raised, so let many wait.
            pool = stack.enter_context(ThreadPoolExecutor(8))
            results.append(dict(zip(cases, pool.map(partial(asked, site), cases))))
        site.assert_all_closed()
        bare, wrapped = results
        return Found(bare, wrapped, [name for name, _ in site.noted("made")])


def asked(site: Site, case: Case) -> Result:
    """Ask for one case, and for something else on the same connection."""
    try:
        return Result(
            probe(
                f"{site.server.url}/{case.answer}/raise/{case.moment}",
                "HEAD" if case.answer == "HEAD" else "GET",
                [("X-Request-Id", case.name)],
                next_path="/?next",
                timeout=SECONDS,
                pause=0.05,
            )
        )
    except ProbeError as error:
        return Result(None, str(error))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_response_with_content_is_the_same_byte_for_byte(found: Found, moment: str) -> None:
    case = Case("200", moment)
    assert found.wrapped[case].exchange == found.bare[case].exchange


@pytest.mark.parametrize("moment", AT_ONE_CHUNK)
@pytest.mark.parametrize("answer", WITHOUT_CONTENT)
def test_without_content_an_error_up_to_the_first_chunk_is_the_servers_answer(
    found: Found, answer: str, moment: str
) -> None:
    """It is what the server answers where an app raises and does nothing else."""
    method = "HEAD" if answer == "HEAD" else "200"
    of_server = found.bare[Case(method, "before")].exchange
    assert found.wrapped[Case(answer, moment)].exchange == of_server


@pytest.mark.parametrize("moment", [moment for moment in MOMENTS if moment not in AT_ONE_CHUNK])
@pytest.mark.parametrize("answer", WITHOUT_CONTENT)
def test_without_content_a_later_error_leaves_the_answer_whole(
    setup: Setup, found: Found, answer: str, moment: str
) -> None:
    case = Case(answer, moment)
    if setup.name == "waitress" and moment == "close":
        # It sends the head of an empty body after close(): so what goes wrong is its to answer.
        method = "HEAD" if answer == "HEAD" else "200"
        assert found.wrapped[case].exchange == found.bare[Case(method, "before")].exchange
        return
    report = found.wrapped[case].report
    assert report
    assert report.findings == []
    assert report.answer.status_code == int(STATUS_LINES[answer][:3])
    assert report.answer.values("X-Request-Id") == [case.name]
    assert report.answer.raw_content == report.stray == b""


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_next_request_gets_its_own_answer(found: Found, case: Case) -> None:
    report = found.wrapped[case].report
    if report and report.next_answer:
        assert report.next_answer.content == b"next"
    assert not report or report.next_stray == b""


def test_some_connections_are_kept(setup: Setup, found: Found) -> None:
    """Else nothing was seen of what the next request gets."""
    reports = [result.report for result in found.wrapped.values()]
    kept = [report for report in reports if report and report.next_answer]
    assert bool(kept) == (setup.name != "gunicorn 23.0.0 sync")  # which keeps none


def test_every_iterable_is_closed_once(found: Found) -> None:
    in_the_call = ("before", "started", "write")
    assert sorted(found.made) == sorted(
        case.name for case in CASES if case.moment not in in_the_call
    )
