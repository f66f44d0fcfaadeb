"""Run all suites and print what differs; the exit status is 1 if that is not as explained."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.server import SIGNALS
from reliability.suites.around import MENDED, REQUEST, VIOLATION, WITHOUT_CONTENT
from reliability.suites.comparing import complaints
from reliability.suites.projects import PROJECTS
from reliability.suites.running import run

if TYPE_CHECKING:
    from reliability.suites.projects import Project
    from reliability.suites.running import Run

COLUMNS = ("suite", "tests", "differ", "fail", "flaky")
COUNTED = {
    REQUEST: "requests",
    WITHOUT_CONTENT: "no content",
    MENDED: "mended",
    VIOLATION: "logged",
}


def table_of(runs: list[tuple[Project, Run]]) -> Table:
    """Show how many tests there are, and how many of them differ."""
    table = Table(
        caption="fail: bare and wrapped; flaky: bare. From requests on: what went through the "
        "middleware; mended: of those without content, how many got other header fields; "
        "logged: how many broke a rule.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    for number, heading in enumerate((*COLUMNS, *COUNTED.values())):
        table.add_column(heading, justify="right" if number else "left")
    for project, (comparison, counts) in runs:
        numbers = (
            comparison.tests,
            len(comparison.differing),
            len(comparison.failing),
            len(comparison.flaky),
            *(counts[line] for line in COUNTED),
        )
        table.add_row(f"{project.name} {project.release}", *map(str, numbers))
    return table


def tell(console: Console, project: Project, result: Run) -> bool:
    """Print the tests that there is something to say about; give whether all is as explained."""
    comparison, counts = result
    wrong = complaints(comparison, project.explained, counts[REQUEST])
    notes = [
        *((name, "WRONG", why) for name, why in wrong.items()),
        *(
            (name, "differs", why)
            for name, why in project.explained.items()
            if name in comparison.differing
        ),
        *((name, "fails in both", "") for name in comparison.failing),
        *((name, "flaky bare", "") for name in comparison.flaky),
    ]
    for name, what, why in notes:
        colour = "red" if what == "WRONG" else "yellow"
        head = Text.assemble((what, colour), f"  {project.name} {name}")
        console.print(head, Text(why, style="dim"), "", sep="\n", soft_wrap=True)
    return not wrong


def main() -> int:
    """Run all.

    :return: the exit status: 0 if just the tests differ of which that is explained.
    """
    progress = Console(stderr=True, highlight=False)
    console = Console(highlight=False)
    runs = []
    for project in PROJECTS:
        progress.print(
            f"Running the suite of {project.name} {project.release}: bare, bare, wrapped"
        )
        runs.append((project, run(project)))
    console.print(table_of(runs))
    good = [tell(console, project, result) for project, result in runs]
    return 0 if all(good) else 1


if __name__ == "__main__":
    # Nothing outlives a run that is ended.
    for number in SIGNALS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
