"""Write docs/servers.md and docs/servers.svg, from what each server really sends.

``make matrix`` runs it. Equal surveys of one day make equal files, so a diff shows what changed.
"""

from __future__ import annotations

import platform
import re
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from fnmatch import fnmatchcase
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import pytest

from demo.apps import ROOT
from tests.servers.cases import CASES, CONTROLS, FIELDS, WAYS, WITHOUT_CONTENT, Case
from tests.servers.limits import LIMITS, MENDED, Limit, limit_of
from tests.servers.setups import SETUPS, Setup
from tests.servers.survey import survey
from wsgi_nocontent import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.servers.survey import Survey

DOCS = ROOT / "docs"
SIDE_BY_SIDE = 4
"""Surveys at a time, each in a process: they mostly wait."""

# What an answer is, bare or wrapped. BY_SERVER: it goes wrong, but LIMITS knows of it, and
# here and now an app that sends nothing got the very same.
CLEAN, BROKEN, BY_SERVER = "clean", "broken", "by-server"
# What a control is, wrapped, beside itself bare.
SAME, BETTER, CHANGED = "same", "mended", "changed"

ANSWERS = {**{answer: answer for answer in WITHOUT_CONTENT}, "102": "1xx"}
"""How a group of cases is called."""


class Row(NamedTuple):
    """What came of one server."""

    setup: Setup
    version: str
    bare: dict[Case, str]
    wrapped: dict[Case, str]
    controls: dict[Case, str]
    #: What must not be: each answer that the middleware left broken or changed.
    left: list[str]

    @property
    def label(self) -> str:
        """The server with its version, but for what Debian adds to one."""
        version = re.sub(r"-\S+", "", self.version)
        name = self.setup.name.replace("newest", version)
        return name if version in name else f"{name} {version}"


def row_of(setup: Setup, found: Survey) -> Row:
    """Judge each answer of a server."""

    def judged(case: Case) -> str:
        faults = found.wrapped[case].faults(case)
        if not faults:
            return CLEAN
        known = limit_of(setup, case) and found.silent[case].faults(case) == faults
        return BY_SERVER if known else BROKEN

    def compared(case: Case) -> str:
        if found.bare[case].exchange == found.wrapped[case].exchange:
            return SAME
        return BETTER if MENDED.holds(setup, case) else CHANGED

    bare = {case: BROKEN if found.bare[case].faults(case) else CLEAN for case in CASES}
    wrapped = {case: judged(case) for case in CASES}
    controls = {case: compared(case) for case in CONTROLS}
    left = [
        *(
            f"{setup.name} {case.path}: {', '.join(found.wrapped[case].faults(case))}"
            for case in CASES
            if wrapped[case] == BROKEN
        ),
        *(
            f"{setup.name} {case.path}: not the same as bare"
            for case in CONTROLS
            if controls[case] == CHANGED
        ),
    ]
    return Row(setup, found.version, bare, wrapped, controls, left)


def number(marks: Iterable[dict[Case, str]], mark: str, answer: str = "") -> int:
    """Count the cases with that mark, of one answer or of all."""
    return sum(
        its == mark and case.answer.startswith(answer) for of in marks for case, its in of.items()
    )


def table(rows: list[Row]) -> Iterator[str]:
    """Give the lines of the table of servers, the totals last."""
    head = (
        *("server", "version", "bare", "wrapped", "left by the server"),
        *(*ANSWERS.values(), "200 and 500 unchanged"),
    )
    yield "| " + " | ".join(head) + " |"
    yield "|---" * 2 + "|--:" * (len(head) - 2) + "|"
    for row in rows:
        yield line([row], row.setup.name, row.version)
    yield line(rows, f"**all {len(rows)}**", "")


def line(rows: list[Row], name: str, version: str) -> str:
    bare, wrapped = [row.bare for row in rows], [row.wrapped for row in rows]
    controls = [row.controls for row in rows]

    def change(answer: str) -> str:
        by_server = number(wrapped, BY_SERVER, answer)
        change = f"{number(bare, BROKEN, answer):,} → {number(wrapped, BROKEN, answer):,}"
        return change + (f" ({by_server})" if by_server else "")

    others = {mark: number(controls, mark) for mark in (BETTER, CHANGED)}
    cells = [
        *(name, version, f"{number(bare, BROKEN):,} of {len(rows) * len(CASES):,}"),
        *(f"{number(wrapped, BROKEN):,}", f"{number(wrapped, BY_SERVER):,}"),
        *map(change, ANSWERS),
        f"{number(controls, SAME):,} of {len(rows) * len(CONTROLS):,}"
        + "".join(f", {count} {mark}" for mark, count in others.items() if count),
    ]
    return "| " + " | ".join(cells) + " |"


