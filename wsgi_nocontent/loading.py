"""The ways to wrap an application without touching its code."""

from __future__ import annotations

import os
import sys

from .middleware import NoContentMiddleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from _typeshed.wsgi import WSGIApplication


def wrap(app: WSGIApplication | str, **options: Any) -> NoContentMiddleware:
    """Wrap an application, or the one that an import string names.

    For a server's command line, so that no line of the application changes::

        gunicorn "wsgi_nocontent:wrap('app:app')"

    :param app: a WSGI callable (PEP 3333), or a string ``"module:attribute"`` whose
        two parts may be dotted. As under gunicorn, the current directory is put
        first on ``sys.path`` if it is not there.
    :param options: those of :class:`NoContentMiddleware`.
    :raises ValueError: if the string is not of that form.
    :raises ModuleNotFoundError: if there is no such module. An error that the
        module itself raises on import comes through as it is.
    :raises AttributeError: if the module has no such attribute.
    :raises TypeError: if what it names is not callable.
    """
    if isinstance(app, str):
        app = import_callable(app)
    return NoContentMiddleware(app, **options)


def paste_filter_app_factory(
    app: WSGIApplication,
    global_conf: dict[str, str],  # noqa: ARG001
    on_violation: str = "log",
    strip_headers: str = "",
) -> NoContentMiddleware:
    """Wrap an application by a Paste Deploy ``.ini`` (``paste.filter_app_factory``).

    ::

        [filter:nocontent]
        use = egg:wsgi-nocontent
        on_violation = myapp.reports:on_violation
        strip_headers = Content-Type, Content-Encoding

    :param on_violation: ``log``, ``raise`` or ``none`` in any case, or the import string of
        a callable.
    :param strip_headers: names of header fields, apart by commas or white space.
    :raises ValueError, TypeError, ModuleNotFoundError, AttributeError: as :func:`wrap`.
    """
    handler: Any = on_violation.lower()
    if ":" in on_violation:
        handler = import_callable(on_violation)
    elif handler == "none":
        handler = None
    return NoContentMiddleware(
        app, on_violation=handler, strip_headers=strip_headers.replace(",", " ").split()
    )


def import_callable(name: str) -> Callable[..., Any]:
    """What the import string ``"module:attribute"`` names; raises as :func:`wrap` does."""
    module_name, _, attribute_name = name.partition(":")
    parts = module_name.split(".") + attribute_name.split(".")
    if not all(map(str.isidentifier, parts)):
        raise ValueError(f'an import string is "module:attribute", such as "app:app", not {name!r}')
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    from importlib import import_module  # noqa: PLC0415  few need it, and it takes long

    try:
        found = import_module(module_name)
    except ModuleNotFoundError as error:
        # One that the module itself fails to import is no fault of the string.
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ModuleNotFoundError(
            f"{name!r}: there is no module {error.name!r} in {os.getcwd()} or on sys.path",
            name=error.name,
        ) from None
    for attribute in attribute_name.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise AttributeError(f"{name!r}: {found!r} has no attribute {attribute!r}") from None
    if not callable(found):
        raise TypeError(f"{name!r} must name a callable, but it is {found!r}")
    return found
