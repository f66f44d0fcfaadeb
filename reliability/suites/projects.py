"""Whose suites are run, and which of their tests are known to differ."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

FORBIDDEN = "It asserts what comes of a response that HTTP forbids. "
DETAIL = "It asserts a detail of how the response is made, not the response. "
LOGGED = (
    "The app sends a body with a status that allows none, and waitress is to log that; "
    "the middleware has taken the body off, and logs it instead."
)


class Project(NamedTuple):
    """A project with its suite.

    :param needs: what its suite needs, as pip's arguments; ``{}`` is the folder it is in.
    :param explained: why a test does not end as it does bare.
    """

    name: str
    release: str
    needs: tuple[str, ...]
    explained: Mapping[str, str] = MappingProxyType({})


PROJECTS = (
    # Its reloader's test waits for ever with a newer watchdog.
    Project("Werkzeug", "3.1.9", ("{}", "--group", "{}/pyproject.toml:tests", "watchdog<7")),
    Project("Flask", "3.1.3", ("{}", "--group", "{}/pyproject.toml:tests")),
    Project(
        "waitress",
        "3.0.2",
        ("{}[testing]",),
        {
            "tests.test_task.TestWSGITask::test_execute_app_without_body_204_logged": FORBIDDEN
            + LOGGED,
            "tests.test_task.TestWSGITask::test_execute_app_without_body_304_logged": FORBIDDEN
            + LOGGED,
            "tests.test_task.TestWSGITask::test_execute_bad_status_value": DETAIL
            + "The app's status is None. That is an error here and there: bare waitress's "
            "AssertionError, wrapped the TypeError of reading a status code from it.",
        },
    ),
    Project(
        "WebOb",
        "1.8.11",
        ("{}[testing]",),
        {
            "tests.test_request.TestRequest_functional::test_call_WSGI_app_204": DETAIL
            + "The body of the 204 is to be the very list [b'']; it is an iterator over the same, "
            "for wsgiref would declare a length for a list.",
        },
    ),
    Project(
        "WebTest",
        "3.0.7",
        ("{}[tests]",),
        {
            "tests.test_lint.TestMiddleware::test_lint_iterator_returned": DETAIL
            + "The app returns None. That is an error here and there: bare lint's "
            "AssertionError, wrapped the TypeError of iterating over it.",
        },
    ),
)
