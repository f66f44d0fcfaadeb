"""A plugin for pytest, which finds it by itself where the library is installed.

With ``nocontent_strict = true`` in pytest's configuration every middleware raises
:class:`NoContentError` where a view breaks a rule, whatever its ``on_violation`` says.
It is about the process that pytest runs in, not about servers that tests start.
"""

from __future__ import annotations

from functools import partial

import pytest

from . import watch
from .middleware import NoContentMiddleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .violation import Violation

OPTION = "nocontent_strict"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the option known."""
    parser.addini(
        OPTION,
        "every NoContentMiddleware raises NoContentError during tests (true or false)",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make all raise, or leave them as they are.

    :raises pytest.UsageError: if the option is neither true nor false.
    """
    try:
        strict = config.getini(OPTION)
    except (TypeError, ValueError, pytest.UsageError) as error:
        raise pytest.UsageError(f"{OPTION} must be true or false: {error}") from None
    if strict:
        answer = NoContentMiddleware.__call__

        def answer_strictly(
            self: NoContentMiddleware, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            raising = NoContentMiddleware(
                self.app, on_violation="raise", strip_headers=self.strip_headers
            )
            return answer(raising, environ, start_response)

        # A check in the middleware would cost each request in production.
        config.add_cleanup(partial(setattr, NoContentMiddleware, "__call__", answer))
        NoContentMiddleware.__call__ = answer_strictly  # type: ignore[method-assign]


@pytest.fixture
def nocontent_violations() -> Iterator[list[Violation]]:
    """Give the list of the violations that are seen during this test, as they come.

    They are of every middleware in this process, whatever its ``on_violation`` says.
    """
    seen: list[Violation] = []
    before = watch.watchers
    watch.watchers = (*before, seen.append)
    yield seen
    watch.watchers = before
