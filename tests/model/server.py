"""What HTTP asks of a response without content, written once more, and a server that knows it.

The middleware is right if a server that knows nothing answers for the wrapped application as
this one does for the bare one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple, Tuple

from tests.unit.server import Server, environ_for
from wsgi_nocontent import Violation

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication

Headers = List[Tuple[str, str]]


def allows_content(method: str, status: str) -> bool:
    """Whether HTTP allows such a response any content (RFC 9110 §6.4.1, §15.3.6)."""
    return method != "HEAD" and not re.match("1[0-9][0-9]|204|205|304", status)


def mended(
    method: str, status: str, headers: Headers, strip_headers: tuple[str, ...], size: int | None
) -> Headers:
    """Give the header fields that are to go out.

    :param size: of the whole content, where that is known.
    """
    if allows_content(method, status):
        return headers
    is_head_only = allows_content("GET", status)
    off = ["transfer-encoding"]
    if not is_head_only:
        off += ["content-length", *(name.lower() for name in strip_headers)]
    kept = [field for field in headers if field[0].lower() not in off]
    if status[:3] == "205":
        return [*kept, ("Content-Length", "0")]
    if is_head_only and size and "content-length" not in (name.lower() for name, _ in kept):
        return [*kept, ("Content-Length", str(size))]
    return kept


class KnowingServer(Server):
    """One exchange with a server that sends no content where HTTP allows none.

    It takes the first chunk of such a body, and no more. Once it has been given a response with
    content, or the first chunk of any, a restart can not make it one without content.

    :param strip_headers: names of further header fields that it leaves out.
    """

    def __init__(self, strip_headers: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.strip_headers = strip_headers
        self.method = self.path = ""
        self.settled = False
        self.discarded = 0
        #: The size of the content, where it came as a list or tuple.
        self.size: int | None = None
        #: The violations that the application is to be told of.
        self.violations: list[Violation] = []
        #: The restart to no content that came after content was sent, and its error.
        self.failure: tuple[str, Headers, BaseException] | None = None

    def start_response(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        try:
            if exc_info and not allows_content(self.method, status):
                assert exc_info[1] is not None
                if self.settled:
                    raise exc_info[1]
                if self.head_sent:
                    # Not HTTP, but what _Withheld says: the middleware tells its server last.
                    self.failure = status, headers, exc_info[1]
                    self.discarded = 0
                    return self.write
            write = super().start_response(status, headers, exc_info)
            self.discarded = 0
            return write
        finally:
            exc_info = None

    def write(self, data: bytes) -> None:
        if self.has_content or not self.heads:
            super().write(data)
        else:
            self.discarded += len(data)

    def run(
        self, app: WSGIApplication, method: str = "GET", path: str = "/", **more: Any
    ) -> KnowingServer:
        self.method, self.path = method, path
        self.iterable = app(environ_for(method, path, **more), self.start_response)
        whole = type(self.iterable) in (list, tuple)
        self.settled = self.has_content
        try:
            for chunk in self.iterable:
                self.write(chunk)
                self.settled = True
                if not whole and not self.has_content:
                    break
            self.settled = True
            if self.heads and not self.has_content:
                self.size = self.discarded if whole else None
                self.judge(*(self.failure or self.heads[-1])[:2])
            if self.failure:
                raise self.failure[2]
            self.end()
        finally:
            if hasattr(self.iterable, "close"):
                self.iterable.close()
        return self

    @property
    def has_content(self) -> bool:
        is_allowed = bool(self.heads) and allows_content(self.method, self.status)
        return is_allowed and not self.failure

    @property
    def headers_to_send(self) -> Headers:
        return mended(self.method, self.status, self.headers, self.strip_headers, self.size)

    def judge(self, status: str, headers: Headers) -> None:
        if allows_content("GET", status):
            return
        lengths = [str(value) for name, value in headers if name.lower() == "content-length"]
        are_zero = all(re.fullmatch("[ \\t]*0+[ \\t]*", value) for value in lengths)
        if self.discarded or not (are_zero or status[:3] == "304"):
            length = ", ".join(lengths) if lengths else None
            violation = Violation(self.method, self.path, status, length, self.discarded)
            self.violations.append(violation)


class Outcome(NamedTuple):
    """What came of one exchange, from both ends."""

    #: The status and the header fields that were sent, if any were.
    head: tuple[str, Headers] | None
    body: bytes
    #: What the application did and the server sent, in order.
    events: list[str]
    #: What reached the server.
    error: str | None


def outcome_of(server: Server, error: str | None) -> Outcome:
    """Give what came of an exchange, or of one that ended by an error."""
    head = None
    if server.head_sent:
        headers = server.headers_to_send if isinstance(server, KnowingServer) else server.headers
        head = (server.status, headers)
    # The middleware may start a response later, and close an iterable in the server's place.
    events = [
        event for event in server.events if event != "close" and not event.startswith("start ")
    ]
    return Outcome(head, server.body, events, error)


def told(error: Exception) -> str:
    """Tell an error from another. Of PEP 3333's, each server has words of its own."""
    return "AssertionError" if type(error) is AssertionError else repr(error)
