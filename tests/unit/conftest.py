from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest

from tests.linters import LINTERS, be_lax_about_content_type
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    Lint = Callable[[WSGIApplication], WSGIApplication]
    Wrap = Callable[..., WSGIApplication]


@pytest.fixture(params=LINTERS.values(), ids=list(LINTERS))
def lint(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Lint:
    be_lax_about_content_type(monkeypatch)
    lint: Lint = request.param
    return lint


@pytest.fixture
def wrap(lint: Lint) -> Wrap:
    """Wrap in the middleware, with nothing or a linter on both sides of it."""

    def wrap(app: WSGIApplication, **options: Any) -> WSGIApplication:
        return lint(NoContentMiddleware(lint(app), **options))

    return wrap
