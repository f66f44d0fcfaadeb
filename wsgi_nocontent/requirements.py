"""What HTTP asks of a response without content, and what one that came does not meet."""

from __future__ import annotations

from typing import NamedTuple

from .rules import HEAD, NO_CONTENT, RESET_CONTENT, Rule
from .violation import EMPTY_BODY, is_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Requirement(NamedTuple):
    """What HTTP asks of a response."""

    #: A short name that stays the same, such as ``"no-length"``.
    name: str
    #: What it asks, in words.
    text: str
    #: Where it does, such as ``"RFC 9110 §8.6"``.
    section: str
    #: What goes wrong where it is not met.
    consequence: str
    #: What to do about it; ``{code}`` stands for the status code.
    remedy: str


class Finding(NamedTuple):
    """A requirement that a response does not meet."""

    #: The one that is not met.
    requirement: Requirement
    #: What was there, such as ``"Content-Length: 5"``.
    seen: str

    def __str__(self) -> str:
        return f"{self.seen}, but {self.requirement.text} ({self.requirement.section})"


_SEND_NOTHING = (
    f"return an empty body: {EMPTY_BODY}, in any WSGI app by [] without Content-Length. "
    "NoContentMiddleware does it for every view of an app"
)
#: The server, or what stands before it, is where to look.
NOT_A_VIEW = "no view does this: look at the server, and at what is between it and you"
_MISREAD = "on a connection that is kept, a client takes these bytes for its next answer"

NO_LENGTH = Requirement(
    "no-length",
    "a 1xx or 204 response has no Content-Length",
    "RFC 9110 §8.6",
    "an HTTP/2 front hands it on, and clients such as curl refuse it with PROTOCOL_ERROR, "
    "or the front itself answers 502",
    _SEND_NOTHING,
)
NO_LENGTH_OF_0 = NO_LENGTH._replace(
    consequence="most clients and fronts let this one pass; strict ones may refuse it",
    remedy="a framework puts it there, such as Django's CommonMiddleware on every empty "
    "response, and no view can help it: NoContentMiddleware takes it off",
)
NO_CODING = Requirement(
    "no-coding",
    "a 1xx or 204 response has no Transfer-Encoding",
    "RFC 9112 §6.1",
    "a client that goes by it waits for chunks that never come, and hangs or fails",
    "set no Transfer-Encoding, which is the server's to set; NoContentMiddleware takes it off",
)
NO_BODY = Requirement(
    "no-body",
    "a 1xx, 204 or 304 response ends with its head",
    "RFC 9110 §6.4.1",
    _MISREAD,
    _SEND_NOTHING,
)
NO_BODY_ON_HEAD = Requirement(
    "no-body-on-head",
    "the answer to HEAD ends with its head",
    "RFC 9110 §9.3.2",
    _MISREAD,
    "Flask and Pyramid leave it out by themselves, and Django leaves that to the server; "
    "NoContentMiddleware does it for every view of an app",
)
EMPTY_RESET = Requirement(
    "empty-reset",
    "a 205 response has no content",
    "RFC 9110 §15.3.6",
    "clients differ: one reads so many bytes, or waits for them, and another reads none and "
    "takes what comes for its next answer",
    _SEND_NOTHING,
)
ONE_LENGTH = Requirement(
    "one-length",
    "a response has one Content-Length",
    "RFC 9110 §8.6",
    "strict clients and fronts refuse the answer",
    "set it once, or leave it to the server; NoContentMiddleware does it for a 205",
)


def findings_in_fields(rule: Rule, headers: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Name what is wrong with the fields of a response under that rule, by themselves.

    A length on a 304 or on the answer to HEAD can be right: it is that of a 200 or a GET.
    """
    headers = list(headers)
    lengths = [(name, value) for name, value in headers if name.lower() == "content-length"]
    if rule is NO_CONTENT:
        codings = [(name, value) for name, value in headers if name.lower() == "transfer-encoding"]
        yield from (
            Finding(NO_LENGTH_OF_0 if is_length(value, "0") else NO_LENGTH, f"{name}: {value}")
            for name, value in lengths
        )
        yield from (Finding(NO_CODING, f"{name}: {value}") for name, value in codings)
    elif rule is RESET_CONTENT and lengths:
        seen = ", ".join(value for _, value in lengths)
        values = seen.split(",")
        if not all(is_length(value, "0") for value in values):
            yield Finding(EMPTY_RESET, f"Content-Length: {seen}")
        elif len(values) > 1:
            yield Finding(ONE_LENGTH, f"Content-Length: {seen}")


def findings_in_body(rule: Rule, body: bytes) -> Iterator[Finding]:
    """Name what is wrong with a response under that rule which came with that body."""
    if body:
        yield Finding(no_body_by(rule), f"body: {shown(body)}")


def no_body_by(rule: Rule) -> Requirement:
    """Give the requirement that a body under that rule does not meet."""
    return {HEAD: NO_BODY_ON_HEAD, RESET_CONTENT: EMPTY_RESET}.get(rule, NO_BODY)


#: So many bytes are shown where not more are asked for.
SHOWN = 24


def shown(data: bytes, limit: int = SHOWN) -> str:
    """Escape bytes for a person, and cut them."""
    text = data[:limit].decode("latin-1").encode("unicode_escape").decode()
    return f'"{text}"' + (f" and {len(data) - limit} bytes more" if len(data) > limit else "")
