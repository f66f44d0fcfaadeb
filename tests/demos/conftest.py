from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demos.sites import DEMOS, Sites
from tests.linters import be_lax_about_content_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.apps import Demo


@pytest.fixture(scope="session")
def sites() -> Iterator[Sites]:
    sites = Sites()
    yield sites
    sites.stop()


@pytest.fixture(params=DEMOS.values(), ids=list(DEMOS))
def demo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Demo:
    be_lax_about_content_type(monkeypatch)
    # Each project sets its own, where nothing else has.
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    demo: Demo = request.param
    return demo
