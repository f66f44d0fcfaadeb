"""The figures in docs/performance.md: tables, each in its place between two comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.contenders import BARE, FLOOR, FRAMEWORKS, LEAST, OURS, SILENT, TIMED, TOLD
from benchmarks.instructions import floors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Results = Mapping[str, Any]

PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->\n)", re.DOTALL)


class Target(NamedTuple):
    """What was aimed at, and how to read what came of it from the results of a Python."""

    words: str
    #: If anything was aimed at.
    wanted: float | None
    value: Callable[[Results], float]
    #: Whether at least that is wanted, and not at most.
    at_least: bool = False
    #: Half of the rounds lie within.
    spread: Callable[[Results], Sequence[float]] | None = None

    def is_missed_by(self, value: float) -> bool:
        """Tell whether a figure misses it, as that is shown."""
        assert self.wanted
        value = round(value, 2)
        return value < self.wanted if self.at_least else value > self.wanted


def filled(text: str, results: Results) -> str:
    """Give the page with these figures in their places."""
    return PLACE.sub(
        lambda place: place[1] + "\n".join(TABLES[place[2]](results)) + "\n" + place[3], text
    )


def timed(
    words: str, wanted: float, scenario: str, contender: str, to: str, *, at_least: bool = False
) -> Target:
    """Make a target whose figure is a ratio of times."""

    def found(python: Results) -> Mapping[str, float]:
        return python["calls"][scenario][contender][to]  # type: ignore[no-any-return]

    return Target(
        words,
        wanted,
        lambda python: found(python)["value"],
        at_least,
        lambda python: (found(python)["low"], found(python)["high"]),
    )


def counted(words: str, wanted: float | None, scenario: str) -> Target:
    """Make a target whose figure is a ratio of instructions to those of the floor."""
    return Target(words, wanted, lambda python: floors(python["instructions"][scenario]))


def imported(words: str, key: str) -> Target:
    """Make a target whose figure is that of an import."""
    return Target(words, 3, lambda python: float(python["startup"][key]))


TARGETS = [
    timed("a 200, to the floor", 1.5, "200", OURS, "floors"),
    counted("the same, by instructions", 1.5, "200"),
    counted("a 404, by instructions", None, "404"),
    timed("a 200 by a generator, to ours", 2, "200", "generator", "ours", at_least=True),
    timed("a 200 by WebOb, to ours", 20, "200", "WebOb", "ours", at_least=True),
    timed("a 204 with a body, to the floor", 3, "204", OURS, "floors"),
    counted("the same, by instructions", 3, "204"),
    timed("a million chunks, rate to bare", 0.98, "chunks", OURS, "rate", at_least=True),
    timed(
        "the same, of a generator that starts the response itself",
        *(0.98, "lazy chunks", OURS, "rate"),
        at_least=True,
    ),
    imported("import, ms, where nothing else is loaded", "milliseconds"),
    Target(
        "of that, Python's `collections`",
        None,
        lambda python: float(python["startup"]["milliseconds_of_collections"]),
    ),
    imported("import and first use, ms, in gunicorn", "milliseconds_in_server"),
]


def targets(results: Results) -> Iterator[str]:
    """What was aimed at, on each Python."""
    pythons = results["pythons"]
    yield from head("", "wanted", *(f"Python {version}" for version in pythons))
    for target in TARGETS:
        sign = "≥" if target.at_least else "≤"
        cells = [f"{sign} {target.wanted:g}" if target.wanted else ""]
        for python in pythons.values():
            value = target.value(python)
            cell = f"{value:.2f}"
            if target.wanted and target.is_missed_by(value):
                cell = f"**{cell}**"
            if target.spread:
                low, high = target.spread(python)
                cell += f" ({low:.2f} to {high:.2f})"
            cells.append(cell)
        yield line(target.words, *cells)


def whole(results: Results) -> Iterator[str]:
    """What comes of it in whole servers."""
    yield from head("beside bare", "wanted", "wrapped", "bare again")
    for load in results["servers"]["loads"]:
        wrapped, bare = load["wrapped"], load["bare"]
        words = f"{load['framework']}, `{load['request']}`, requests per second"
        yield line(words, "≥ 0.99", spread(wrapped, 0.99), spread(bare))
    rates = results["streams"]["rates"]
    for words, name, wanted in (
        ("100,000 chunks, bytes per second", "chunks", 0.98),
        ("the same, of a generator that starts the response itself", "lazy-chunks", 0.98),
        ("a file of 1 GiB by `sendfile`, bytes per second", "file", 0.99),
    ):
        yield line(words, f"≥ {wanted}", spread(rates[name], wanted), "")


def spread(ratio: Mapping[str, float], wanted: float = 0) -> str:
    """Show a ratio and the range of half of the rounds; one below what is wanted stands out."""
    value = f"{ratio['value']:.3f}"
    if ratio["value"] < wanted:
        value = f"**{value}**"
    return f"{value} ({ratio['low']:.3f} to {ratio['high']:.3f})"


def facts(results: Results) -> Iterator[str]:
    """What is counted, and no ratio of times."""
    of_streams, of_servers = results["streams"], results["servers"]
    bare, wrapped = (sum(calls.values()) for calls in of_streams["calls"])
    yield (
        f"- System calls of gunicorn for that file, but for those by which it waits: {bare} bare, "
        f"{wrapped} wrapped, `sendfile` {of_streams['calls'][1]['sendfile']} of them."
    )
    grown = max(of_streams["growth"].values())
    yield f"- Growth of the server's memory during a stream of 10 GiB: {grown} KiB."
    for framework, counts in results["frameworks"].items():
        ours, floor = (counts[contender] / counts[BARE] - 1 for contender in (OURS, FLOOR))
        yield (
            f"- Of the instructions of a request to a view in {framework}, it adds {ours:.1%}; "
            f"the floor, which is told of below, adds {floor:.1%}."
        )
    startups = [python["startup"] for python in results["pythons"].values()]
    modules = sorted({f"`{name}`" for its in startups for name in its["new_modules"]})
    yield (
        f"- In gunicorn it takes {max(its['kibibytes'] for its in startups):.0f} KiB, once in a "
        f"process, and imports nothing that gunicorn has not, but {', '.join(modules)}."
    )
    for framework, answers in of_servers["answers"].items():
        before, after = (f"{its['succeeded']} of {its['requests']}" for its in answers)
        yield (
            f"- Requests by HTTP/2 for the article's bad view in {framework} that succeed "
            f"behind HAProxy: {before} bare, {after} wrapped."
        )


def contenders(results: Results) -> Iterator[str]:
    """What each way to do the job adds to a 200."""
    yield from added("200", "a 200", results)


def contenders_for_204(results: Results) -> Iterator[str]:
    """What each way to do the job adds to a 204 with a body."""
    yield from added("204", "a 204 with a body", results)


def added(scenario: str, words: str, results: Results) -> Iterator[str]:
    """What each contender adds to a response."""
    pythons = results["pythons"]
    yield from head(f"added to {words}, in floors", *(f"Python {version}" for version in pythons))
    for contender in TIMED[scenario].contenders[1:]:
        found = (python["calls"][scenario][contender]["floors"] for python in pythons.values())
        yield line(contender, *(f"{its['value']:.2f}" for its in found))


def frameworks(results: Results) -> Iterator[str]:
    """How much of a framework's rate is left."""
    pythons = results["pythons"]
    yield from head(
        "requests per second, to bare",
        *(
            ", ".join([f"Python {version}", *map(" ".join, python["software"].items())])
            for version, python in pythons.items()
        ),
    )
    for framework in FRAMEWORKS:
        for contender in TIMED[framework].contenders[1:]:
            found = (python["calls"][framework][contender]["rate"] for python in pythons.values())
            yield line(f"{framework}: {contender}", *map(spread, found))


