"""The pages whose code the tests run."""

from __future__ import annotations

import re

from demo.apps import ROOT


class Page:
    """A page of Markdown, by its path in the project."""

    def __init__(self, *path: str) -> None:
        self.text = ROOT.joinpath(*path).read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        """Give the code blocks in a language, in their order."""
        block = rf"^```{language}\n(.*?)^```$"
        found: list[str] = re.findall(block, self.text, re.DOTALL | re.MULTILINE)
        return found
