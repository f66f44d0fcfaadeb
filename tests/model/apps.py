"""Random applications: a script, and the application that plays it.

PEP 3333 allows what they do, but for one thing that people do all the same: they call ``write()``
from within their iterable.
"""

from __future__ import annotations

import sys
from operator import add
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Sequence,
    Union,
)

from hypothesis import strategies as st

from tests.model.server import Headers, allows_content, told
from tests.unit.server import Oops

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from hypothesis.strategies import SearchStrategy


class Start(NamedTuple):
    """Call start_response."""

    status: str
    headers: Headers


class Restart(NamedTuple):
    """Call it from an error handler, with exc_info."""

    status: str
    headers: Headers


class Write(NamedTuple):
    """Call write(): the one that the latest start_response returned, or the first."""

    data: bytes
    first: bool = False


class Yield(NamedTuple):
    """Yield a chunk."""

    data: bytes


class Fail(NamedTuple):
    """Raise an exception."""


class Try(NamedTuple):
    """Take a step, and pass over the exception that may come of it."""

    step: Start | Restart | Write | Fail


Step = Union[Start, Restart, Write, Yield, Fail, Try]


class Script(NamedTuple):
    """What an application does."""

    #: When it is called.
    call: list[Step]
    #: What it returns, by a name of ``App``'s; and what that does when it is iterated.
    returns: str
    body: list[Step]
    #: When its iterable is closed.
    close: Sequence[Step] = ()
    method: str = "GET"
    path: str = "/"
    strip_headers: tuple[str, ...] = ()


class App:
    """The application that plays a script.

    :param events: where it notes what it does, as its server does.
    """

    def __init__(self, script: Script, events: list[str]) -> None:
        self.script = script
        self.events = events
        self.meanwhile: Callable[[], object] = lambda: None  # called before each step
        self.steps = 0
        self.given: list[tuple[Headers, Headers]] = []  # each header list, and a copy
        self.statuses: list[str] = []  # those that start_response took
        self.writes: list[Callable[[bytes], object]] = []
        self.said: list[bytes] = []  # since the latest of those statuses
        self.yields = 0
        self.returned: Any = None
        self.settled = False  # whether a response with content was handed on
        self.second_starts: list[str] = []  # that were taken without exc_info
        self.late_restarts: list[str] = []  # to no content, that were taken after that
        self.start_response: StartResponse

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        # As those do that have no view for HEAD.
        environ["REQUEST_METHOD"] = "GET"
        self.start_response = start_response
        for step in self.script.call:
            self.take(step)
        self.returned = getattr(self, self.script.returns)()
        self.settled = self.has_content
        return self.returned  # type: ignore[no-any-return]

    def a_list(self) -> list[bytes]:
        return list(self.an_iterator())

    def a_list_of_another_kind(self) -> list[bytes]:
        return AnotherList(self.an_iterator())

    def a_tuple(self) -> tuple[bytes, ...]:
        return tuple(self.an_iterator())

    def an_iterator(self) -> Iterator[bytes]:
        return map(self.chunk, self.script.body)

    def a_generator(self) -> Iterator[bytes]:
        for step in self.script.body:
            if isinstance(step, Yield):
                yield self.chunk(step)
                self.settled = self.has_content
            else:
                self.take(step)

    def a_closable(self) -> Iterable[bytes]:
        return Closable(self)

    def chunk(self, step: Any) -> bytes:
        self.note(f"yield {step.data.decode()}")
        self.yields += 1
        self.said.append(step.data)
        return step.data  # type: ignore[no-any-return]

    @property
    def has_content(self) -> bool:
        return bool(self.statuses) and allows_content(self.script.method, self.statuses[-1])

    def note(self, event: str) -> None:
        self.meanwhile()
        self.steps += 1
        self.events.append(event)

    def take(self, step: Step) -> None:
        if isinstance(step, Try):
            try:
                self.take(step.step)
            except Exception as error:
                self.events.append(f"passed over {told(error)}")
        elif isinstance(step, Write):
            self.write(step)
        elif isinstance(step, Fail):
            self.note("fail")
            raise Oops(self.steps)
        elif isinstance(step, Start):
            self.note(f"call start_response {step.status}")
            self.started(step, self.start_response(step.status, self.headers_of(step)))
        elif isinstance(step, Restart):
            self.note(f"restart {step.status}")
            try:
                raise Oops(self.steps)
            except Oops:
                write = self.start_response(step.status, self.headers_of(step), sys.exc_info())
            self.started(step, write)

    def headers_of(self, step: Start | Restart) -> Headers:
        self.given.append((step.headers[:], step.headers))
        return self.given[-1][0]

    def started(self, step: Start | Restart, write: Callable[[bytes], object]) -> None:
        if isinstance(step, Start) and self.statuses:
            self.second_starts.append(step.status)
        if self.settled and not allows_content(self.script.method, step.status):
            self.late_restarts.append(step.status)
        self.statuses.append(step.status)
        self.writes.append(write)
        self.said.clear()

    def write(self, step: Write) -> None:
        if not self.writes:
            return
        *earlier, latest = (allows_content(self.script.method, status) for status in self.statuses)
        # What is known not to hold: the write() of an earlier response with content.
        first = step.first and (latest or not any(earlier))
        self.note(f"write {step.data.decode()}")
        self.said.append(step.data)
        self.writes[0 if first else -1](step.data)


