"""Show results: to a person in a terminal, or to a program as JSON."""

from __future__ import annotations

import json

from rich import box
from rich.table import Table
from rich.text import Text

from ..requirements import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from rich.console import Console

    from .asking import Result

#: So much is shown of what a server sent: bytes, characters of a line, lines of a head, the
#: last heads, findings.
MAXIMUM_BYTES = 200
MAXIMUM_LINE = 400
MAXIMUM_LINES = 40
MAXIMUM_HEADS = 3
MAXIMUM_FINDINGS = 20


class Screen:
    """Shows results one after the other, and at the end a table of all.

    A terminal's lines are wrapped where words end, and coloured; elsewhere lines are as long
    as they are.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ascii = console.options.ascii_only
        if not console.is_terminal:
            # Nothing is folded there, and rich makes no table that is wider than its console.
            console.width = 10_000
        self._rows: list[tuple[str, str, list[str], str]] = []

    def show(self, result: Result) -> None:
        """Show one."""
        asked = f"{result.method} {result.url}"
        if result.findings:
            self._line(f"{self._mark('✗', 'x')} {asked}", "bold red")
            self._exchange(result)
            self._findings(result)
        elif result.status_code >= 400:
            self._line(f"? {asked}: {_error(result)}", "yellow")
        else:
            self._line(f"{self._mark('✓', 'ok')} {asked}: {_clean(result)}", "green")

    def note(self, asked: str, results: Sequence[Result], *, answered: bool) -> None:
        """Note for the table what came of one, with each redirect on the way."""
        found = [_cut(each.seen) for result in results for each in result.findings]
        if len(found) > 3:
            found[3:] = [f"and {len(found) - 3} more"]
        style = "red"
        if not answered:
            found.append("no answer")
        elif not found and results[-1].status_code >= 400:
            found, style = ["an error"], "yellow"
        elif not found:
            found, style = ["clean"], "green"
        self._rows.append((asked, str(results[-1].status_code) if answered else "", found, style))

    def summary(self) -> None:
        """Show the table, if there is more than one to compare."""
        if len(self._rows) < 2:
            return
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("asked", overflow="fold")
        table.add_column("status")
        table.add_column("found", overflow="fold")
        for asked, status_code, found, style in self._rows:
            text = Text("\n".join(map(self._text, found)), style=style)
            table.add_row(Text(self._text(asked)), status_code, text)
        self._console.print(table)

    def _exchange(self, result: Result) -> None:
        for line in result.request:
            self._line(_cut(line), first="> ")
        if len(result.heads) > MAXIMUM_HEADS:
            self._line(f"{len(result.heads) - MAXIMUM_HEADS} interim responses", first="< ")
        for head in result.heads[-MAXIMUM_HEADS:]:
            for line in head[:MAXIMUM_LINES]:
                self._line(_cut(line), first="< ")
            if len(head) > MAXIMUM_LINES:
                self._line(f"and {len(head) - MAXIMUM_LINES} lines more", first="< ")
        for part in result.after:
            size = f"{part.size} {'byte' if part.size == 1 else 'bytes'}"
            delay = (part.delay or 0) * 1000
            late = f"{delay:.0f} ms later, " if delay >= 1 else ""
            self._line(f"{part.what}, {late}{size}: {shown(part.data, MAXIMUM_BYTES)}", first="  ")

    def _findings(self, result: Result) -> None:
        told: set[str] = set()
        for finding in result.findings[:MAXIMUM_FINDINGS]:
            requirement = finding.requirement
            remedy = requirement.remedy.format(code=_code_for(result))
            self._console.print()
            self._line(_cut(finding.seen), "bold", first="  ")
            self._line(f"{requirement.text} ({requirement.section})", first="    rule  ")
            self._line(requirement.consequence, first="    risk  ")
            self._line("as above" if remedy in told else remedy, first="    mend  ")
            told.add(remedy)
        self._console.print()
        if len(result.findings) > MAXIMUM_FINDINGS:
            self._line(f"and {len(result.findings) - MAXIMUM_FINDINGS} findings more", first="  ")

    def _line(self, text: str, style: str = "", first: str = "") -> None:
        """Print a line, its further lines under the beginning of its text."""
        text = self._text(text)
        if not self._console.is_terminal:
            self._console.print(Text(first + text), soft_wrap=True)
            return
        width = max(self._console.width - len(first), 1)
        for line in Text(text, style=style).wrap(self._console, width, overflow="fold"):
            line.rstrip()
            self._console.print(Text.assemble((first, "dim"), line), soft_wrap=True)
            first = " " * len(first)

    def _text(self, text: str) -> str:
        """Give a text as this terminal can show it."""
        if not self._ascii:
            return _escaped(text)
        return _escaped(text.replace("§", "section ")).encode("ascii", "backslashreplace").decode()

    def _mark(self, mark: str, instead: str) -> str:
        return instead if self._ascii else mark


def _cut(line: str) -> str:
    more = len(line) - MAXIMUM_LINE
    return f"{line[:MAXIMUM_LINE]} and {more} characters more" if more > 0 else line


def _escaped(text: str) -> str:
    """Give a text without what a terminal would obey."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def one_line(text: str) -> str:
    """Give a text in one line that is not too long, and that a terminal does not obey."""
    return _cut(_escaped(text))


def _clean(result: Result) -> str:
    if not result.without_content:
        return f"{result.status_code}, which may have content"
    # What breaks by HTTP/2 can be clean by HTTP/1.1, because of what a front makes of it.
    is_half = result.url.startswith("https:") and result.request[0].endswith("/1.1")
    return f"{result.status_code}, and no content" + (", by HTTP/1.1; try --http2" * is_half)


def _error(result: Result) -> str:
    what = f"{result.status_code}, an error"
    if result.status_code < 500:
        return f"{what}, perhaps before the view that is meant was asked"
    if result.status_code in (502, 503, 504):
        return f"{what} of a front, perhaps because of what is behind it: probe it"
    return what


def _code_for(result: Result) -> int:
    """The status code that a view is advised to use: 1xx is not a view's to send."""
    return result.status_code if result.status_code >= 200 else 204


def as_json(results: Sequence[Result], **about: str) -> str:
    """Give one, after its redirects, as an object; docs/probe.schema.json says what is in it.

    :param about: what else to say of what was asked.
    """
    *redirects, result = map(_object, results)
    return json.dumps({**about, **result, "redirects": redirects, "error": None})


def error_as_json(
    url: str, method: str, why: str, redirects: Sequence[Result], **about: str
) -> str:
    """Give an object for one of which there is no answer."""
    told = list(map(_object, redirects))
    return json.dumps({**about, "url": url, "method": method, "redirects": told, "error": why})


def _object(result: Result) -> dict[str, Any]:
    return {
        "url": result.url,
        "method": result.method,
        "request": result.request,
        "heads": result.heads,
        "status_code": result.status_code,
        "after": [
            {
                "what": part.what,
                "delay": part.delay,
                "size": part.size,
                "begins": part.data[:MAXIMUM_BYTES].decode("latin-1"),
            }
            for part in result.after
        ],
        "clean": not result.findings,
        "findings": [
            {
                "seen": finding.seen,
                "rule": finding.requirement.name,
                "text": finding.requirement.text,
                "section": finding.requirement.section,
                "consequence": finding.requirement.consequence,
                "remedy": finding.requirement.remedy.format(code=_code_for(result)),
            }
            for finding in result.findings
        ],
    }
