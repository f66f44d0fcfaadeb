"""For strict mode: an application that hears of its fault where it commits it."""

from __future__ import annotations

from . import watch
from .violation import NoContentError, violation_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Write = Callable[[bytes], object]


def at_once(app: WSGIApplication) -> WSGIApplication:
    """Give ``app`` as one whose calls of ``start_response`` and ``write()`` raise.

    They raise :class:`NoContentError` where they break a rule. What its iterable yields is for
    the middleware round it to see, and so is a violation whose error it has swallowed.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        watch.begin(environ)
        latest: object = None

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Write:
            nonlocal latest
            try:
                write = start_response(status, headers, exc_info)
            finally:
                exc_info = None  # breaks the cycle from its traceback to this frame
            latest = this = object()

            def check(body_size: int) -> None:
                violation = violation_by(method, environ, status, headers, body_size)
                # What a restart has replaced is none.
                if violation and latest is this:
                    watch.tell(violation, environ)
                    raise NoContentError(violation)

            def write_and_check(data: bytes) -> None:
                write(data)
                check(len(data))

            check(0)
            return write_and_check

        return app(environ, start)

    return answer
