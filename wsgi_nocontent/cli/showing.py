"""Show results: to a person in a terminal, or to a program as JSON."""

from __future__ import annotations

import json

from rich import box
from rich.table import Table
from rich.text import Text

from ..requirements import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rich.console import Console

    from .asking import Result

#: So much is shown of what a server sent: bytes, characters of a line, lines of a head.
MAXIMUM_BYTES = 200
MAXIMUM_LINE = 400
MAXIMUM_LINES = 40


class Screen:
    """Shows results one after the other, and at the end a table of all.

    A terminal's lines are wrapped where words end, and coloured; elsewhere lines are as long
    as they are.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ascii = console.options.ascii_only
        self._rows: list[tuple[str, str, Text]] = []

    def show(self, result: Result) -> None:
        """Show one, and what led to it."""
        for redirect in result.redirects:
            self.show(redirect)
        asked = f"{result.method} {result.url}"
        if result.findings:
            self._line(f"{self._mark('✗', 'x')} {asked}", "bold red")
            self._exchange(result)
            self._findings(result)
        else:
            self._line(f"{self._mark('✓', 'ok')} {asked}: {_clean(result)}", "green")

    def count(self, result: Result | None, asked: str) -> None:
        """Note one for the table; None if it could not be had."""
        if result is None:
            found = Text("not asked", style="red")
        elif result.findings:
            found = Text("\n".join(self._text(each.seen) for each in result.findings), style="red")
        else:
            found = Text("clean", style="green")
        self._rows.append((asked, str(result.status_code) if result else "", found))

    def summary(self) -> None:
        """Show the table, if there is more than one to compare."""
        if len(self._rows) < 2:
            return
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("asked", overflow="fold", ratio=2)
        table.add_column("status")
        table.add_column("found", overflow="fold", ratio=3)
        for asked, status_code, found in self._rows:
            table.add_row(self._text(asked), status_code, found)
        self._console.print(table)

    def _exchange(self, result: Result) -> None:
        for line in result.request:
            self._line(self._cut(line), first="> ")
        for head in result.heads:
            for line in head[:MAXIMUM_LINES]:
                self._line(self._cut(line), first="< ")
            if len(head) > MAXIMUM_LINES:
                self._line(f"and {len(head) - MAXIMUM_LINES} lines more", "dim", first="< ")
        for what, data in result.after:
            count = f"{len(data)} {'byte' if len(data) == 1 else 'bytes'}"
            self._line(f"{what}, {count}: {shown(data, MAXIMUM_BYTES)}", first="  ")

    def _findings(self, result: Result) -> None:
        told: set[str] = set()
        for finding in result.findings:
            rule = finding.rule
            remedy = rule.remedy.format(code=_code_for(result))
            self._console.print()
            self._line(finding.seen, "bold", first="  ")
            self._line(f"{rule.text} ({rule.section})", first="    rule  ")
            self._line(rule.consequence, first="    risk  ")
            self._line("as above" if remedy in told else remedy, first="    mend  ")
            told.add(remedy)
        self._console.print()

    def _line(self, text: str, style: str = "", first: str = "") -> None:
        """Print a line, its further lines under the beginning of its text."""
        text = self._text(text)
        if not self._console.is_terminal:
            self._console.print(Text(first + text), soft_wrap=True)
            return
        width = max(self._console.width - len(first), 20)
        for line in Text(text, style=style).wrap(self._console, width, overflow="fold"):
            line.rstrip()
            self._console.print(Text.assemble((first, "dim"), line), soft_wrap=True)
            first = " " * len(first)

    def _cut(self, line: str) -> str:
        more = len(line) - MAXIMUM_LINE
        return f"{line[:MAXIMUM_LINE]} and {more} characters more" if more > 0 else line

    def _text(self, text: str) -> str:
        """Give a text as this terminal can show it, and nothing that it would obey."""
        if self._ascii:
            text = text.replace("§", "section ")
        return "".join(
            character
            if character.isprintable() and (character.isascii() or not self._ascii)
            else character.encode("unicode_escape").decode()
            for character in text
        )

    def _mark(self, mark: str, instead: str) -> str:
        return instead if self._ascii else mark


def _clean(result: Result) -> str:
    if not result.without_content:
        return f"{result.status_code}, which may have content"
    # What breaks by HTTP/2 can be clean by HTTP/1.1, because of what a front makes of it.
    is_half = result.url.startswith("https:") and result.request[0].endswith("/1.1")
    return f"{result.status_code}, and no content" + (", by HTTP/1.1; try --http2" * is_half)


def _code_for(result: Result) -> int:
    """The status code that a view is advised to use: 1xx is not a view's to send."""
    return result.status_code if result.status_code >= 200 else 204


def as_json(result: Result, **about: str) -> str:
    """Give one as an object in a line; docs/probe.schema.json says what is in it.

    :param about: what else to say of what was asked.
    """
    return json.dumps({**about, **_object(result), "error": None})


def error_as_json(url: str, method: str, why: str, **about: str) -> str:
    """Give an object for one that could not be asked."""
    return json.dumps({**about, "url": url, "method": method, "error": why})


def _object(result: Result) -> dict[str, Any]:
    return {
        "url": result.url,
        "method": result.method,
        "request": result.request,
        "heads": result.heads,
        "status_code": result.status_code,
        "after": [
            {"what": what, "size": len(data), "begins": data[:MAXIMUM_BYTES].decode("latin-1")}
            for what, data in result.after
        ],
        "clean": not result.findings,
        "findings": [
            {
                "seen": finding.seen,
                "rule": finding.rule.name,
                "text": finding.rule.text,
                "section": finding.rule.section,
                "consequence": finding.rule.consequence,
                "remedy": finding.rule.remedy.format(code=_code_for(result)),
            }
            for finding in result.findings
        ],
        "redirects": [_object(redirect) for redirect in result.redirects],
    }
