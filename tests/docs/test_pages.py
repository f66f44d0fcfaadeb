"""Every code block of every page is run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.playing import NotSoError, Play
from tests.pages import Block, Page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Played from top to end.
STORIES = ["story.md"]
# Each section is played by itself, after what stands before the first of them.
EXAMPLES = ["quick-start.md", "deployment.md"]
EXPLANATIONS = ["rules.md", "questions.md"]
PLAYED = [*STORIES, *EXAMPLES, *EXPLANATIONS]


def sections(names: Sequence[str]) -> dict[str, list[Block]]:
    """Give the blocks that are played together, by page and section."""
    found = {}
    for name in names:
        blocks = Page("docs", name).all_blocks()
        first = [block for block in blocks if not block.section]
        for section in dict.fromkeys(block.section for block in blocks if block.section):
            found[f"{name}: {section}"] = first + [
                block for block in blocks if block.section == section
            ]
    return found


SCENES = {
    **{name: Page("docs", name).all_blocks() for name in STORIES},
    **sections(EXAMPLES + EXPLANATIONS),
}


def without_middleware(text: str) -> str:
    """Leave the middleware out of code, of a command line or of a configuration."""
    text = re.sub(r"\bNoContentMiddleware\(", "(", text)
    text = re.sub(r"wsgi_nocontent:wrap\('([\w.:]+)'\)", r"\1", text)
    return text.replace("filter-with = nocontent\n", "")


@pytest.mark.parametrize("scene", SCENES)
def test_it_is_as_the_page_says(wheels: Path, scene: str) -> None:
    with Play(wheels) as play:
        play.all(SCENES[scene])


@pytest.mark.parametrize("scene", sections(EXAMPLES))
def test_it_is_the_middleware_that_does_it(wheels: Path, scene: str) -> None:
    blocks = SCENES[scene]
    without = [block._replace(text=without_middleware(block.text)) for block in blocks]
    assert without != blocks
    with Play(wheels) as play, pytest.raises(NotSoError, match="RFC 9110"):
        play.all(without)
