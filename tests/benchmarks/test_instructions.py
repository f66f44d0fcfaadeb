"""What a request costs must not grow: in instructions, for a busy machine needs no more of them."""

from __future__ import annotations

import sys

import pytest

from benchmarks import instructions
from benchmarks.contenders import BARE, FLOOR, OURS
from tests.needs import needed_program, needed_python

PYTHONS = ("3.9", "3.11", "3.13")
CEILINGS = {
    "200": (1.53, 1.43, 1.48),
    "404": (1.88, 1.78, 1.81),
    "clean 204": (8.2, 6.6, 6.6),
    "204": (17.2, 13.6, 13.0),
}
"""What the middleware may add to a request, in floors, on each of these Pythons.

The margin is some 3 %, for a count differs by one or two with where things come to lie in
memory. One more name that a request's closure captures is 6 %.
"""


@pytest.mark.parametrize("scenario", CEILINGS)
@pytest.mark.parametrize("version", PYTHONS)
def test_instructions_beside_the_floor(version: str, scenario: str) -> None:
    needed_program("valgrind", "valgrind")
    python = needed_python(version)
    counted = instructions.measure(python, scenario, (BARE, FLOOR, OURS))
    assert instructions.floors(counted) <= CEILINGS[scenario][PYTHONS.index(version)]


def test_a_process_that_fails_is_told_of() -> None:
    needed_program("valgrind", "valgrind")
    with pytest.raises(RuntimeError, match="KeyError: 'no such contender'"):
        instructions.measure(sys.executable, "200", ("no such contender",))