def limits(rows: list[Row]) -> Iterator[str]:
    """Give the lines of the table of what no app can change."""
    yield "| what the server does | what helps | servers | cases | answers |"
    yield "|---|---|---|---|--:|"
    for limit in LIMITS:
        count = sum(
            mark == BY_SERVER and limit.holds(row.setup, case)
            for row in rows
            for case, mark in row.wrapped.items()
        )
        cells = limit.reason, limit.remedy, servers_of(limit), cases_of(limit), str(count)
        yield "| " + " | ".join(cells) + " |"


def servers_of(limit: Limit) -> str:
    return ", ".join(pattern.replace(" *", " (every worker)") for pattern in limit.servers)


def cases_of(limit: Limit) -> str:
    """Say which cases a limit is of, in the page's words."""
    cases = [
        case for case in CASES if any(fnmatchcase(case.path, pattern) for pattern in limit.cases)
    ]
    answers, ways, fields = (list(dict.fromkeys(words)) for words in zip(*cases))
    return "; ".join(
        [
            ", ".join(ANSWERS[answer] for answer in answers),
            ", ".join(f"`{way}`" for way in ways),
            "length " + ", ".join(f"`{kind}`" for kind in fields),
        ]
    )


def in_words(terms: dict[str, str]) -> str:
    return "\n".join(f"- `{term}`: {words}" for term, words in terms.items())


def sums(rows: list[Row]) -> tuple[str, str]:
    """Say in words what came of it all, bare and wrapped."""
    bare, wrapped = [row.bare for row in rows], [row.wrapped for row in rows]
    return (
        f"{number(bare, BROKEN):,} of {len(rows) * len(CASES):,} answers go wrong",
        f"{number(wrapped, BROKEN):,} by the app, {number(wrapped, BY_SERVER):,} by the servers",
    )


def page(rows: list[Row], day: date) -> str:
    """Make docs/servers.md."""
    bare, wrapped = sums(rows)
    kinds = ", ".join(
        f"{sum(case.answer == answer for case in CASES)} of {name}"
        for answer, name in ANSWERS.items()
    )
    number_of_empty = sum(case.way == "empty" for case in CASES)
    servers, by_servers = "\n".join(table(rows)), "\n".join(limits(rows))
    return f"""\
<!-- Generated by "make matrix" from what the servers sent. Do not edit it. -->

# Which WSGI servers send content where HTTP allows none

![Bare, {bare}; wrapped, {wrapped}](servers.svg)

An app gives {len(CASES)} answers that HTTP allows no content, and sends content with all but
{number_of_empty} of them. {len(rows)} server set-ups ran it, bare and wrapped in wsgi-nocontent.

**Bare, {bare}. Wrapped, {wrapped}.**

Measured on {day} with wsgi-nocontent {__version__} and Python {platform.python_version()};
mod_wsgi has the Python that it was built for.

## The servers

{servers}

- *bare*: answers that go wrong without the middleware.
- *wrapped*: answers that go wrong with the middleware, but for those in the next column.
- *left by the server*: answers that go wrong by the server alone, although the app does its part.
  [All of them](#what-the-servers-do-by-themselves)
- *{", ".join(ANSWERS.values())}*: the same by answer: bare → wrapped (left by the server).
- *200 and 500 unchanged*: of {len(CONTROLS)} responses that may have content, those that came bare
  and wrapped the same, byte for byte but for the time in `Date`.
- *{BETTER}*: what comes out better wrapped: {servers_of(MENDED)}, 200 and 500 by `lazy`.
  {MENDED.reason}

An answer goes wrong if it has content, or a length or a transfer coding, where RFC 9110 and
RFC 9112 allow none; if bytes of it are taken for the next answer; if where it ends can not be
told; or if it is not the app's answer at all, but a 500 in place of a 204. Not judged is the
length on an answer to HEAD: it is the app's to declare, as on its answer to GET.

How each server is started stands in [tests/servers/setups.py](../tests/servers/setups.py).

## What was asked

{len(CASES)} answers: {kinds}.
HEAD is a 200 to a HEAD request; 1xx is a 102 with no other response after it.

The app sends the body

{in_words(WAYS)}

and declares as its `Content-Length`

{in_words(FIELDS)}

Each way goes with each of these, but `empty` declares nothing. A 1xx is sent by `list`, `lazy` and
`write`, with `right`.

The {len(CONTROLS)} responses that may have content are a 200 and a 500, sent in these ways but
`empty` and `endless`, and with lengths that are not wrong, and a 200 of 3 MiB.

## What the servers do by themselves

{by_servers}

Each is proven by a test: the bare app gets the very same from that server with an answer that has
no content and declares none.

## Make this page anew

```sh
make matrix
```

starts each server twice, asks it everything, and writes this page and its picture. It exits with
status 1 if anything is left that is not in the table above.
"""


