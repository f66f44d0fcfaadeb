"""What docs/reliability.md names is there."""

from __future__ import annotations

import re

import pytest

from demo.apps import ROOT
from reliability.suites.projects import PROJECTS
from tests.model.points import POINTS
from tests.pages import Page

PAGE = Page("docs", "reliability.md").text


def test_each_point_of_the_model() -> None:
    named = set(re.findall(r"`([a-z_]+_[a-z_]+)`", PAGE))
    points = {point.__name__ for point in POINTS}
    in_words = {
        "an_empty_list_that_answers_head_is_handed_on",
        "strict_mode_raises_what_would_be_told",
    }
    assert points - named == in_words


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z]+)`", PAGE))))
def test_each_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("place", sorted(set(re.findall(r"\]\(\.\./([^)#]+)\)", PAGE))))
def test_each_place(place: str) -> None:
    assert (ROOT / place).exists()


def test_each_test_that_differs() -> None:
    differing = [name for project in PROJECTS for name in project.explained]
    for name in differing:
        assert f"`{name.rpartition('::')[2]}`" in PAGE
