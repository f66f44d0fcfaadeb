from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest

from tests.linters import LINTERS, be_lax_about_content_type, unlinted
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
    return wrapping(lint, inner=lint)


@pytest.fixture
def wrap_as_is(lint: Lint) -> Wrap:
    """Wrap in the middleware, with nothing or a linter on the server's side.

    For what hangs on the very iterable of the application: a linter on that side
    would put one of its own in its place.
    """
    return wrapping(lint, inner=unlinted)


def wrapping(outer: Lint, inner: Lint) -> Wrap:
    def wrap(app: WSGIApplication, **options: Any) -> WSGIApplication:
        return outer(NoContentMiddleware(inner(app), **options))

    return wrap