# The picture, in pixels. A case is a column of a panel, and a server a row.
CELL, GROUP_GAP, ROW, BAR = 1, 6, 18, 13
LEFT, TOP, MARGIN, BETWEEN = 256, 110, 16, 68
PANEL = CELL * len(CASES) + GROUP_GAP * (len(ANSWERS) - 1)
WIDTH = LEFT + 2 * (PANEL + BETWEEN)
# The colours differ in lightness too, for who does not see them, and for print.
LIGHT = {
    "ground": "#ffffff",
    "ink": "#1f2328",
    "faint": "#59636e",
    BROKEN: "#b3330a",
    BY_SERVER: "#e5a50a",
    CLEAN: "#c3dcec",
}
DARK = {
    "ground": "#0d1117",
    "ink": "#f0f6fc",
    "faint": "#9198a1",
    BROKEN: "#f0622d",
    BY_SERVER: "#ffd75e",
    CLEAN: "#1f4560",
}
LEGEND = {
    BROKEN: "goes wrong",
    BY_SERVER: "goes wrong by the server itself",
    CLEAN: "as HTTP asks",
}


def picture(rows: list[Row]) -> str:
    """Make docs/servers.svg."""
    bottom = TOP + ROW * len(rows)
    height = bottom + 64
    bare, wrapped = sums(rows)
    heading = f"What {len(rows)} WSGI server set-ups send where HTTP allows no content"
    panels = (LEFT, f"bare: {bare}"), (LEFT + PANEL + BETWEEN, f"wrapped: {wrapped}")
    parts = [
        text(MARGIN, 34, heading, "title"),
        *(text(x, 70, words, "panel") for x, words in panels),
        *(part for x, _ in panels for part in group_names(x)),
        *(
            part
            for index, row in enumerate(rows)
            for part in drawn(row, TOP + ROW * index, panels[0][0], panels[1][0])
        ),
        *legend(bottom + 20),
        text(
            LEFT,
            bottom + 52,
            f"Each thin column is one of {len(CASES)} ways to send such an answer. "
            "Numbers: answers that go wrong; + those by the server itself.",
            "faint",
        ),
    ]
    drawing = "\n".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" \
height="{height}" role="img" aria-labelledby="title desc">
<!-- Generated by "make matrix" from what the servers sent. Do not edit it. -->
<title id="title">{heading}: bare, {bare}; wrapped, {wrapped}</title>
<desc id="desc">{escape("; ".join(map(summary, rows)))}.</desc>
<style>
text {{ font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }}
.title {{ font-size: 19px; font-weight: 600 }}
.panel {{ font-size: 14px; font-weight: 600 }}
.count {{ font-variant-numeric: tabular-nums }}
.middle {{ text-anchor: middle }}
.end {{ text-anchor: end }}
{style(LIGHT)}
@media (prefers-color-scheme: dark) {{
{style(DARK)}
}}
</style>
<rect class="ground" width="{WIDTH}" height="{height}"/>
{drawing}
</svg>
"""


def style(colours: dict[str, str]) -> str:
    return "\n".join(
        [
            f"text {{ fill: {colours['ink']} }}",
            *(f".{name} {{ fill: {colour} }}" for name, colour in colours.items()),
        ]
    )


def text(x: float, y: float, words: str, kind: str = "ink") -> str:
    return f'<text x="{x:g}" y="{y}" class="{kind}">{escape(words)}</text>'


def group_names(left: int) -> Iterator[str]:
    for answer, name in ANSWERS.items():
        places = [place for place, case in placed(left) if case.answer == answer]
        yield text((places[0] + places[-1] + CELL) / 2, TOP - 10, name, "faint middle")


def placed(left: int) -> Iterator[tuple[int, Case]]:
    """Give each case with where its column begins."""
    groups = list(ANSWERS)
    for index, case in enumerate(CASES):
        yield left + CELL * index + GROUP_GAP * groups.index(case.answer), case


def drawn(row: Row, top: int, left_bare: int, left_wrapped: int) -> Iterator[str]:
    """Draw what one server did."""
    base = top + BAR - 2
    yield f"<g><title>{escape(summary(row))}</title>"
    yield text(LEFT - 12, base, row.label, "ink end")
    yield from bars(row.bare, left_bare, top)
    yield text(left_bare + PANEL + 8, base, str(number([row.bare], BROKEN)), "ink count")
    yield from bars(row.wrapped, left_wrapped, top)
    broken, by_server = (number([row.wrapped], mark) for mark in (BROKEN, BY_SERVER))
    words = f"{broken} + {by_server}" if by_server else str(broken)
    yield text(left_wrapped + PANEL + 8, base, words, "ink count")
    yield "</g>"


def bars(marks: dict[Case, str], left: int, top: int) -> Iterator[str]:
    """Draw neighbours of one group and mark as one bar: it is a tenth of the file."""

    def alike(place: tuple[int, Case]) -> tuple[str, str]:
        return place[1].answer, marks[place[1]]

    for (_, mark), run in groupby(placed(left), alike):
        places = [place for place, _ in run]
        width = CELL * len(places)
        yield f'<rect class="{mark}" x="{places[0]}" y="{top}" width="{width}" height="{BAR}"/>'


def legend(top: int) -> Iterator[str]:
    x = LEFT
    for mark, words in LEGEND.items():
        yield f'<rect class="{mark}" x="{x}" y="{top}" width="{BAR}" height="{BAR}"/>'
        yield text(x + BAR + 7, top + BAR - 2, words)
        x += 60 + round(6.2 * len(words))


def summary(row: Row) -> str:
    return (
        f"{row.label}: bare {number([row.bare], BROKEN)} of {len(CASES)}, "
        f"wrapped {number([row.wrapped], BROKEN)}, "
        f"by the server itself {number([row.wrapped], BY_SERVER)}"
    )


def surveyed() -> list[Row]:
    """Survey every set-up, and tell on stderr of each that is done."""
    rows = {}
    # Not threads: a server can be started by the main thread of a process alone.
    with ProcessPoolExecutor(SIDE_BY_SIDE) as pool:
        surveys = {pool.submit(survey_at, index): setup for index, setup in enumerate(SETUPS)}
        for done in as_completed(surveys):
            setup = surveys[done]
            try:
                row = rows[setup.name] = row_of(setup, done.result())
            except RuntimeError as error:
                # A page without a server would be taken for the whole.
                pool.shutdown(cancel_futures=True)
                sys.exit(str(error))
            print(f"{len(rows):2} of {len(SETUPS)}  {summary(row)}", file=sys.stderr, flush=True)
    return [rows[setup.name] for setup in SETUPS]


def survey_at(index: int) -> Survey:
    """Survey one set-up, in a process of its own.

    It is asked for by its number, and the skip of a test is another error here, since neither
    a set-up nor a skip can be pickled.
    """
    setup = SETUPS[index]
    try:
        return survey(setup)
    except (pytest.skip.Exception, pytest.fail.Exception) as lack:
        raise RuntimeError(f"{setup.name} {lack}") from None


def main() -> int:
    """Write the page and the picture; give 1 if the middleware left anything."""
    rows = surveyed()
    DOCS.mkdir(exist_ok=True)
    (DOCS / "servers.md").write_text(page(rows, date.today()), encoding="utf-8")
    (DOCS / "servers.svg").write_text(picture(rows), encoding="utf-8")
    left = [words for row in rows for words in row.left]
    for words in left:
        print(f"LEFT  {words}", file=sys.stderr)
    print("bare: {}\nwrapped: {}".format(*sums(rows)))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
