"""An on_violation that raises, and one that blocks, behind real servers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.faults.serving import ANSWERS, NAMES, SECONDS, ask, crowd, each_setup, served
from wsgi_nocontent.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.setups import Setup

AT_ONCE = [name for name in NAMES if not name.endswith(" sync")]
"""The set-ups that answer several requests at a time."""


@each_setup()
def test_one_that_raises_changes_no_answer(setup: Setup, tmp_path: Path) -> None:
    with served(setup, "with_one_that_raises", tmp_path / "notes") as site:
        assert all(ask(site, answer) for answer in ANSWERS)
        # What breaks no rule tells nothing: a 200, also to HEAD.
        told = [f"{answer}-answer-never" for answer in ("204", "205", "304")]
        assert [name for name, _ in site.noted("told")] == told
        site.assert_all_closed()


@each_setup(*AT_ONCE)
def test_while_one_blocks_others_are_answered(setup: Setup, tmp_path: Path) -> None:
    with served(setup, "with_one_that_blocks", tmp_path / "notes") as site, ThreadPoolExecutor(
        1
    ) as pool:
        url = f"{site.server.url}/204/answer/never"
        blocked = pool.submit(
            probe, url, "DELETE", [("X-Request-Id", "blocked")], timeout=SECONDS, keep_alive=False
        )
        try:
            site.wait_for("waits", "callback")
            with crowd(site):
                pass
            assert "blocked" not in dict(site.noted("closed"))
            assert not blocked.done()
        finally:
            site.release("callback")
        report = blocked.result()
        assert report.findings == []
        assert report.answer.values("X-Request-Id") == ["blocked"]
        site.assert_all_closed()
