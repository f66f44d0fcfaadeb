from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.model.points import POINTS

each_point = pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)


@each_point
def test_it_holds(point: Any) -> None:
    # The same scripts each time; python -m tests.model takes others.
    @settings(max_examples=500, derandomize=True, deadline=None, database=None)
    @given(POINTS[point])
    def holds(script: Any) -> None:
        point(script)

    holds()
