"""Show what bare apps send behind gunicorn, and what wrapped ones do."""

from __future__ import annotations

import io
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.apps import DEMOS, Demo, Exchange
from demo.server import SIGNALS, Server, gunicorn
from wsgi_nocontent.probe import Report, probe
from wsgi_nocontent.probe.findings import ONE_ANSWER

if sys.version_info >= (3, 8):
    from importlib.metadata import version
else:
    from importlib_metadata import version  # which gunicorn has brought along

if TYPE_CHECKING:
    from types import FrameType


class Comparison(NamedTuple):
    """One exchange, with the bare app and with the wrapped one."""

    exchange: Exchange
    bare: Report
    wrapped: Report

    @property
    def same(self) -> bool:
        bare, wrapped = self.bare.answer, self.wrapped.answer
        return without_date(bare.head + bare.raw_content) == without_date(
            wrapped.head + wrapped.raw_content
        )


def without_date(raw: bytes) -> bytes:
    """Take the Date field out of what came over the wire."""
    return re.sub(rb"(?i)\ndate: [^\n]*", b"", raw)


def compare(demo: Demo) -> list[Comparison]:
    """Start gunicorn for both forms of a demo, and ask them the same."""
    options = ["--worker-class", "gthread", "--threads", "4"]
    with gunicorn(f"{demo.entry}:bare", demo.directory, options) as bare, gunicorn(
        f"{demo.entry}:application", demo.directory, options
    ) as wrapped, ThreadPoolExecutor() as pool:
        reports = pool.map(partial(ask_all, demo.exchanges), (bare, wrapped))
        return [Comparison(*row) for row in zip(demo.exchanges, *reports)]


def ask_all(exchanges: list[Exchange], server: Server) -> list[Report]:
    return [
        probe(server.url + path, method, headers, next_path="/items", pause=0.1)
        for method, path, _, headers in exchanges
    ]


def in_words(report: Report) -> Text:
    """Tell in a table's cell what went over the wire."""
    text = Text(str(report.answer.status_code))
    if report.findings:
        seen = [
            "taken for the next answer" if finding.requirement is ONE_ANSWER else finding.seen
            for finding in report.findings
        ]
        text.append("\n".join(["", *seen]), style="red")
    elif report.rule:
        text.append(", no content", style="green")
    else:
        text.append(f", {len(report.answer.content)} bytes")
    if report.next_answer is None:
        text.append("\nand the connection is of no further use", style="red")
    return text


def table_of(demo: Demo, comparisons: list[Comparison]) -> Table:
    table = Table(
        title=f"{demo.framework} {version(demo.framework)}",
        caption=demo.remark,
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 1, 0),
        expand=True,
    )
    for heading in "request", "bare", "wrapped", "rule":
        table.add_column(heading, overflow="fold", ratio=1)
    for comparison in comparisons:
        exchange, bare, wrapped = comparison
        request = Text(f"{exchange.method} {exchange.path}")
        request.append(f"\n{exchange.note}" if exchange.note else "", style="dim")
        if bare.rule:
            rule = bare.rule.source
        else:
            rule = "the same, byte for byte" if comparison.same else "CHANGED"
        table.add_row(request, in_words(bare), in_words(wrapped), rule)
    return table


def main() -> int:
    """Run the demo.

    :return: the exit status: 0 if the bare apps broke HTTP and the wrapped ones
        did not, nor changed a response that may have content.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal has a section sign
    progress = Console(stderr=True, highlight=False)
    console = Console(highlight=False)
    comparisons = []
    tables = []
    for demo in DEMOS:
        progress.print(f"Asking the {demo.framework} app behind gunicorn, bare and wrapped ...")
        of_this = compare(demo)
        tables.append(table_of(demo, of_this))
        comparisons += of_this

    console.print(
        f"\ngunicorn {version('gunicorn')}, which sends what an app sends. "
        "What goes over the wire:\n"
    )
    console.print(*tables, sep="\n")
    without = [comparison for comparison in comparisons if comparison.bare.rule]
    broken = sum(bool(comparison.bare.findings) for comparison in without)
    still_broken = sum(bool(comparison.wrapped.findings) for comparison in without)
    changed = sum(not comparison.same for comparison in comparisons if not comparison.bare.rule)
    console.print(
        f"By HTTP, {len(without)} of these responses have no content. Bare, {broken} break that; "
        f"wrapped, {still_broken}.\n"
        f"Of the {len(comparisons) - len(without)} that may have content, "
        f"{changed} came out changed.\n"
        "\n"
        "A laptop forgives them. Behind HAProxy or Caddy, HTTP/2 makes a PROTOCOL_ERROR of such\n"
        "a 204, and nghttpx a 502; on a connection that is kept alive, a client can take such a\n"
        "body for its next answer.\n"
        "To mend an app, change no line of it, only the command that starts it:\n"
        "\n"
        "    gunicorn \"wsgi_nocontent:wrap('app:app')\"\n",
        soft_wrap=True,
    )
    return 0 if broken and not still_broken and not changed else 1


def leave(number: int, frame: FrameType | None) -> None:
    """End by an exception, so that every server is stopped on the way out."""
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    for name in SIGNALS:
        signal.signal(name, leave)
    sys.exit(main())
