"""The linters that stand on both sides of the middleware in the tests."""

from __future__ import annotations

import wsgiref.validate
from typing import TYPE_CHECKING

import webtest.lint

if TYPE_CHECKING:
    import pytest
    from _typeshed.wsgi import WSGIApplication


def unlinted(app: WSGIApplication) -> WSGIApplication:
    return app


def both(app: WSGIApplication) -> WSGIApplication:
    linted: WSGIApplication = webtest.lint.middleware(wsgiref.validate.validator(app))
    return linted


LINTERS = {
    "unlinted": unlinted,
    "wsgiref.validate": wsgiref.validate.validator,
    "webtest.lint": webtest.lint.middleware,
}


def be_lax_about_content_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the linters accept Content-Type on a 204, as RFC 9110 §8.3 does.

    Both refuse it there, and ask for it on everything else.
    """
    for linter in wsgiref.validate, webtest.lint:
        monkeypatch.setattr(linter, "check_content_type", lambda *_: None)