class AnotherList(List[bytes]):
    """What can do anything when it is iterated, for all that a server knows."""


class Closable:
    """An iterator that notes its close(), and whether it is asked again after its end."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.chunks = app.a_generator()
        self.has_ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.has_ended:
            self.app.events.append("asked again")
        try:
            return next(self.chunks)
        except StopIteration:
            self.has_ended = True
            raise

    def close(self) -> None:
        self.app.events.append("close the app's")
        for step in self.app.script.close:
            self.app.take(step)


WITH_CONTENT = ["200 OK", "404 Not Found", "500 Oops", "200", "299 Odd  phrase", "599 Odd"]
WITHOUT_CONTENT = [
    *("204 No Content", "304 Not Modified", "205 Reset Content", "204"),
    *("100 Continue", "103 Early Hints", "199 Odd"),
]
FIELDS = [
    ("Content-Type", "text/plain"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("Content-Length", "4"),
    ("content-length", "0"),
    ("CONTENT-LENGTH", " 00"),
    ("Content-Length", "four"),
    ("Transfer-Encoding", "chunked"),
    ("TRANSFER-encoding", "gzip, chunked"),
]
CHUNKS = [b"", b"a", b"null"]
WHOLE = ["a_list", "a_tuple"]
ITERATORS = ["an_iterator", "a_list_of_another_kind"]
STEPPING = ["a_generator", "a_closable"]


def scripts(
    statuses: Sequence[str] = (*WITH_CONTENT, *WITHOUT_CONTENT),
    methods: Sequence[str] = ("GET", "DELETE", "HEAD"),
) -> SearchStrategy[Script]:
    """Give any script with these methods whose responses have these statuses."""
    never: SearchStrategy[list[Step]] = st.just([])
    some = st.sampled_from([*[[]] * len(FIELDS), *([field] for field in FIELDS)])
    head = (st.sampled_from(statuses), st.builds(add, some, some))
    start, restart = st.builds(Start, *head), st.builds(Restart, *head)
    write = st.sampled_from([Write(data, first) for first in (False, True) for data in CHUNKS])
    chunk = st.sampled_from([Yield(data) for data in CHUNKS])
    fail = st.just(Fail())
    attempt = st.builds(Try, st.one_of(restart, start, write, fail))
    # An error ends the application, so it comes last.
    end = st.one_of(never, never, never, one(start | fail))
    first = st.one_of(start, start, start, restart)
    close = st.one_of(never, never, one(restart | attempt | fail))

    def ended(*steps: Any) -> Any:
        return st.builds(add, st.lists(st.one_of(*steps), max_size=6), end)

    def started(steps: Any) -> Any:
        unstarted = one(fail)
        begun = st.builds(lambda first, more: [first, *more], first, steps)
        return st.one_of(*[begun] * 15, unstarted)

    def script(call: Any, returns: list[str], body: Any, close: Any = never) -> Any:
        return st.builds(
            Script,
            call,
            st.sampled_from(returns),
            body,
            close,
            st.sampled_from(methods),
            st.sampled_from(["/", "/items/\xe9"]),
            st.sampled_from([(), ("content-type", "Set-Cookie")]),
        )

    in_call = started(ended(write, restart, attempt))
    in_body = ended(chunk, chunk, write, restart, attempt)
    return st.one_of(
        script(in_call, [*WHOLE, *WHOLE, *ITERATORS], st.lists(chunk, max_size=4)),
        script(in_call, STEPPING, in_body, close),
        script(never, STEPPING, started(in_body), close),
    )


def one(step: SearchStrategy[Any]) -> SearchStrategy[list[Step]]:
    """Give a list of one step."""
    return st.builds(lambda step: [step], step)
