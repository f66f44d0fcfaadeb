"""What servers do wrong by themselves, with an answer that an app does right.

Tests hold each server and case named here to two things: the wrapped app still shows a
fault, and the bare app shows the very same where its answer has no content and declares
none.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.servers.cases import Case
    from tests.servers.setups import Setup


class Limit(NamedTuple):
    """What some servers do in some cases."""

    servers: tuple[str, ...]
    """Patterns of names of set-ups, as the shell has them for files."""
    cases: tuple[str, ...]
    """Patterns of paths."""
    reason: str
    remedy: str = ""
    """What an app can do to have none of it."""

    def holds(self, setup: Setup, case: Case) -> bool:
        return any(fnmatchcase(setup.name, pattern) for pattern in self.servers) and any(
            fnmatchcase(case.path, pattern) for pattern in self.cases
        )


RESTART_REMEDY = "Declare no length as long as you may have to restart."
HEAD_REMEDY = "Declare the length that the answer to GET has."
FINAL_1XX_REMEDY = "Send none: a 1xx is for the server to send."

LIMITS = [
    Limit(
        ("gunicorn 23.0.0 *", "cheroot"),
        ("/204/restart/*", "/205/restart/*", "/304/restart/*"),
        "On a restart with exc_info it appends the new header fields to the old ones, and so "
        "sends the Content-Length of the response that was given up.",
        RESTART_REMEDY,
    ),
    Limit(
        ("gunicorn newest *",),
        ("/205/restart/*", "/304/restart/*"),
        "On a restart with exc_info it appends the new header fields to the old ones; on a 204 "
        "it takes the Content-Length off by itself.",
        RESTART_REMEDY,
    ),
    Limit(
        ("waitress", "bjoern", "gevent.pywsgi"),
        tuple(
            f"/HEAD/{way}/{fields}"
            for way in ("iterator", "generator", "lazy", "endless", "late", "file_wrapper")
            for fields in ("none", "coding")
        ),
        "It ends the answer to a HEAD of unknown length with the last chunk of a chunked one.",
        HEAD_REMEDY,
    ),
    Limit(
        ("waitress", "bjoern"),
        ("/HEAD/empty/none",),
        "It does so even where the app returns an empty list.",
        HEAD_REMEDY,
    ),
    Limit(
        ("gunicorn 23.0.0 *", "bjoern", "gevent.pywsgi", "mod_wsgi"),
        ("/102/*",),
        "It frames a final 1xx as chunked. And after a 1xx clients wait for a final response, "
        "which WSGI has no way to send.",
        FINAL_1XX_REMEDY,
    ),
    Limit(
        ("granian",),
        ("/102/*",),
        "It answers 500 in place of a final 1xx.",
        FINAL_1XX_REMEDY,
    ),
    Limit(
        (
            *("gunicorn newest *", "waitress", "uWSGI", "cheroot", "eventlet.wsgi"),
            *("wsgiref.simple_server", "Werkzeug's development server", "Django's runserver"),
        ),
        ("/102/*",),
        "After a 1xx clients wait for a final response, which WSGI has no way to send.",
        FINAL_1XX_REMEDY,
    ),
]

MENDED = Limit(
    ("granian",),
    ("/200/lazy/*", "/500/lazy/*"),
    "It takes no head from an app that calls start_response on the first step of its iterable: "
    "bare, that is a 200 without the header fields of the app. The middleware takes that step "
    "before it returns, so wrapped it comes out right.",
)
"""The one where a response with content does not come out as it does bare, and well so."""


UNSERVED = [
    Limit(
        ("gunicorn *", "cheroot"),
        ("/?00/restart/*",),
        "On a restart it sends the lengths of both responses.",
    ),
    Limit(
        ("waitress",),
        ("/?00/restart/none",),
        "On a restart it goes by the length of the response that was given up.",
    ),
    Limit(("uWSGI",), ("/?00/restart/*",), "On a restart it sends the head, and then nothing."),
    Limit(("bjoern", "granian"), ("/?00/write/*",), "It has no write()."),
    Limit(
        ("bjoern",),
        ("/?00/file_wrapper/none",),
        "It neither chunks a file nor closes the connection after it.",
    ),
    Limit(
        ("eventlet.wsgi",),
        ("/?00/write/none", "/?00/late/none"),
        "An empty write() ends its chunks, and after another the last chunk is missing.",
    ),
]
"""Where a response with content does not come as the app sent it, bare or wrapped."""


def limit_of(setup: Setup, case: Case) -> Limit | None:
    """Give what is known of a server and a case."""
    limits = [limit for limit in LIMITS if limit.holds(setup, case)]
    assert len(limits) <= 1
    return limits[0] if limits else None
