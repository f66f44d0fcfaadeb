"""The page of what servers send, from made-up surveys, and whether the one here is up to date."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.servers import matrix
from tests.servers.cases import CASES, CONTROLS, STATUS_LINES, Case
from tests.servers.limits import LIMITS, MENDED, limit_of
from tests.servers.matrix import BETTER, DOCS, Row, cases_of, page, picture, row_of, servers_of
from tests.servers.setups import BY_NAME, SETUPS, Setup
from tests.servers.survey import Result, Survey
from wsgi_nocontent.probe import Answer, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

DAY = date(2026, 11, 2)
WAITRESS, GRANIAN = BY_NAME["waitress"], BY_NAME["granian"]
LATER = Case("204", "late", "right")
ROWS = (
    r"^\| (.+?) \| (.*?) \| (\S+) of (\S+) \| (\S+) \| (\S+) \| (.*?) \| (\S+) of (\S+?)(,.*)? \|$"
)


def result(case: Case, *, fine: bool = True, words: str = "") -> Result:
    if not fine:
        return Result(None, "no answer")
    answer = Answer(
        "1.1", case.status_code, STATUS_LINES[case.answer].encode() + words.encode(), []
    )
    return Result(Report("", case.method, [], answer, b"", None, "kept", None, b"", []))


def survey_of(
    setup: Setup, left: Container[Case] = (), changed: Container[Case] = (), *, silent: bool = False
) -> Survey:
    """Make up a server that sends 204 and 205 wrong, and by itself what LIMITS has of it.

    :param left: what is wrong wrapped as well.
    :param changed: controls that are not the same wrapped.
    :param silent: whether an app that sends nothing is served right.
    """
    known = {case: result(case, fine=False) for case in CASES if limit_of(setup, case)}
    return Survey(
        "1.0",
        {
            **{case: result(case, fine=case.answer not in ("204", "205")) for case in CASES},
            **known,
            **{case: result(case) for case in CONTROLS},
        },
        {
            **{case: result(case, fine=case not in left) for case in CASES},
            **known,
            **{case: result(case, words="!" if case in changed else "") for case in CONTROLS},
        },
        {case: result(case, fine=silent) for case in CASES if case in known or case in left},
    )


def table_of(text: str) -> dict[str, list[str]]:
    """Give the page's table, cells by server."""
    return {name: cells for name, *cells in re.findall(ROWS, text, re.MULTILINE)}


def test_the_counts() -> None:
    mended = [case for case in CONTROLS if MENDED.holds(GRANIAN, case)]
    rows = [
        row_of(WAITRESS, survey_of(WAITRESS)),
        row_of(GRANIAN, survey_of(GRANIAN, changed=mended)),
    ]
    assert [row.left for row in rows] == [[], []]
    table = table_of(page(rows, DAY))
    assert table["waitress"] == [
        *("1.0", "178", "327", "0", "16"),
        "81 → 0 | 81 → 0 | 0 → 0 | 13 → 0 (13) | 3 → 0 (3)",
        *("44", "44", ""),
    ]
    assert table["granian"] == [
        *("1.0", "165", "327", "0", "3"),
        "81 → 0 | 81 → 0 | 0 → 0 | 0 → 0 | 3 → 0 (3)",
        *("40", "44", ", 4 mended"),
    ]
    assert table["**all 2**"] == [
        *("", "343", "654", "0", "19"),
        "162 → 0 | 162 → 0 | 0 → 0 | 13 → 0 (13) | 6 → 0 (6)",
        *("84", "88", ", 4 mended"),
    ]


@pytest.mark.parametrize(
    ("found", "wrapped", "left"),
    [
        (survey_of(WAITRESS, left=[LATER]), "1", ["waitress /204/late/right: no answer"]),
        (
            survey_of(WAITRESS, changed=[CONTROLS[0]]),
            "0",
            ["waitress /200/list/right: not the same as bare"],
        ),
        # LIMITS has them, but the app is at fault: it is served right where it sends nothing.
        (
            survey_of(WAITRESS, silent=True),
            "16",
            [f"waitress {case.path}: no answer" for case in CASES if limit_of(WAITRESS, case)],
        ),
    ],
    ids=["an answer", "a control", "no limit"],
)
def test_what_is_left_is_told(found: Survey, wrapped: str, left: list[str]) -> None:
    row = row_of(WAITRESS, found)
    assert row.left == left
    assert table_of(page([row], DAY))["waitress"][3] == wrapped


