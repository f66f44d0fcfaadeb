"""Serve an app by a server that has no command line: ``NAME MODULE:APP PORT``."""

# ruff: noqa: PLC0415  only the server that is asked for need be there

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"


def wsgiref(app: str, port: int) -> None:
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    make_server(HOST, port, load(app), handler_class=Quiet).serve_forever()


def werkzeug(app: str, port: int) -> None:
    import logging

    from werkzeug.serving import run_simple

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # Only with threads does it speak HTTP/1.1.
    run_simple(HOST, port, load(app), threaded=True)


def django(app: str, port: int) -> None:
    from django.conf import settings
    from django.core.management import execute_from_command_line

    # It takes an app by dotted name, and only from the settings.
    settings.configure(
        ALLOWED_HOSTS=["*"],
        LOGGING_CONFIG=None,
        WSGI_APPLICATION=app.replace(":", "."),
    )
    options = "--noreload", "--skip-checks"
    execute_from_command_line(["django", "runserver", f"{HOST}:{port}", *options])


def bjoern(app: str, port: int) -> None:
    import_module("bjoern").run(load(app), HOST, port)


def gevent(app: str, port: int) -> None:
    import_module("gevent.monkey").patch_all()
    pywsgi = import_module("gevent.pywsgi")
    pywsgi.WSGIServer((HOST, port), load(app), log=None).serve_forever()


def eventlet(app: str, port: int) -> None:
    eventlet = import_module("eventlet")
    eventlet.monkey_patch()
    wsgi = import_module("eventlet.wsgi")
    wsgi.server(eventlet.listen((HOST, port)), load(app), log_output=False)


def load(app: str) -> WSGIApplication:
    """Import the app, which must come after what patches Python."""
    loaded: WSGIApplication = resolve_name(app)
    return loaded


if __name__ == "__main__":
    serve = {
        function.__name__: function
        for function in (wsgiref, werkzeug, django, bjoern, gevent, eventlet)
    }
    name, app, port = sys.argv[1:]
    serve[name](app, int(port))
