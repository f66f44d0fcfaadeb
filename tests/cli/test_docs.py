"""What docs/probe.md and its picture say is so."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.cli.picture import PICTURE, draw
from tests.pages import Page
from wsgi_nocontent.cli import main

PAGE = Page("docs", "probe.md").text


def words(picture: str) -> list[str]:
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    return unescape(" ".join(texts)).replace("\xa0", " ").split()


def test_the_picture_is_what_the_command_prints() -> None:
    assert words(PICTURE.read_text(encoding="utf-8")) == words(draw())


def test_the_picture_fetches_nothing() -> None:
    assert "url(http" not in PICTURE.read_text(encoding="utf-8").replace('"', "")


@pytest.mark.parametrize("command", ["probe", "check"])
def test_the_page_has_each_option(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = capsys.readouterr().out.partition("examples:")[0]
    options = set(re.findall(r"(?<![\w-])--[a-z0-9]+", text)) - {"--help", "--method", "--header"}
    assert options
    for option in [*options, "-X", "-H"]:
        assert f"`{option}" in PAGE, option
