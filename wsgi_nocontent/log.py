"""The log of violations.

Importing logging takes longer than the library, so this is imported where a middleware is
made, and not with the library. Later would be too late: a server may fork while it goes on,
and the child would wait for good.
"""

from __future__ import annotations

import logging
import traceback
import urllib.parse  # noqa: F401  for Violation
from contextlib import suppress
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .violation import Violation

LOGGER = "wsgi_nocontent"

#: How many different requests each middleware tells of by WARNING, in each process.
LIMIT = 1000


class ViolationLog:
    """Logs violations: each by WARNING the first time, and by DEBUG when it is seen again.

    They are the same if method, path and status are. The logger is ``wsgi_nocontent``, and
    each record has the violation as ``record.violation``.

    A client can ask for ever new paths, so after :data:`LIMIT` different ones a last WARNING
    says so, and every new one is logged by DEBUG.
    """

    def __init__(self) -> None:
        # Hashes, since a path can be long.
        self._seen: dict[int | None, object] = {}

    def __call__(self, violation: Violation) -> None:
        """Log it."""
        is_first, is_beyond = self._noted(violation[:3])
        if is_first and is_beyond:
            message = (
                f"{LIMIT} different requests were answered as HTTP does not allow; "
                "from now on each new one is logged by DEBUG"
            )
            _log(logging.WARNING, message, violation)
        is_news = is_first and not is_beyond
        _log(logging.WARNING if is_news else logging.DEBUG, "{}", violation)

    def failed(self, violation: Violation, environ: WSGIEnvironment) -> None:
        """Log the exception that is being handled: what was to be done about it failed.

        That is an ERROR the first time. Nothing that goes wrong here is raised.
        """
        try:
            is_first, _ = self._noted(("failed", *violation[:3]))
            message = "on_violation failed, so nothing else tells of this: {}"
            _log(logging.ERROR if is_first else logging.DEBUG, message, violation, exc_info=True)
        except Exception:
            # The logging is what fails. Where the server's own log is of no use either, all is
            # done that can be: the response goes out.
            with suppress(Exception):
                environ["wsgi.errors"].write(f"{violation}\n{traceback.format_exc()}")

    def _noted(self, what: tuple[object, ...]) -> tuple[bool, bool]:
        """Note something: whether it is new, and whether there was no room for it."""
        key: int | None = hash(what)
        is_beyond = key not in self._seen and len(self._seen) >= LIMIT
        if is_beyond:
            key = None
        # One step, so that of many threads one is the first. A lock could be held by another
        # thread while a server forks, and then for good.
        this = object()
        return self._seen.setdefault(key, this) is this, is_beyond


def _log(level: int, message: str, violation: Violation, *, exc_info: bool = False) -> None:
    logger = _logger()
    if logger.isEnabledFor(level):
        extra = {"violation": violation}
        logger.log(level, message.format(violation), exc_info=exc_info, extra=extra)


# Not made before there is something to say: a configuration that disables the loggers which
# exist, as dictConfig does by default, must not find this one.
@lru_cache(maxsize=None)
def _logger() -> logging.Logger:
    return logging.getLogger(LOGGER)
