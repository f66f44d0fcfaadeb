"""Applications that do whatever bytes say, bare and in the middleware, on a strict server."""

from __future__ import annotations

import gc
import re
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.unit.server import Oops, Server, restart
from wsgi_nocontent import NoContentError, NoContentMiddleware
from wsgi_nocontent.requirements import findings_in_fields
from wsgi_nocontent.rules import BY_STATUS_CODE, HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIApplication

    from wsgi_nocontent import Violation
    from wsgi_nocontent.rules import Rule

    Headers = list[tuple[str, str]]

FORMS = ("list", "tuple", "iterator", "generator", "lazy")
"""A generator calls start_response in the call; a lazy one on its first step."""
STEPS = ("start", "restart", "write", "old", "chunk", "raise")
ODD_VALUES: dict[str, Any] = {"<int>": 5, "<none>": None, "<bytes>": b"5"}
"""What is no value of a header field, and may be given for one."""
FRAMING = {"content-length", "transfer-encoding"}
LONGEST_LINE = 2000


class Step(NamedTuple):
    """What an application does next."""

    what: str
    data: bytes = b""
    status: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Script(NamedTuple):
    """A request, and what an application does at it."""

    method: str
    path: str
    form: str
    options: set[str]
    steps: list[Step]

    def rule(self, status: str) -> Rule | None:
        """Give the rule that an answer of that status is under."""
        return BY_STATUS_CODE.get(status[:3], HEAD if self.method == "HEAD" else None)


def script_in(data: bytes) -> Script:
    """Read an input.

    ``DELETE /items/1 generator strip``, a method, a path, a form and options; then a head, an
    empty line and a chunk; then more steps, each after its name in angle brackets.
    """
    first, _, rest = data.decode("utf-8", "surrogateescape").partition("\n")
    method, path, form, *options = [*first.split(" "), "", "", ""]
    head, *more = re.split(f"<({'|'.join(STEPS)})>", rest)
    steps: list[Step] = []
    for what, text in zip(["start", *more[::2]], [head, *more[1::2]]):
        if what in ("start", "restart"):
            lines, body, content = text.partition("\n\n")
            status, *fields = lines.split("\n")
            steps.append(Step(what, status=status, headers=tuple(map(_field, fields))))
            steps += [Step("chunk", _encoded(content))] * bool(body)
        else:
            steps.append(Step(what, _encoded(text)))
    return Script(method, path, form if form in FORMS else "list", set(options), steps)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, ODD_VALUES.get(value, value)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


class App:
    """An application that follows a script, and notes in ``log`` what is taken from it.

    :param quiet: whether it sends nothing where that is not allowed, as it should.
    """

    def __init__(self, script: Script, log: list[str], *, quiet: bool) -> None:
        self.script = script
        self.log = log
        self.quiet = quiet
        self.iterable: Any = None
        self.closed = 0
        self.taken = 0
        self.raised = False
        self.heads: list[tuple[Step, Headers]] = []
        self.writes: list[Callable[[bytes], object]] = []

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        steps = iter(self.script.steps)
        chunks = []
        if self.script.form != "lazy":
            for step in steps:
                if step.what == "chunk":
                    chunks.append(step.data)
                    if self.script.form == "generator":
                        break
                else:
                    self._do(step, start_response)
        chunks = [self._allowed(chunk) for chunk in chunks]
        if self.script.form in ("list", "tuple"):
            self.iterable = chunks if self.script.form == "list" else tuple(chunks)
        else:
            self.iterable = Chunks(self, self._all(chunks, steps, start_response))
        iterable: Iterable[bytes] = self.iterable
        return iterable

    def _all(
        self, chunks: list[bytes], steps: Iterator[Step], start_response: StartResponse
    ) -> Iterator[bytes]:
        yield from chunks
        for step in steps:
            # From here write() is not to be called (PEP 3333).
            if step.what in ("chunk", "write", "old"):
                yield self._allowed(step.data)
            else:
                self._do(step, start_response)

    def _do(self, step: Step, start_response: StartResponse) -> None:
        if step.what in ("start", "restart"):
            headers = list(step.headers)
            self.heads.append((step, headers))
            start: Any = restart if step.what == "restart" else _call
            self.writes.append(start(start_response, step.status, headers))
        elif step.what == "raise":
            self.raised = True
            raise Oops
        elif self.writes:
            self.writes[0 if step.what == "old" else -1](self._allowed(step.data))

    def _allowed(self, data: bytes) -> bytes:
        allowed = self.heads and not self.script.rule(self.heads[-1][0].status)
        return data if allowed or not self.quiet else b""


def _call(start_response: StartResponse, status: str, headers: Headers) -> Any:
    return start_response(status, headers)


class Chunks:
    """What an application returns that is neither a list nor a tuple."""

    def __init__(self, app: App, chunks: Iterator[bytes]) -> None:
        self._app = app
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._app.taken += 1
            self._app.log.append(f"take {chunk.decode()}")
            yield chunk

    def close(self) -> None:
        self._app.closed += 1


