"""What is compared: applications, and the ways to see to their responses without content.

It is run by every Python that is measured, in a process for each contender, so it imports
nothing that another needs.
"""

from __future__ import annotations

import logging
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.stub_server import serve
from wsgi_nocontent import NoContentMiddleware
from wsgi_nocontent.loading import import_callable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Scenario(NamedTuple):
    """An application, what it is asked, and what is compared there."""

    app: str
    contenders: tuple[str, ...]
    #: As many requests are timed as one.
    times: int = 20_000
    path: str = "/"


OURS = "wsgi-nocontent"
#: Not wrapped at all, and by the least that can be done.
BARE, FLOOR = "bare", "floor"
LEAST = "least"
WSGI = (BARE, FLOOR, OURS, "generator", "Werkzeug", "WebOb")
#: What each part of the work costs.
SILENT, TOLD = f"{OURS}, on_violation=None", f"{OURS}, on_violation=callable"

FRAMEWORKS = ("Flask", "Django")
TIMED = {
    "200": Scenario("benchmarks.apps:content", WSGI),
    "204": Scenario("benchmarks.apps:bad_no_content", (*WSGI, LEAST)),
    "chunks": Scenario("benchmarks.apps:chunks", (BARE, OURS, "generator"), times=1),
    "lazy chunks": Scenario("benchmarks.apps:lazy_chunks", (BARE, OURS, "generator"), times=1),
    "Flask": Scenario(
        "benchmarks.contenders.in_flask:app",
        (BARE, FLOOR, OURS, "after_request"),
        times=500,
        path="/200",
    ),
    "Django": Scenario(
        "benchmarks.contenders.in_django:app",
        (BARE, FLOOR, OURS, "middleware class"),
        times=200,
        path="/200",
    ),
}
#: Those that need nothing but the library. Instructions tell more exactly what a part costs.
COUNTED = {
    "200": TIMED["200"]._replace(contenders=(BARE, FLOOR, OURS, "generator")),
    "404": Scenario("benchmarks.apps:not_found", (BARE, FLOOR, OURS)),
    "clean 204": Scenario("benchmarks.apps:no_content", (BARE, FLOOR, OURS)),
    "204": TIMED["204"]._replace(contenders=(BARE, FLOOR, LEAST, SILENT, TOLD, OURS)),
}
#: Whether those of the frameworks do the job.
FOR_TESTS = {
    "Flask 205": Scenario("benchmarks.contenders.in_flask:app", (), path="/205"),
    "Django 204": Scenario("benchmarks.contenders.in_django:app", (), path="/204"),
}
SCENARIOS = {**FOR_TESTS, **COUNTED, **TIMED}

MIDDLEWARE = {
    FLOOR: "benchmarks.contenders.floor:Floor",
    LEAST: "benchmarks.contenders.floor:Least",
    OURS: "wsgi_nocontent:NoContentMiddleware",
    SILENT: "benchmarks.contenders:silent",
    TOLD: "benchmarks.contenders:told",
    "generator": "benchmarks.contenders.by_hand:Generator",
    "Werkzeug": "benchmarks.contenders.by_werkzeug:middleware",
    "WebOb": "benchmarks.contenders.by_webob:middleware",
    "after_request": "benchmarks.contenders.in_flask:middleware",
    "middleware class": "benchmarks.contenders.in_django:middleware",
}

silent = partial(NoContentMiddleware, on_violation=None)
told = partial(NoContentMiddleware, on_violation=lambda violation: None)

# As in production: it is told of once, and then by DEBUG, which nobody has asked for.
logging.getLogger("wsgi_nocontent").addHandler(logging.NullHandler())


@lru_cache(maxsize=None)
def application(scenario: str, contender: str) -> WSGIApplication:
    """Make the application of a scenario, wrapped by a contender."""
    app: WSGIApplication = import_callable(SCENARIOS[scenario].app)
    if contender != BARE:
        app = import_callable(MIDDLEWARE[contender])(app)
    return app


def request(scenario: str, contender: str, times: int) -> None:
    """Make so many requests."""
    serve(application(scenario, contender), SCENARIOS[scenario].path, times)
