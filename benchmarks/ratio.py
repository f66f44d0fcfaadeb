"""A figure: a ratio, measured side by side in one run."""

from __future__ import annotations

from operator import truediv
from statistics import quantiles
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ratio(NamedTuple):
    """The ratio of two figures that were measured side by side, in each of many rounds."""

    #: The median of the rounds, and their quartiles: half of them lie between.
    value: float
    low: float
    high: float
    rounds: int


def ratio(of: Sequence[float], to: Sequence[float]) -> Ratio:
    """Sum up what two or more rounds measured of both."""
    low, value, high = quantiles(map(truediv, of, to), n=4, method="inclusive")
    return Ratio(value, low, high, len(of))


def in_turn(names: Sequence[str], number: int) -> Sequence[str]:
    """Let another one be first in each round."""
    start = number % len(names)
    return [*names[start:], *names[:start]]
