"""The linters that stand on both sides of the middleware in the tests."""

from __future__ import annotations

import wsgiref.validate
from typing import TYPE_CHECKING

import pytest
import webtest.lint

from wsgi_nocontent import NoContentMiddleware
from wsgi_nocontent.loading import import_callable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def unlinted(app: WSGIApplication) -> WSGIApplication:
    return app


def both(app: WSGIApplication) -> WSGIApplication:
    linted: WSGIApplication = webtest.lint.middleware(wsgiref.validate.validator(app))
    return linted


def wrapped_between_linters(app: WSGIApplication) -> WSGIApplication:
    return both(NoContentMiddleware(both(app)))


LINTERS = {
    "unlinted": unlinted,
    "wsgiref.validate": wsgiref.validate.validator,
    "webtest.lint": webtest.lint.middleware,
}


def be_lax_about_content_type(patch: pytest.MonkeyPatch) -> None:
    """Let the linters accept Content-Type on a 204, as RFC 9110 §8.3 does.

    Both refuse it there, and ask for it on everything else.
    """
    for linter in wsgiref.validate, webtest.lint:
        patch.setattr(linter, "check_content_type", lambda *_: None)


def linted(name: str) -> WSGIApplication:
    """Wrap the app that an import string names, between the linters.

    For a server's command line, ``gunicorn "tests.linters:linted('app:app')"``: in a
    process of its own it need not undo its patches. What a linter finds is a 500 there.
    """
    patch = pytest.MonkeyPatch()
    be_lax_about_content_type(patch)
    # Werkzeug reads a request to its end where gunicorn says that it ends by itself
    # (wsgi.input_terminated); the linter wants every read to have a size.
    patch.setattr(wsgiref.validate.InputWrapper, "read", lambda self, *size: self.input.read(*size))
    return wrapped_between_linters(import_callable(name))
