"""The page and the picture of what it costs: made of docs/benchmarks.json, and of nothing else."""

from __future__ import annotations

import json
import re
from inspect import getsource
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as bench
from benchmarks import calls, chart, instructions, page, servers, startup, streams
from benchmarks.apps import content
from benchmarks.contenders.floor import Floor
from demo.apps import ROOT
from tests.pages import Page

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(scope="module")
def results() -> Any:
    return json.loads(bench.RESULTS.read_text(encoding="utf-8"))


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(TEXT)]


def test_the_page_has_the_figures_of_that_run(results: Any) -> None:
    text = bench.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, results) == text
    assert [place[2] for place in page.PLACE.finditer(text)] == list(page.TABLES)


def test_the_page_shows_the_floor_itself() -> None:
    (code,) = Page("docs", "performance.md").blocks("python")
    names: dict[str, Any] = {}
    exec(code, names)
    sent: list[Any] = []
    body = names["Floor"](content)({}, lambda *head: sent.extend(head))
    assert (sent[0], sent[2], body) == ("200 OK", None, [b"hello"])
    # That of the page has no types.
    its, ours = (text.split("return ")[1:] for text in (code, getsource(Floor.__call__)))
    assert its == ours


def test_the_readme_says_no_more_than_that_run(results: Any) -> None:
    text = " ".join(Page("README.md").text.split())
    assert "about 1.5 times the cost of any middleware that looks at the status" in text
    assert "A generator written by hand adds more than twice as much" in text
    assert "WebOb or Werkzeug more than twenty times as much" in text
    for python in results["pythons"].values():
        contenders = python["calls"]["200"]
        assert 1.25 < contenders["wsgi-nocontent"]["floors"]["value"] < 1.75
        assert contenders["generator"]["ours"]["value"] > 2
        assert contenders["WebOb"]["ours"]["value"] > 20
        assert contenders["Werkzeug"]["ours"]["value"] > 20
    assert "`GET /items` of the Flask and Django demos" in text
    for load in results["servers"]["loads"]:
        if load["request"] == "GET /items":
            assert load["wrapped"]["low"] < 1 < load["wrapped"]["high"]
    assert "by the same system calls" in text
    bare, wrapped = results["streams"]["calls"]
    assert bare == wrapped


def test_the_picture_is_of_that_run(results: Any) -> None:
    found = texts((bench.DOCS / "benchmarks.svg").read_text(encoding="utf-8"))
    for words in (found, texts(chart.picture(results))):
        together = " ".join(words)
        assert results["machine"] in together
        for name in ("Flask", "gunicorn", "pyperf"):
            assert f"{name} {results['software'][name]}" in together
        for version, python in results["pythons"].items():
            assert f"wsgi-nocontent   {version}" in words
            assert f"{python['calls']['200']['wsgi-nocontent']['floors']['value']:.2f}" in words
        for load in results["servers"]["loads"]:
            assert f"{load['wrapped']['value']:.3f}" in words


def test_the_picture_is_for_a_dark_ground_too(results: Any) -> None:
    _, style, drawing = re.split("<style>svg|</style>", chart.picture(results), maxsplit=2)
    assert "prefers-color-scheme: dark" in style
    # Each colour in it has a name, by which it changes.
    assert re.findall(r"#[0-9a-f]{6}", drawing)
    assert not re.findall(r"(?<!, )#[0-9a-f]{6}", drawing)


@pytest.mark.parametrize(
    ("words", "value", "is_missed"),
    [
        ("a 200, to the floor", 1.5, False),
        ("a 200, to the floor", 1.503, False),
        ("a 200, to the floor", 1.51, True),
        ("a 200 by a generator, to ours", 2.0, False),
        ("a 200 by a generator, to ours", 1.99, True),
    ],
)
def test_a_target_that_is_missed_stands_out(
    results: Any, words: str, value: float, is_missed: bool
) -> None:
    changed = json.loads(json.dumps(results))
    for python in changed["pythons"].values():
        python["calls"]["200"]["wsgi-nocontent"]["floors"]["value"] = value
        python["calls"]["200"]["generator"]["ours"]["value"] = value
    (row,) = (row for row in page.targets(changed) if row.startswith(f"| {words} |"))
    assert row.count("**") == (2 * len(changed["pythons"]) if is_missed else 0)


def test_a_rate_that_is_missed_stands_out(results: Any) -> None:
    changed = json.loads(json.dumps(results))
    load = changed["servers"]["loads"][0]
    load["wrapped"] = {"value": 0.989, "low": 0.97, "high": 1.01}
    row = list(page.whole(changed))[2]
    assert "| ≥ 0.99 | **0.989** (0.970 to 1.010) |" in row


@pytest.fixture
def measured(results: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have everything measured already, and one Python to measure."""
    python = next(iter(results["pythons"].values()))
    for module, found in {
        servers: results["servers"],
        streams: results["streams"],
        startup: python["startup"],
        calls: python["calls"],
    }.items():
        monkeypatch.setattr(module, "measure", lambda *_, found=found: found)
    monkeypatch.setattr(
        instructions,
        "measure",
        lambda _, scenario, __: {**python["instructions"], **results["frameworks"]}[scenario],
    )
    monkeypatch.setattr(bench, "program", lambda name: name)
    monkeypatch.setattr(bench, "software", lambda: results["software"])
    (tmp_path / "docs").mkdir()
    (tmp_path / ".venv").mkdir()
    for name in ("ROOT", "DOCS", "RESULTS", "PAGE"):
        monkeypatch.setattr(bench, name, tmp_path / getattr(bench, name).relative_to(ROOT))
    bench.PAGE.write_text("# Figures\n<!-- figures: targets -->\n<!-- end of figures -->\n")
    return tmp_path


def test_the_command(measured: Path, results: Any, capsys: pytest.CaptureFixture[str]) -> None:
    environment = measured / ".venv" / "bench-3.11" / "bin"
    environment.mkdir(parents=True)
    (environment / "python").write_text("#!/bin/sh\necho 3.11.7 3.1 5.2\n")
    (environment / "python").chmod(0o755)
    bench.main()
    written = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    python = next(iter(results["pythons"].values()))
    assert written["pythons"] == {
        "3.11.7": {**python, "software": {"Flask": "3.1", "Django": "5.2"}}
    }
    assert {**results, **written, "pythons": 0} == {**written, "pythons": 0}
    assert "| a 200, to the floor | ≤ 1.5 | " in bench.PAGE.read_text(encoding="utf-8")
    ElementTree.parse(measured / "docs" / "benchmarks.svg")
    assert "Measuring Python 3.11.7: time ..." in capsys.readouterr().out


def test_without_a_python_it_says_so(measured: Path) -> None:
    with pytest.raises(SystemExit, match=r"needs a Python to measure: 3\.9, 3\.11 or 3\.13"):
        bench.main()
    assert not bench.RESULTS.exists()


def test_without_a_program_it_says_which(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "program", lambda name: None if name == "h2load" else name)
    with pytest.raises(SystemExit, match=r"packages: h2load \(nghttp2-client\)$"):
        bench.main()
