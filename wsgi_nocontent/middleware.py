"""The middleware: a response that has no content goes out without any.

PEP 3333 gives an application several ways to send a body (a list, an iterator, a
generator that calls ``start_response`` on its first step, ``write()``) and lets
it change its mind with ``exc_info`` until the first byte has left. So the head
of a response without content is *withheld* from the server until the application
has returned and its first chunk has been seen; then the server gets the mended
head and an empty body. The head of a response with content is passed to the
server at once, and its iterable is handed on as it is.
"""

from __future__ import annotations

from itertools import chain, islice

from . import watch
from .rules import BY_STATUS_CODE, HEAD, Rule
from .strict import at_once
from .violation import NoContentError, Violation, lengths_in, violation_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Literal, Union

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]
    OnViolation = Union[Literal["log", "raise"], Callable[[Violation], object], None]
    Write = Callable[[bytes], object]

# RFC 9110 §5.6.2: a field name is a token, made of these.
_TCHAR = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class NoContentMiddleware:
    """A WSGI application that makes responses without content really have none.

    ::

        app.wsgi_app = NoContentMiddleware(app.wsgi_app)           # Flask
        application = NoContentMiddleware(get_wsgi_application())  # Django's wsgi.py

    The body of a 1xx, 204, 205 or 304, and of any answer to HEAD, is discarded,
    and the header fields that speak of a body are mended as :mod:`.rules` says.
    Every other response passes untouched: the same status, the same header list
    and the same iterable.

    :param app: the WSGI application (PEP 3333) to wrap.
    :param on_violation: what else to do when the application breaks a rule. ``"log"`` logs
        it, as :class:`.log.ViolationLog` says. ``"raise"`` raises
        :class:`NoContentError`, as soon as the fault is known: within the application's
        call of ``start_response`` or ``write()`` where that is at fault, else when it has
        returned; it is for tests and development. A callable is called with the
        :class:`Violation`, before the response goes out; an exception that it raises
        is logged, and the response goes out all the same. ``None`` does nothing.
    :param strip_headers: names of further header fields to take off 1xx, 204, 205
        and 304, such as ``("Content-Type", "Content-Encoding")``; case is ignored.
    :raises TypeError: if ``app`` is not callable or an option is of a wrong kind.
    :raises ValueError: if an option is of the right kind but has no such value.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        on_violation: OnViolation = "log",
        strip_headers: Iterable[str] = (),
    ) -> None:
        if not callable(app):
            hint = "; wrap() takes an import string" if isinstance(app, str) else ""
            raise TypeError(f"app must be a WSGI callable, not {app!r}{hint}")
        from .log import ViolationLog  # noqa: PLC0415  it says why

        #: What it wraps.
        self.app = app
        #: In lower case.
        self.strip_headers = _checked_field_names(strip_headers)
        self._log = ViolationLog()
        self._tell = self._log if on_violation == "log" else _checked_callable(on_violation)
        self._raises = on_violation == "raise"
        self._app = at_once(app) if self._raises else app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 asks of an application."""
        # Read now: an application may rewrite its environ, but the server goes by
        # the method that the client used.
        method = environ["REQUEST_METHOD"]
        # Until the application calls start_response, the rule that the method brings, if any.
        # Then a _Withheld; or, where the server has a head that allows content, True, and
        # False from when we return: no restart can make it one without content any more.
        response: object = HEAD if method == "HEAD" else None

        # Made for each request: so it takes nothing more from here than it must, for that has
        # to be kept in cells, and it is typed by a comment, for Python 3.9 and older would
        # make its annotations each time as well.
        def start(status, headers, exc_info=None):
            # type: (str, Headers, OptExcInfo | None) -> Write
            nonlocal response
            if (
                response is None
                and exc_info is None
                and (status == "200 OK" or status[:3] not in BY_STATUS_CODE)
            ):
                write = start_response(status, headers)
                response = True
                return write  # as nearly every response does
            try:
                write, response = _start(start_response, response, status, headers, exc_info)
                return write
            finally:
                exc_info = None  # breaks the cycle from its traceback to this frame

        iterable: Iterable[bytes] = ()  # there is nothing to close yet
        try:
            iterable = self._app(environ, start)
            if response is True:
                response = False
                return iterable

            # Without content, or not started yet: then the first chunk may start it.
            # Not a subclass, whose __iter__ can do anything.
            whole = type(iterable) in (list, tuple)
            rest = iter(() if whole else iterable)
            chunks = iterable if whole else list(islice(rest, 1))
            if isinstance(response, _Withheld):
                response.settled = True
                for chunk in chunks:
                    response.body_size += len(chunk)
                kept, taken = response.parted_headers(self.strip_headers)
                if taken or response.body_size:
                    self._report(response, taken, method, environ)
                return response.release(start_response, kept, iterable, whole)
            if response is True:
                response = False
            elif whole or not chunks:
                # The server may know this very object: eventlet has one that says that
                # the application has answered on the socket itself.
                return iterable
            # Not the rest of one that has ended: some can not be asked again.
            return _Body(chain(chunks, rest) if chunks else (), iterable)
        except BaseException:
            try:
                # The server will never get an iterable that it could close.
                if hasattr(iterable, "close"):
                    iterable.close()
            finally:
                if isinstance(response, _Withheld):
                    response.exc_info = None  # breaks the cycle from its traceback to this frame
            raise

    def _report(
        self, withheld: _Withheld, taken: Headers, method: str, environ: WSGIEnvironment
    ) -> None:
        """Tell of a violation, if it is one.

        :param taken: the header fields that are taken off.
        :raises NoContentError: where that is asked for. Nothing else that goes wrong here
            reaches the response.
        """
        violation = violation_by(method, environ, withheld.status, taken, withheld.body_size)
        if violation is None:
            return
        watch.tell(violation, environ)
        if self._raises or watch.STRICT in environ:
            raise NoContentError(violation)
        if self._tell is not None:
            try:
                self._tell(violation)
            except Exception:
                self._log.failed(violation, environ)


