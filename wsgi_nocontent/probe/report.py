"""What a probe finds out: plain records."""

from __future__ import annotations

from typing import NamedTuple

from ..rules import BY_STATUS_CODE, HEAD, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ..requirements import Finding

    Ending = Literal["complete", "cut off", "out of time", "out of bounds", "not told"]
    Connection = Literal["kept", "closed", "lost", "not asked"]


class ProbeError(Exception):
    """The URL could not be asked, or what answered does not speak HTTP; says why in a line."""


class Answer(NamedTuple):
    """One response, as it came over the wire."""

    #: ``"1.0"``, ``"1.1"`` or ``"2"``.
    http_version: str
    #: Such as 204.
    status_code: int
    #: The head (RFC 9112 §2.1), up to and with its empty line; that of HTTP/2, whose head is
    #: compressed, in the same form.
    head: bytes
    #: Each header field line, in order.
    headers: list[tuple[str, str]]
    #: What followed the head as it came, with its framing; by HTTP/2 the content.
    raw_content: bytes = b""
    #: The content by its framing (RFC 9112 §6.3; HTTP/2: all DATA).
    content: bytes = b""
    #: ``"complete"`` if the content came to its end by its framing; else what ended it: the
    #: server (``"cut off"``), the probe's time or its number of bytes (``"out of time"``,
    #: ``"out of bounds"``), or a head by which no end can be told (``"not told"``).
    ending: Ending = "complete"

    def values(self, name: str) -> list[str]:
        """Give the value of each field line of that name; case is ignored."""
        return [value for field, value in self.headers if field.lower() == name.lower()]


class Report(NamedTuple):
    """What came of asking one URL."""

    #: As it was given.
    url: str
    #: The request's.
    method: str
    #: The heads of the interim responses (RFC 9110 §15.2) that came first.
    interim: list[Answer]
    #: The final response; or the last interim one, where nothing followed it.
    answer: Answer
    #: What came after the end of the answer, before anything else was asked; by HTTP/2 the
    #: DATA of its stream.
    stray: bytes
    #: Seconds from the end of the answer to the first stray byte; None if there is
    #: none, and by HTTP/2.
    stray_delay: float | None
    #: ``"kept"``: the server went on to the second request; ``"closed"``: one side had said
    #: that there would be none; ``"lost"``: the server closed it without a word;
    #: ``"not asked"``: the answer did not end within the probe's time or number of bytes.
    connection: Connection
    #: What then came as the answer to the second request, if that can be read as one.
    next_answer: Answer | None
    #: What came beyond it, or instead of it.
    next_stray: bytes
    #: What is wrong, if anything is.
    findings: list[Finding]

    @property
    def rule(self) -> Rule | None:
        """The rule that the answer is under, or None if it may have content."""
        return rule_of(self.method, self.answer.status_code)


def rule_of(method: str, status_code: int) -> Rule | None:
    """Give the rule that an answer to that method is under."""
    return BY_STATUS_CODE.get(str(status_code), HEAD if method == "HEAD" else None)
