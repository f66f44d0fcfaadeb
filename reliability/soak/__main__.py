"""Load the demos behind real servers, hold each request to its own answer, and print a table."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from demo.__main__ import leave
from demo.apps import DEMOS, ROOT
from demo.server import SIGNALS
from reliability.soak.usage import Growth, Usage, at_rest, growth
from tests.needs import program
from tests.servers.setups import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.apps import Demo
    from demo.server import Server
    from tests.servers.setups import Setup

SERVERS = {
    name: BY_NAME[name] for name in ("gunicorn 23.0.0 gthread", "gunicorn 23.0.0 gevent", "uWSGI")
}
BARE_SERVER = "gunicorn 23.0.0 gthread"
#: Bare, nearly every connection breaks, so few are enough to see it.
BARE_ANSWERS = 5000
#: As long a client waits for the next byte. Bare, that is often in vain.
SECONDS, BARE_SECONDS = 30, 1
WRAPPED, BARE = "reliability.soak.apps:wrapped", "reliability.soak.apps:bare"
#: The load comes in equal parts; after each, every connection is closed. The first warms up.
PARTS = 6
#: Of the table.
WIDTH = 110
FAULTS = ("misplaced", "broken", "lost", "wrong")


class Row(NamedTuple):
    """What came of a load."""

    demo: Demo
    setup: Setup
    app: str
    wanted: int
    verdicts: Counter[str]
    growth: Growth
    seconds: float

    def is_good(self) -> bool:
        """Tell whether every request got its answer, and nothing grew."""
        right = self.verdicts["right"] == self.wanted
        return right and not any(map(self.verdicts.get, FAULTS)) and not self.growth.is_steady

    def is_as_it_should_be(self) -> bool:
        """Tell whether a wrapped demo is good; a bare one must not be, or that proves nothing."""
        return bool(self.verdicts["misplaced"]) if self.app == BARE else self.is_good()


def soak(setup: Setup, app: str, wanted: int) -> list[Row]:
    """Load both demos behind a server, at once.

    :param app: an import string, as of :mod:`reliability.soak.apps`.
    :param wanted: as many answers of each.
    """
    with ExitStack() as stack:
        servers = [stack.enter_context(served(demo, setup, app)) for demo in DEMOS]
        usages: list[list[Usage]] = [[] for _ in servers]
        verdicts: list[Counter[str]] = [Counter() for _ in servers]
        start = time.monotonic()
        for part in range(PARTS):
            share = wanted * (part + 1) // PARTS - wanted * part // PARTS
            for counted, found in zip(verdicts, asked(servers, setup, app, part, share)):
                counted.update(found)
            for its, server in zip(usages, servers):
                its.append(at_rest(server, its[0].open_files if its else None))
        seconds = time.monotonic() - start
    return [
        Row(demo, setup, app, wanted, counted, growth(its), seconds)
        for demo, counted, its in zip(DEMOS, verdicts, usages)
    ]


def asked(
    servers: Sequence[Server], setup: Setup, app: str, seed: int, answers: int
) -> list[dict[str, int]]:
    """Let a client of its own ask each server: the verdicts."""
    with ExitStack() as stack:
        clients = []
        for server in servers:
            seconds = BARE_SECONDS if app == BARE else SECONDS
            words = map(str, (server.port, setup.name, seed, answers, seconds))
            command = [sys.executable, "-m", "reliability.soak.client", *words]
            # In a session of its own: at a terminal, an interrupt is for this process alone.
            client = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            clients.append(stack.enter_context(client))
            stack.callback(client.kill)  # where it is waited for no more
        return [json.loads(client.communicate()[0]) for client in clients]


@contextmanager
def served(demo: Demo, setup: Setup, app: str) -> Iterator[Server]:
    """Serve a demo with the views beside it."""
    # A connection that waits for a busy client stays.
    patience = "--socket-timeout 60" if setup.name == "uWSGI" else "--keep-alive 60"
    environ = {"ENTRY": demo.entry, "PYTHONPATH": str(demo.directory)}
    patient = setup._replace(
        line=f"{setup.line} {patience}", environ=lambda: {**setup.environ(), **environ}
    )
    with patient.serve(app) as server:
        yield server


def table_of(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("answers", *FAULTS, "files more", "objects more", "KiB more", "per second"):
        table.add_column(heading, justify="right")
    for row in rows:
        answers = sum(row.verdicts[name] for name in ("right", "misplaced", "wrong"))
        _, _, form = row.app.partition(":")
        table.add_row(
            f"{row.demo.framework}, {form}\n{row.setup.name}\n",
            f"{answers:,}",
            *(f"{row.verdicts[name]:,}" for name in FAULTS),
            f"{row.growth.open_files:,}",
            f"{row.growth.objects:,}",
            f"{row.growth.memory:,}",
            f"{answers / row.seconds:,.0f}",
            style=None if row.is_good() else "red",
        )
    return table


def main() -> int:
    """Run it.

    :return: the exit status: 0 if no answer of a wrapped demo was misplaced or lost and none
        grew, and bare some were misplaced.
    """
    parser = argparse.ArgumentParser(prog="python -m reliability.soak", description=__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000, help="in all (%(default)s)")
    answers = parser.parse_args().answers
    if not program("uwsgi"):
        sys.exit("make soak needs uWSGI, which is compiled by a C compiler")
    each = ceil(answers / len(SERVERS) / len(DEMOS))
    loads = [
        *((setup, WRAPPED, each) for setup in SERVERS.values()),
        (SERVERS[BARE_SERVER], BARE, min(each, BARE_ANSWERS)),
    ]
    progress = Console(stderr=True, highlight=False)
    rows = []
    for setup, app, wanted in loads:
        progress.print(f"Asking the demos behind {setup.name}, as {app} ...", soft_wrap=True)
        rows += soak(setup, app, wanted)
    # As wide as it is, where the output is no terminal.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH).print(table_of(rows))
    return 0 if all(row.is_as_it_should_be() for row in rows) else 1


if __name__ == "__main__":
    for name in SIGNALS:
        signal.signal(name, leave)
    sys.exit(main())