def _start(
    start_response: StartResponse,
    response: object,
    status: str,
    headers: Headers,
    exc_info: OptExcInfo | None,
) -> tuple[Write, object]:
    """Do what start_response has to, where there is more to it than to pass a head on.

    :param response: what has become of it so far, as NoContentMiddleware.__call__ has it.
    :return: what start_response returns; and what has become of the response now.
    """
    withheld = response if isinstance(response, _Withheld) else None
    settled = withheld.settled if withheld else response is False
    method_rule = withheld.method_rule if withheld else HEAD if response is HEAD else None
    if exc_info is None and response is not method_rule:
        raise AssertionError(
            "start_response() was called a second time without exc_info (PEP 3333)"
        )
    try:
        rule = BY_STATUS_CODE.get(status[:3], method_rule)
        if rule is None:
            write = start_response(status, headers, exc_info)
            if settled:
                return write, response
            if withheld:
                withheld.give_way_to(write)
            return write, True
        if settled:
            raise exc_info[1].with_traceback(exc_info[2])  # type: ignore[index, union-attr]
        if withheld:
            withheld.replace(rule, status, headers, exc_info)
        else:
            withheld = _Withheld(method_rule, rule, status, headers, exc_info)
        return withheld.write, withheld
    finally:
        exc_info = None  # breaks the cycle from its traceback to this frame


