"""What pages say in words and tables, beside what was measured."""

from __future__ import annotations

import re

import pytest

from tests.fronts.test_fronts import BAD_OUTCOMES
from tests.pages import Page

SERVERS = Page("docs", "servers.md").text
QUESTIONS = Page("docs", "questions.md").text
DEPLOYMENT = Page("docs", "deployment.md").text
README = Page("README.md").text
RULES = Page("docs", "rules.md").text


def row(page: str, name: str) -> list[str]:
    """Give the cells of the row of a table that begins so."""
    (line,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", page, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


@pytest.mark.parametrize("server", ["gunicorn 23.0.0 sync", "gunicorn newest sync"])
def test_what_gunicorn_sends_is_as_in_the_matrix(server: str) -> None:
    _, bare, wrapped, _, no_content, reset, not_modified, head, *_ = row(SERVERS, server)
    assert wrapped == "0"
    counts = [cell.split(" → ")[0] for cell in (no_content, reset, not_modified, head)]
    assert row(QUESTIONS, server) == [bare, *counts]


@pytest.mark.parametrize("front", BAD_OUTCOMES)
def test_what_fronts_make_of_it_is_as_was_seen(front: str) -> None:
    outcome = str(BAD_OUTCOMES[front]).rpartition(": ")[2]
    without, with_it = row(DEPLOYMENT, front)
    assert without.replace("`", "").split(",")[0] == outcome
    assert with_it.split(",")[0] == "204"


def test_the_rules_are_those_of_the_readme() -> None:
    table = r"^\| response \| body .*?\n\n"
    (of_the_readme,) = re.findall(table, README, re.MULTILINE | re.DOTALL)
    assert of_the_readme in RULES
