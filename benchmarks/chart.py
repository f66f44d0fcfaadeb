"""The picture in docs/benchmarks.svg."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from benchmarks.contenders import OURS, TIMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.axes import Axes

    Results = Mapping[str, Any]

#: By what each colour is for: on a light ground and on a dark one.
COLOURS = {
    "ground": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#f0f6fc"),
    "faint": ("#59636e", "#9198a1"),
    "ours": ("#0a6ebd", "#58a6ff"),
    "other": ("#c5ccd3", "#3d444d"),
}
LIGHT = {name: light for name, (light, _) in COLOURS.items()}

FONT = "DejaVu Sans"  # it comes with what draws

STYLE: Any = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "benchmarks",  # equal results make equal pictures
    "font.family": FONT,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": LIGHT["ground"],
    "axes.facecolor": LIGHT["ground"],
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), LIGHT["ink"]),
    **dict.fromkeys(("xtick.color", "ytick.color"), LIGHT["ink"]),
}


def picture(results: Results) -> str:
    """Draw it as an SVG that is for a dark ground too."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 5.6), layout="constrained")
        figure.suptitle("What wsgi-nocontent costs", fontsize=15, fontweight="bold")
        left, right = figure.subplots(1, 2, width_ratios=(4, 3))
        draw_calls(left, results)
        draw_servers(right, results)
        names = [
            "gunicorn",
            "Flask",
            "Django",
            "Werkzeug",
            "WebOb",
            "pyperf",
            "wrk",
            "h2load",
            "curl",
            "haproxy",
        ]
        software = ", ".join(f"{name} {results['software'][name]}" for name in names)
        figure.supxlabel(
            f"{results['day']}, {results['machine']}\n"
            f"wsgi-nocontent {results['version']}; {software}; "
            f"servers on Python {results['software']['Python']}",
            fontsize=8,
            color=LIGHT["faint"],
        )
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return for_both_grounds(file.getvalue())


def draw_calls(axes: Axes, results: Results) -> None:
    """What each contender adds to a request, beside the floor."""
    pythons = results["pythons"]
    contenders = TIMED["200"].contenders[1:]
    rows = [(contender, version) for contender in contenders for version in pythons]
    ratios = [pythons[version]["calls"]["200"][name]["floors"] for name, version in rows]
    values = [ratio["value"] for ratio in ratios]
    places = [
        row + 0.7 * group
        for group in range(len(contenders))
        for row in range(group * len(pythons), (group + 1) * len(pythons))
    ]
    axes.barh(
        places,
        values,
        color=[LIGHT["ours" if name == OURS else "other"] for name, _ in rows],
        xerr=ranges(ratios),
        ecolor=LIGHT["faint"],
    )
    for place, value, ratio in zip(places, values, ratios):
        axes.annotate(
            f"{value:.2f}" if value < 10 else f"{value:.0f}",
            (ratio["high"], place),
            xytext=(5, 0),
            textcoords="offset points",
            verticalalignment="center",
        )
    axes.set_yticks(places, [f"{name}   {version}" for name, version in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(0.5, max(values) * 2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_title("Added to a 200, where the floor is 1", loc="left")
    axes.set_xlabel("time over the bare app, by Python, logarithmic")


def draw_servers(axes: Axes, results: Results) -> None:
    """Whole servers, wrapped beside bare."""
    rows = {
        **{
            f"{load['framework']}: {load['request'].removeprefix('GET ')}": load["wrapped"]
            for load in results["servers"]["loads"]
        },
        **{f"stream: {name}": rate for name, rate in results["streams"]["rates"].items()},
    }
    medians = [ratio["value"] for ratio in rows.values()]
    places = range(len(rows))
    axes.axvline(1, color=LIGHT["faint"], linewidth=1)
    axes.errorbar(
        medians,
        places,
        xerr=ranges(rows.values()),
        fmt="o",
        color=LIGHT["ours"],
        ecolor=LIGHT["faint"],
    )
    for place, value in zip(places, medians):
        axes.annotate(
            f"{value:.3f}",
            (value, place),
            xytext=(0, 6),
            textcoords="offset points",
            horizontalalignment="center",
        )
    axes.set_yticks(places, list(rows))
    axes.invert_yaxis()
    axes.set_title("Whole servers, bare is 1", loc="left")
    axes.set_xlabel("throughput; lines hold half of the rounds")
    axes.margins(x=0.3)


def ranges(ratios: Iterable[Mapping[str, float]]) -> list[tuple[float, ...]]:
    """How far the rounds go down and up from each value."""
    return list(zip(*((its["value"] - its["low"], its["high"] - its["value"]) for its in ratios)))


def for_both_grounds(svg: str) -> str:
    """Let each colour be that of the reader's ground."""
    for name, (light, _) in COLOURS.items():
        svg = svg.replace(light, f"var(--{name}, {light})")
    grounds = [
        "".join(f"--{name}: {colours[ground]}; " for name, colours in COLOURS.items())
        for ground in (0, 1)
    ]
    style = (
        f"<style>svg {{ {grounds[0]}}} "
        f"@media (prefers-color-scheme: dark) {{ svg {{ {grounds[1]}}} }}</style>"
    )
    return svg.replace("<defs>", f"{style}\n <defs>", 1)
