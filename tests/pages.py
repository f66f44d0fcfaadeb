"""The pages whose code the tests run."""

from __future__ import annotations

from typing import NamedTuple

from markdown_it import MarkdownIt

from demo.apps import ROOT


class Block(NamedTuple):
    """A code block."""

    #: As it stands after the fence, such as ``"python"``.
    language: str
    text: str
    #: The second-level heading that it is under, or ``""``.
    section: str


class Page:
    """A page of Markdown, by its path in the project."""

    def __init__(self, *path: str) -> None:
        self.text = ROOT.joinpath(*path).read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        """Give the code blocks in a language, in their order."""
        return [block.text for block in self.all_blocks() if block.language == language]

    def all_blocks(self) -> list[Block]:
        """Give every code block, but for Sphinx's directives."""
        found = []
        section = ""
        tokens = MarkdownIt().parse(self.text)
        for before, token in zip([None, *tokens], tokens):
            if before and before.type == "heading_open" and before.tag == "h2":
                section = token.content
            if token.type == "fence" and not token.info.startswith("{"):
                found.append(Block(token.info.strip(), token.content, section))
        return found
