"""Puts the middleware round every app that a suite runs, in any process, and counts.

Every Python of the suite's environment imports it when it starts, those that tests start too.
It does nothing unless the environment variable ``RECORD`` names a file; to that it adds a line
for all that is counted.
"""

from __future__ import annotations

import os
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from wsgi_nocontent import NoContentMiddleware, watch
from wsgi_nocontent.rules import BY_STATUS_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RECORD = "NOCONTENT_SUITES_RECORD"
REQUEST, WITHOUT_CONTENT, MENDED, VIOLATION = "request", "without content", "mended", "violation"


def record(line: str) -> None:
    """Add a line, whole, however many processes do so; some are killed soon after."""
    descriptor = os.open(os.environ[RECORD], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


class Around:
    """An app with the middleware round it."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the middleware, and record what it has to do."""
        # PEP 3333 demands one, and every server gives it. Tests that pass an empty environ
        # have more to tell than that.
        environ.setdefault("REQUEST_METHOD", "GET")
        record(REQUEST)
        head = environ["REQUEST_METHOD"] == "HEAD"
        given: list[Any] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            def start(*args: Any, **kwargs: Any) -> Any:
                given[:] = args[1:2]
                return start_response(*args, **kwargs)

            return self.app(environ, start)

        def send(*args: Any) -> Any:
            if head or args[0][:3] in BY_STATUS_CODE:
                record(WITHOUT_CONTENT)
                if given != [args[1]]:
                    record(MENDED)
            return start_response(*args)

        return NoContentMiddleware(app)(environ, send)


class Within(Around):
    """A check with the middleware between it and its app."""

    def __call__(self, *args: Any, **kwargs: Any) -> Iterable[bytes]:
        """Answer as the check does, which is to see what it is called with."""
        return self.app(*args, **kwargs)


def around(app: WSGIApplication) -> Around:
    """Put the middleware round an app, unless it is there."""
    return app if isinstance(app, Around) else Around(app)


def replace(owner: Any, name: str, made_of: Callable[[Any], Callable[..., Any]]) -> None:
    """Put another function, made of what is there, in its place."""
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(made_of(original)))


def in_test_clients() -> None:
    """Put it round what test clients ask: Werkzeug's, thus Flask's, and WebOb's and WebTest's."""
    if find_spec("werkzeug"):
        replace(
            import_module("werkzeug.test"),
            "run_wsgi_app",
            lambda run: lambda app, *args, **kwargs: run(around(app), *args, **kwargs),
        )
    if find_spec("webob"):
        replace(
            import_module("webob.request").BaseRequest,
            "call_application",
            lambda call: (
                lambda self, app, *args, **kwargs: call(self, around(app), *args, **kwargs)
            ),
        )
    if find_spec("webtest"):
        # What TestApp is given: so this holds what the middleware sends against PEP 3333.
        replace(
            import_module("webtest.lint"),
            "middleware",
            lambda lint: lambda app, *args: Within(lint(around(app), *args)),
        )


def in_servers() -> None:
    """Put it round what Werkzeug's server and waitress serve, when they are asked for it.

    Tests put other apps into a server that is there.
    """
    if find_spec("werkzeug"):

        def run_wsgi(run: Any) -> Callable[[Any], Any]:
            def wrapped(handler: Any) -> Any:
                handler.server.app = around(handler.server.app)
                return run(handler)

            return wrapped

        replace(import_module("werkzeug.serving").WSGIRequestHandler, "run_wsgi", run_wsgi)
    if find_spec("waitress"):

        def execute(run: Any) -> Callable[[Any], Any]:
            def wrapped(task: Any) -> Any:
                server = task.channel.server
                server.application = around(server.application)
                return run(task)

            return wrapped

        replace(import_module("waitress.task").WSGITask, "execute", execute)


if os.environ.get(RECORD):
    watch.watchers += (lambda _: record(VIOLATION),)
    in_test_clients()
    in_servers()