class Outcome(NamedTuple):
    """What a server saw."""

    #: Each head: the status, the header fields, and the error of a restart.
    heads: list[tuple[str, Headers, type | None]]
    #: The fields of the latest head, as the application gave them.
    given: Headers
    events: list[str]
    body: bytes
    error: type | None
    same_iterable: bool
    app: Any  # a weak reference to it, or None if there is one no more


def played(
    script: Script, wrap: Callable[[WSGIApplication], WSGIApplication], *, quiet: bool = False
) -> Outcome:
    """Let a server ask an application, and see that the application was well treated."""
    server = Server()
    app = App(script, server.events, quiet=quiet)
    error = None
    try:
        server.run(wrap(app), script.method, script.path)
    except (Oops, AssertionError) as raised:
        error = type(raised)
    assert app.closed == isinstance(app.iterable, Chunks), "close() is called once"
    assert all(tuple(headers) == step.headers for step, headers in app.heads), "its own headers"
    assert error is Oops or not app.raised, "an error of the application reaches the server"
    # A lazy application fails in the call where a middleware has taken its first chunk.
    events = [event for event in server.events if event != "close"]
    heads = [
        (head[0], list(head[1]), type(head[2]) if len(head) > 2 else None) for head in server.heads
    ]
    without_content = heads and error is None and script.rule(heads[-1][0])
    assert wrap is _bare or not without_content or app.taken <= 1, "one chunk and no more"
    outcome = Outcome(
        heads=heads,
        given=app.heads[-1][1] if app.heads else [],
        events=events,
        body=server.body,
        error=error,
        same_iterable=server.iterable is app.iterable,
        app=weakref.ref(app),
    )
    # The cycles that are our own: what a server has kept leads back to it, and to the application.
    server.heads.clear()
    server.iterable = app.iterable = None
    return outcome


def _bare(app: WSGIApplication) -> WSGIApplication:
    return app


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def middleware(data: bytes, wrap: Callable[..., WSGIApplication] = NoContentMiddleware) -> None:
    """Play an input.

    :param wrap: what to try.
    :raises AssertionError: if a promise of the middleware is broken.
    """
    script = script_in(data)
    violations: list[Violation] = []
    options: dict[str, Any] = {
        "on_violation": "raise" if "raise" in script.options else violations.append,
        "strip_headers": ("Content-Type",) if "strip" in script.options else (),
    }

    def wrapped(app: WSGIApplication) -> WSGIApplication:
        return wrap(app, **options)

    with _without_collector():
        bare = played(script, _bare)
        out = played(script, wrapped)
        assert bare.app() or not out.app(), "no cycle keeps a request"
    _check_events(script, out)
    for violation in violations:
        line = str(violation)
        assert line.isascii(), line
        assert line.isprintable(), line
        assert len(line) < LONGEST_LINE, line
    if not any(script.rule(step.status) for step in script.steps if step.what.endswith("start")):
        in_call = script.form != "lazy" and bare.heads and script.steps[0].what == "start"
        assert out._replace(same_iterable=True, app=None) == bare._replace(app=None)
        assert out.same_iterable or not in_call, "the very iterable"
        assert not violations
        return
    quiet = played(script, _bare, quiet=True)
    if out.error:
        assert out.error in _allowed_errors(script, quiet), out.error
    elif out.heads:
        _check_head(script, out, quiet, options["strip_headers"])


def _allowed_errors(script: Script, quiet: Outcome) -> set[type | None]:
    """What may be raised where some response has no content."""
    allowed = {quiet.error}
    if "raise" in script.options:
        allowed.add(NoContentError)
    if any(step.what == "restart" and script.rule(step.status) for step in script.steps):
        # It comes too late for a server, which is told of it last: when the application has
        # returned. Until then, the application goes on.
        allowed.add(Oops)
        if any(step.what == "start" for step in script.steps[1:]):
            allowed.add(AssertionError)
    return allowed


def _check_events(script: Script, out: Outcome) -> None:
    """No byte goes out under a head that allows none."""
    rule = None
    for event in out.events:
        what, _, more = event.partition(" ")
        if what == "start":
            rule = script.rule(more)
        assert rule is None or what != "send", f"{event} under {rule}"


def _check_head(
    script: Script, out: Outcome, quiet: Outcome, strip_headers: tuple[str, ...]
) -> None:
    """The head is that of the application, and what it may not say is not there."""
    status, headers, _ = out.heads[-1]
    rule = script.rule(status)
    if rule is None:
        assert (status, headers, out.body) == (*quiet.heads[-1][:2], quiet.body)
        return
    ours = FRAMING.union(name.lower() for name in strip_headers if rule is not HEAD)
    assert not list(findings_in_fields(rule, headers)), headers
    assert _without(ours, headers) == _without(ours, out.given)
    lengths, theirs = _lengths(headers), _lengths(out.given)
    if rule is not HEAD:
        assert lengths == [value for _, value in rule.sets]
    elif theirs:
        assert lengths == theirs


def _without(names: set[str], headers: Headers) -> Headers:
    return [field for field in headers if field[0].lower() not in names]


def _lengths(headers: Headers) -> list[str]:
    return [value for name, value in headers if name.lower() == "content-length"]