class _Withheld:
    """A response without content while the server knows nothing of it.

    One thing is not held back. An application that starts with content and restarts
    without still has the server's own ``write``; to guard that would make every request
    dearer. But the server is told of such a restart last, so what the old ``write`` sends
    until the application has returned goes out under the old head, and then the restart
    fails. Later, ``write`` is not to be called (PEP 3333).

    :param method_rule: that of the request's method, if it has one.
    """

    __slots__ = (
        "_forward",
        "body_size",
        "exc_info",
        "headers",
        "method_rule",
        "rule",
        "settled",
        "status",
    )

    def __init__(
        self,
        method_rule: Rule | None,
        rule: Rule,
        status: str,
        headers: Headers,
        exc_info: OptExcInfo | None,
    ) -> None:
        self._forward: Write | None = None
        self.method_rule = method_rule
        #: Whether no restart can make it another one without content any more.
        self.settled = False
        self.replace(rule, status, headers, exc_info)

    def replace(
        self, rule: Rule, status: str, headers: Headers, exc_info: OptExcInfo | None
    ) -> None:
        """Take the head of the latest start_response; what was there is gone."""
        self.headers = headers[:]
        self.rule = rule
        self.status = status
        self.exc_info = exc_info
        #: The bytes of body that were seen and discarded.
        self.body_size = 0

    def write(self, data: bytes) -> None:
        """What start_response returned. An application may keep it over a restart."""
        if self._forward is None:
            self.body_size += len(data)
        else:
            self._forward(data)

    def give_way_to(self, write: Write) -> None:
        """From now on the response has content: that of a restart."""
        self._forward = write
        self.exc_info = None

    def parted_headers(self, strip_headers: frozenset[str]) -> tuple[Headers, Headers]:
        """Give the header fields that stay, and those that are taken off."""
        removes = self.rule.removes
        if strip_headers and self.rule is not HEAD:
            removes |= strip_headers
        kept: Headers = []
        taken: Headers = []
        for field in self.headers:
            (taken if field[0].lower() in removes else kept).append(field)
        return kept, taken

    def release(
        self,
        start_response: StartResponse,
        headers: Headers,
        iterable: Iterable[bytes],
        whole: bool,
    ) -> Iterable[bytes]:
        """Give the server the mended head; return the body that goes with it.

        :param headers: what stays of the header fields.
        :param iterable: the application's; the server closes it through the body.
        :param whole: whether ``body_size`` is the size of the whole content.
        """
        # No list or tuple has a close().
        body: Iterable[bytes] = iter(_EMPTY) if whole else _Body(_EMPTY, iterable)
        if self.rule is not HEAD:
            headers += self.rule.sets
        elif whole and self.body_size == 0:
            # Some servers send a chunked answer where they can not see that it is empty.
            body = iterable
        elif whole and not lengths_in(headers):
            headers.append(("Content-Length", str(self.body_size)))
        if self.exc_info is None:
            start_response(self.status, headers)
        else:
            self._restart(start_response, headers)
        return body

    def _restart(self, start_response: StartResponse, headers: Headers) -> None:
        """Hand a restart on from within an error handler, where servers expect it.

        Some reraise what is being handled and not what they are given (wsgiref from
        Python 3.11 on).
        """
        exc_info, self.exc_info = self.exc_info, None
        try:
            raise exc_info[1].with_traceback(exc_info[2])  # type: ignore[index, union-attr]
        except BaseException:
            start_response(self.status, headers, exc_info)
        finally:
            exc_info = None  # breaks the cycle from its traceback to this frame


# Sent by an iterable without a length: wsgiref declares one for an iterable that is empty
# or has one item.
_EMPTY = (b"",)


class _Body:
    """Chunks to send in place of an application's iterable, and its ``close``."""

    __slots__ = ("_chunks", "close")

    def __init__(self, chunks: Iterable[bytes], iterable: Iterable[bytes]) -> None:
        self._chunks = chunks
        if hasattr(iterable, "close"):
            self.close = iterable.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


def _checked_callable(on_violation: OnViolation) -> Callable[[Violation], object] | None:
    """What is to be called with a violation, if anything is."""
    if on_violation is None or on_violation == "raise":
        return None
    if callable(on_violation):
        return on_violation
    wrong = ValueError if isinstance(on_violation, str) else TypeError
    raise wrong(
        f'on_violation must be "log", "raise", None or a callable that takes a Violation, '
        f"not {on_violation!r}"
    )


def _checked_field_names(names: Iterable[str]) -> frozenset[str]:
    """The names in lower case."""
    wanted = 'strip_headers must be header field names, such as ("Content-Type",)'
    if isinstance(names, (str, bytes)) or not hasattr(names, "__iter__"):
        raise TypeError(f"{wanted}, not {names!r}")
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{wanted}; this is not one: {name!r}")
        if not name or not _TCHAR.issuperset(name):
            raise ValueError(f"{wanted}; this is not one: {name!r}")
    return frozenset(map(str.lower, names))
