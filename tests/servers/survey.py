"""Ask a server everything, bare and wrapped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from demo.__main__ import without_date
from tests.servers.cases import CASES, CONTROLS, Case
from tests.servers.limits import limit_of
from wsgi_nocontent.probe import ProbeError, Report, probe

if TYPE_CHECKING:
    from demo.server import Server
    from tests.servers.setups import Setup

AT_ONCE = 4
"""Connections to one server. Each can serve so many; with more, some refuse to keep them."""


class Result(NamedTuple):
    """What came of one case: a report, or why there is none."""

    report: Report | None
    error: str = ""

    @property
    def exchange(self) -> object:
        """All that came over the wire, but for the time of day."""
        if self.report is None:
            return self.error
        answers = [*self.report.interim, self.report.answer, self.report.next_answer]
        strays = self.report.stray, self.report.next_stray
        return (
            [answer and without_date(answer.head + answer.raw_content) for answer in answers],
            [without_date(stray) for stray in strays],
            self.report.connection,
        )

    def faults(self, case: Case) -> list[str]:
        """Name what HTTP does not allow, or what is not the answer of the app."""
        if self.report is None:
            return [self.error]
        faults = [finding.seen for finding in self.report.findings]
        if self.report.answer.status_code != case.status_code:
            faults.append(f"status {self.report.answer.status_code}")
        return faults


class Survey(NamedTuple):
    """What came of each case and control."""

    version: str
    bare: dict[Case, Result]
    wrapped: dict[Case, Result]
    #: Where there still are faults: the bare app, asked to send no content and declare none.
    silent: dict[Case, Result]


def survey(setup: Setup) -> Survey:
    """Start a server twice, and ask it all."""
    app = "tests.servers.app"
    every = [*CASES, *CONTROLS]
    with ExitStack() as stack:
        bare, wrapped = (
            stack.enter_context(setup.serve(f"{app}:{name}")) for name in ("bare", "wrapped")
        )
        ask_bare, ask_wrapped = (stack.enter_context(ThreadPoolExecutor(AT_ONCE)) for _ in range(2))
        of_bare = ask_bare.map(partial(asked, setup, bare, reset_seconds=3), every)
        of_wrapped = dict(zip(every, ask_wrapped.map(partial(asked, setup, wrapped), every)))
        faulty = [case for case in CASES if of_wrapped[case].faults(case)]
        of_silent = ask_bare.map(partial(asked, setup, bare, query="?silent"), faulty)
        return Survey(
            setup.version(), dict(zip(every, of_bare)), of_wrapped, dict(zip(faulty, of_silent))
        )


def asked(
    setup: Setup, server: Server, case: Case, query: str = "", reset_seconds: float = 10
) -> Result:
    """Ask for one case, and then on the same connection for its name.

    :param reset_seconds: how long to wait for the end of a 205, which bare may have none.
    """
    try:
        return Result(
            probe(
                server.url + case.path + query,
                case.method,
                [("If-None-Match", '"tea"')] if case.answer == "304" else [],
                next_path=f"/?{case.path}",
                # What follows a final 1xx on its connection is its final response.
                keep_alive=case.answer != "102",
                timeout=reset_seconds if case.answer == "205" else 10,
                # Where something stray is sure to come, it must not come too late to be so.
                pause=1 if limit_of(setup, case) else 0.1,
                # More than the largest, but of what has no end as little as shows that.
                limit=1 << 16 if case.way == "endless" else 1 << 23,
            )
        )
    except ProbeError as error:
        return Result(None, str(error))
