"""The record of one broken rule, and the error that carries it."""

from __future__ import annotations

from collections import namedtuple

from .rules import BY_STATUS_CODE, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    Headers = list[tuple[str, str]]

#: How a view returns no content; ``{code}`` stands for the status code.
EMPTY_BODY = 'in Flask by "return \'\', {code}", in Django by "return HttpResponse(status={code})"'

# At most so many characters are shown of what a client or an application chose.
_LONGEST = 200


class Violation(namedtuple("Violation", "method path status content_length body_size")):
    """A response that its application gave content although HTTP allows it none.

    It is a violation to send body bytes with 1xx, 204, 205 or 304 (RFC 9110
    §6.4.1, §15.3.6), or to declare a positive or malformed Content-Length on
    1xx, 204 or 205 (RFC 9110 §8.6).

    Immutable, and equal to another with equal fields. As a string it is one line for a
    log, of printable ASCII and of bounded length, that says what to return instead.
    """

    __slots__ = ()

    #: The request's method, such as ``"DELETE"``.
    method: str
    #: SCRIPT_NAME + PATH_INFO, as the application left them in the environ: a "native
    #: string" whose characters are the bytes of the URL's path (PEP 3333, Unicode Issues).
    path: str
    #: The status as the application gave it, such as ``"204 No Content"``.
    status: str
    #: The value of Content-Length that the application declared (those of a
    #: field that was given more than once joined by ``", "``), or None.
    content_length: str | None
    #: The bytes of body that were seen: those of every ``write()`` so far, and
    #: all of a list or tuple or the first chunk of any other iterable.
    body_size: int

    @property
    def rule(self) -> Rule:
        """The rule that is broken."""
        return BY_STATUS_CODE[self.status[:3]]

    def __str__(self) -> str:
        from urllib.parse import quote  # noqa: PLC0415  importing it takes long

        # As access logs show it.
        path = quote(self.path, safe="/:@!$&'()*+,;=~", encoding="latin-1", errors="replace")
        length = self.content_length
        declared = "no Content-Length" if length is None else f"Content-Length: {_shown(length)}"
        unit = "byte" if self.body_size == 1 else "bytes"
        # No view can answer 1xx: that is the server's.
        code = "204" if self.status.startswith("1") else self.status[:3]
        return (
            f'{_shown(self.method)} {_cut(path)} answered "{_shown(self.status)}" '
            f"with {declared} and {self.body_size} {unit} of body (discarded). "
            f"HTTP allows {self.rule.responses} no content "
            f"({self.rule.source.replace('§', 'section ')}). Return an empty body, "
            f"{EMPTY_BODY.format(code=code)}, or return this body with another status, such as 200."
        )


class NoContentError(AssertionError):
    """A response that HTTP allows no content was given some (RFC 9110 §6.4.1).

    :param violation: what was done.
    """

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation)
        self.violation = violation


def violation_by(
    method: str, environ: WSGIEnvironment, status: str, headers: Headers, body_size: int
) -> Violation | None:
    """Give the violation that such a response is, or None if it is none.

    :param headers: of its header fields, those named Content-Length and maybe others.
    """
    rule = BY_STATUS_CODE.get(status[:3])
    if rule is None:
        return None
    lengths = lengths_in(headers)
    if not (
        (rule.forbids_body and body_size)
        or (rule.forbids_length and not all(is_length(value, "0") for value in lengths))
    ):
        return None
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    content_length = ", ".join(lengths) if lengths else None
    return Violation(method, path, status, content_length, body_size)


def lengths_in(headers: Headers) -> list[str]:
    """Give the values of Content-Length that an application has declared."""
    return [str(value) for name, value in headers if name.lower() == "content-length"]


def is_length(value: str, length: str) -> bool:
    """Whether a value of Content-Length is that; it may begin with zeros (RFC 9110 §8.6)."""
    digits = value.strip(" \t")
    return digits != "" and digits.lstrip("0") == length.lstrip("0")


def _shown(text: str) -> str:
    return _cut(text.encode("unicode_escape").decode())


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({len(text)} characters)"