def parts(results: Results) -> Iterator[str]:
    """What each part of the work on a 204 adds, in instructions."""
    pythons = results["pythons"]
    yield from head("", *(f"Python {version}" for version in pythons))
    steps = {
        "see the status": ("204", FLOOR),
        "take body and length off, and no more": ("204", LEAST),
        "all that must hold, of a view that does it right": ("clean 204", OURS),
        "and of one that does not": ("204", SILENT),
        "and tell a callable of it": ("204", TOLD),
        "and the log, which has seen it before": ("204", OURS),
    }
    for words, (scenario, contender) in steps.items():
        cells = []
        for python in pythons.values():
            counts = python["instructions"][scenario]
            more = counts[contender] - counts[BARE]
            cells.append(f"{more:,.0f} ({more / (counts[FLOOR] - counts[BARE]):.1f})")
        yield line(words, *cells)


def counts(results: Results) -> Iterator[str]:
    """The instructions of a request."""
    pythons = results["pythons"]
    yield from head("instructions for a 200", *(f"Python {version}" for version in pythons))
    for contender in (BARE, FLOOR, OURS):
        found = (python["instructions"]["200"][contender] for python in pythons.values())
        yield line(contender, *(f"{its:,.0f}" for its in found))


def measured(results: Results) -> Iterator[str]:
    """When, where and with what."""
    software = ", ".join(f"{name} {version}" for name, version in results["software"].items())
    yield (
        f"Measured on {results['day']} with wsgi-nocontent {results['version']} on "
        f"{results['machine']}; {software}."
    )


def head(*cells: str) -> Iterator[str]:
    yield line(*cells)
    yield "|---" + "|--:" * (len(cells) - 1) + "|"


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


TABLES: Mapping[str, Callable[[Results], Iterator[str]]] = {
    table.__name__: table
    for table in (
        *(measured, whole, facts, contenders, counts, frameworks),
        *(targets, contenders_for_204, parts),
    )
}
