"""What tests and the command ask of every middleware in the process, whatever its options say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from .violation import Violation

#: In an environ, it makes every middleware on the way raise.
STRICT = "wsgi_nocontent.strict"

#: Called with every violation, before anything else is done about it.
watchers: tuple[Callable[[Violation], object], ...] = ()

_TOLD = "wsgi_nocontent.told"


def begin(environ: WSGIEnvironment) -> None:
    """Tell of each violation in this request once, for who swallows its error hears it again."""
    environ[_TOLD] = set()


def tell(violation: Violation, environ: WSGIEnvironment) -> None:
    """Let all watchers know."""
    told = environ.get(_TOLD)
    if told is not None:
        if violation[:3] in told:
            return
        told.add(violation[:3])
    for watcher in watchers:
        watcher(violation)
