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


class AtOnce:
    """An application within a middleware, which raises where its response breaks a rule.

    It does so in its calls of ``start_response`` and ``write()``. What its iterable yields is
    for the middleware to see, and so is a violation that was raised here in vain.

    :param app: the application.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 asks of an application.

        :raises NoContentError: at a violation.
        """
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

        return self._app(environ, start)
