"""What is done about violations, besides mending the response."""

from __future__ import annotations

from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from .violation import Violation

LOGGER = "wsgi_nocontent"

#: As many requests are told of by WARNING, by each middleware in each process.
LIMIT = 1000

#: In an environ, it makes every middleware on the way raise, whatever its option says.
STRICT = "wsgi_nocontent.strict"


# What tests ask of every middleware in the process. pytest's plugin sets them.
#: Whether all raise, whatever their option says.
strict = False
#: Called with every violation, before anything else is done about it.
watchers: tuple[Callable[[Violation], object], ...] = ()


class ViolationLog:
    """Logs each violation: by WARNING the first time, by DEBUG when it is seen again.

    They are the same if method, path and status are. The logger is ``wsgi_nocontent``, and
    each record has the violation as ``record.violation``.

    A client can ask for ever new paths, so after :data:`LIMIT` different ones a last WARNING
    says so, and every new one is logged by DEBUG.
    """

    def __init__(self) -> None:
        self._seen: dict[str, object] = {}

    def __call__(self, violation: Violation) -> None:
        """Log it."""
        # Only now: logging is slow to import, and a configuration that disables existing
        # loggers, as Django's does by default, must not find this one.
        from logging import DEBUG, WARNING, getLogger  # noqa: PLC0415

        logger = getLogger(LOGGER)
        extra = {"violation": violation}
        key = violation.request_and_status
        if key not in self._seen and len(self._seen) >= LIMIT:
            key = ""
        # One step, so that of many threads one is the first. A lock could be held by another
        # thread while a server forks, and then for good.
        this = object()
        is_first = self._seen.setdefault(key, this) is this
        if is_first and not key:
            logger.warning(
                "%d different requests were answered as HTTP does not allow; "
                "from now on each new one is logged by DEBUG",
                LIMIT,
                extra=extra,
            )
        logger.log(WARNING if is_first and key else DEBUG, "%s", violation, extra=extra)


def log_failure(violation: Violation, environ: WSGIEnvironment) -> None:
    """Log the exception that is being handled: what was to be done about a violation failed."""
    from logging import getLogger  # noqa: PLC0415
    from traceback import format_exc  # noqa: PLC0415

    try:
        message = "on_violation failed, so nothing else tells of this: %s"
        getLogger(LOGGER).exception(message, violation, extra={"violation": violation})
    except Exception:
        # The logging is what fails. Where the server's own log is of no use either, all is
        # done that can be: the response goes out.
        with suppress(Exception):
            environ["wsgi.errors"].write(format_exc())