def test_the_picture() -> None:
    rows = [
        row_of(BY_NAME[name], survey_of(BY_NAME[name], left=[LATER]))
        for name in ("waitress", "gunicorn newest sync", "Werkzeug's development server")
    ]
    svg = ElementTree.fromstring(picture(rows))
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "wrapped: 3 by the app, 38 by the servers" in texts
    assert {"waitress 1.0", "gunicorn 1.0 sync", "Werkzeug's development server 1.0"} < set(texts)
    widths = dict.fromkeys((matrix.BROKEN, matrix.BY_SERVER, matrix.CLEAN), 0)
    for group in svg.iter("{http://www.w3.org/2000/svg}g"):
        for bar in group.iter("{http://www.w3.org/2000/svg}rect"):
            widths[bar.attrib["class"]] += int(bar.attrib["width"])
    assert {mark: width // matrix.CELL for mark, width in widths.items()} == {
        matrix.BROKEN: sum(number(row.bare) + 1 for row in rows),
        matrix.BY_SERVER: 38,
        matrix.CLEAN: 3 * 2 * len(CASES) - sum(number(row.bare) + 1 for row in rows) - 38,
    }


def number(marks: dict[Case, str]) -> int:
    return list(marks.values()).count(matrix.BROKEN)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command with made-up surveys."""

    def run(**came: Survey | BaseException) -> int:
        def survey(setup: Setup) -> Survey:
            what = came[setup.name]
            if isinstance(what, BaseException):
                raise what
            return what

        monkeypatch.setattr(matrix, "SETUPS", [BY_NAME[name] for name in came])
        monkeypatch.setattr(matrix, "survey", survey)
        monkeypatch.setattr(matrix, "ProcessPoolExecutor", ThreadPoolExecutor)
        monkeypatch.setattr(matrix, "DOCS", tmp_path / "docs")
        return matrix.main()

    return run


def test_the_command(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(granian=survey_of(GRANIAN), waitress=survey_of(WAITRESS)) == 0
    out, err = capsys.readouterr()
    assert out == ("bare: 343 of 654 answers go wrong\nwrapped: 0 by the app, 19 by the servers\n")
    assert len(err.splitlines()) == 2
    # in their order, whichever was done first
    assert list(table_of((tmp_path / "docs/servers.md").read_text(encoding="utf-8"))) == [
        *("granian", "waitress", "**all 2**")
    ]
    ElementTree.parse(tmp_path / "docs/servers.svg")


def test_what_is_left_makes_the_command_fail(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(waitress=survey_of(WAITRESS, left=[LATER])) == 1
    assert "LEFT  waitress /204/late/right: no answer\n" in capsys.readouterr().err
    assert (tmp_path / "docs/servers.md").exists()


def test_without_a_server_nothing_is_written(run: Callable[..., int], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^granian needs the module granian$"):
        run(waitress=survey_of(WAITRESS), granian=pytest.skip.Exception("needs the module granian"))
    assert not (tmp_path / "docs").exists()


# What is in docs/ against what is known without running a server.
PAGE = (DOCS / "servers.md").read_text(encoding="utf-8")


def test_the_table_is_of_these_servers_and_cases() -> None:
    *table, (totals_name, totals) = table_of(PAGE).items()
    assert [name for name, _ in table] == [setup.name for setup in SETUPS]
    for name, (_, _, cases, wrapped, by_server, _, same, controls, others) in table:
        setup = BY_NAME[name]
        assert int(cases) == len(CASES)
        assert wrapped == "0"
        assert int(by_server) == sum(bool(limit_of(setup, case)) for case in CASES)
        mended = sum(MENDED.holds(setup, case) for case in CONTROLS)
        assert (int(same), int(controls)) == (len(CONTROLS) - mended, len(CONTROLS))
        assert others == (f", {mended} {BETTER}" if mended else "")
    assert totals_name == f"**all {len(SETUPS)}**"
    for column in (1, 2, 3, 4, 6, 7):
        assert int(totals[column].replace(",", "")) == sum(int(row[column]) for _, row in table)


def test_the_limits_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (\S.{20,}?) \| (.*) \| (.*) \| (.*) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (
            *(limit.reason, limit.remedy, servers_of(limit), cases_of(limit)),
            str(sum(limit.holds(setup, case) for setup in SETUPS for case in CASES)),
        )
        for limit in LIMITS
    ]
    assert MENDED.reason in PAGE


def test_page_and_picture_are_of_one_run() -> None:
    svg = ElementTree.parse(DOCS / "servers.svg").getroot()
    table = table_of(PAGE)
    *_, (bare, of, wrapped, by_server) = (row[1:5] for row in table.values())
    words = {element.text for element in svg.iter()}
    assert f"bare: {bare} of {of} answers go wrong" in words
    assert f"wrapped: {wrapped} by the app, {by_server} by the servers" in words
    for setup in SETUPS:
        version, bare = table[setup.name][:2]
        label = Row(setup, version, {}, {}, {}, []).label
        assert f"{label}: bare {bare} of {len(CASES)}" in " ".join(map(str, words))
