"""What HTTP asks of a response without content, held against one that came."""

from __future__ import annotations

from ..requirements import (
    NOT_A_VIEW,
    Finding,
    Requirement,
    findings_in_body,
    findings_in_fields,
    shown,
)
from ..rules import NO_CONTENT, NOT_MODIFIED, RESET_CONTENT
from ..violation import is_length
from .report import rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .http1 import Exchange
    from .report import Answer

_HANGS = "the client waits for the rest until it gives up"
_MALFORMED = "an HTTP/2 client refuses the answer as malformed, with PROTOCOL_ERROR"

LENGTH_OF_THE_200 = Requirement(
    "length-of-the-200",
    "a length on a 304 is that of the content that a 200 would have",
    "RFC 9110 §8.6",
    "a cache may take it for the length of what it has stored",
    "set no Content-Length on a 304; NoContentMiddleware takes it off",
)
END_OF_RESET = Requirement(
    "end-of-reset",
    "a 205 response says that it is empty, or its end is that of the connection",
    "RFC 9112 §6.3",
    _HANGS,
    'give it "Content-Length: 0"; NoContentMiddleware does',
)
FINAL = Requirement(
    "final",
    "an interim (1xx) response is followed by a final one",
    "RFC 9110 §15.2",
    _HANGS,
    "answer with a final status code, such as 204: 1xx is the server's to send",
)
LENGTH_OR_CODING = Requirement(
    "length-or-coding",
    "a response with a Transfer-Encoding has no Content-Length",
    "RFC 9112 §6.2",
    "a front and a client may differ on where the answer ends, and so on whose the next is",
    "set no Transfer-Encoding, which is the server's to set",
)
FRAMING = Requirement(
    "framing",
    "where a message ends can be told from its head",
    "RFC 9112 §6.3",
    "clients differ on where the answer ends, and strict ones refuse it",
    "set Content-Length once, and right, and no Transfer-Encoding",
)
WHOLE = Requirement(
    "whole",
    "a message is as long as its head says",
    "RFC 9112 §8",
    "the client gets a part for the whole, or an error",
    "declare the length of what is sent, or none; see in the server's log what broke it off",
)
ONE_ANSWER = Requirement(
    "one-answer",
    "a request has one answer, in its turn",
    "RFC 9112 §9.2",
    "a client gets a wrong answer to its next request, or waits for it in vain",
    "find whose they are: an answer's that declares too short a length, or that may have no "
    "content at all",
)
WHOLE_STREAM = Requirement(
    "whole-stream",
    "a response ends with END_STREAM",
    "RFC 9113 §8.1",
    "the client gets a part for the whole, or an error",
    NOT_A_VIEW,
)
ENDED_STREAM = Requirement(
    "ended-stream",
    "nothing comes after END_STREAM",
    "RFC 9113 §5.1",
    "a client refuses what comes, with STREAM_CLOSED",
    NOT_A_VIEW,
)
LENGTH_OF_DATA = Requirement(
    "length-of-data",
    "a length is that of the DATA frames",
    "RFC 9113 §8.1.1",
    _MALFORMED,
    "declare the length of what is sent, or none",
)
NO_CONNECTION_FIELD = Requirement(
    "no-connection-field",
    "by HTTP/2 no field speaks of the connection, or of a transfer coding",
    "RFC 9113 §8.2.2",
    _MALFORMED,
    NOT_A_VIEW,
)
#: What HTTP/2 has no place for (RFC 9113 §8.2.2).
CONNECTION_FIELDS = {
    *("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"),
}


def findings_in(method: str, exchange: Exchange, full: Answer | None) -> list[Finding]:
    """Name each requirement that is not met.

    :param full: what the same request without conditions is answered, where the answer is a
        304 and that was asked for.
    """
    return [
        *(finding for answer in exchange.interim for finding in _of_fields(method, answer, None)),
        *_of_fields(method, exchange.answer, full),
        *_of_content(method, exchange),
        *_of_the_next(exchange),
    ]


def _of_fields(method: str, answer: Answer, full: Answer | None) -> Iterator[Finding]:
    rule = rule_of(method, answer.status_code)
    lengths, codings = (
        [(name, value) for name, value in answer.headers if name.lower() == wanted]
        for wanted in ("content-length", "transfer-encoding")
    )
    headers = answer.headers
    if answer.http_version == "2":
        foreign = [field for field in headers if field[0].lower() in CONNECTION_FIELDS]
        yield from (Finding(NO_CONNECTION_FIELD, f"{name}: {value}") for name, value in foreign)
        headers = [field for field in headers if field not in foreign]
    elif lengths and codings and rule is not NO_CONTENT:
        both = ", ".join(f"{name}: {value}" for name, value in lengths + codings)
        yield Finding(LENGTH_OR_CODING, both)
    if rule is not None:
        yield from findings_in_fields(rule, headers)
    if rule is NOT_MODIFIED:
        right = _length_of_the_200(method, full)
        if right is not None:
            yield from (
                Finding(LENGTH_OF_THE_200, f"{name}: {value}")
                for name, value in lengths
                if not is_length(value, right)
            )
    elif (
        rule is RESET_CONTENT
        and answer.http_version != "2"
        and answer.ending == "out of time"
        and not lengths + codings
    ):
        yield Finding(END_OF_RESET, "no Content-Length")


def _length_of_the_200(method: str, full: Answer | None) -> str | None:
    if full is None or full.status_code != 200:
        return None
    if method == "GET" and full.ending == "complete":
        return str(len(full.content))
    return next(iter(full.values("content-length")), None)


def _of_content(method: str, exchange: Exchange) -> Iterator[Finding]:
    answer = exchange.answer
    rule = rule_of(method, answer.status_code)
    content = answer.content + exchange.stray
    if rule is None:
        if answer.http_version == "2" and answer.ending == "complete":
            size = len(answer.content)
            yield from (
                Finding(LENGTH_OF_DATA, f"content-length: {value}, and {size} bytes")
                for value in answer.values("content-length")
                if not is_length(value, str(size))
            )
        if exchange.stray and answer.ending == "complete":
            beyond = ENDED_STREAM if answer.http_version == "2" else ONE_ANSWER
            yield Finding(beyond, f"after the end: {shown(exchange.stray)}")
    else:
        for finding in findings_in_body(rule, content):
            if answer.http_version == "2":
                # There no answer is taken for another.
                malformed = finding.requirement._replace(consequence=_MALFORMED)
                yield finding._replace(requirement=malformed)
            else:
                yield finding
    if answer.ending == "not told":
        framing = answer.values("content-length") + answer.values("transfer-encoding")
        yield Finding(FRAMING, f"length and coding: {', '.join(framing)}")
    if answer.ending == "cut off":
        whole = WHOLE_STREAM if answer.http_version == "2" else WHOLE
        yield Finding(whole, f"it breaks off after {len(answer.content)} bytes")
    if answer.status_code < 200:
        yield Finding(FINAL, f"no response after the {answer.status_code}")


def _of_the_next(exchange: Exchange) -> Iterator[Finding]:
    if exchange.connection != "kept" or exchange.answer.http_version == "2":
        return
    if exchange.stray:
        yield Finding(ONE_ANSWER, f"as the next answer: {shown(exchange.stray)}")
    elif exchange.next_answer is None:
        instead = shown(exchange.next_stray) if exchange.next_stray else "nothing in time"
        yield Finding(ONE_ANSWER, f"as the next answer: {instead}")
    elif exchange.next_stray and exchange.next_answer.ending == "complete":
        yield Finding(ONE_ANSWER, f"after the next answer: {shown(exchange.next_stray)}")
