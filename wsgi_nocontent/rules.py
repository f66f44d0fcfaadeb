"""The one table of what HTTP allows in a response without content.

Everything the middleware decides about a status code is looked up here.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Rule(namedtuple("Rule", "responses removes sets forbids_body forbids_length source")):
    """What becomes of the header fields of one kind of response.

    The body is discarded under every rule; the fields say the rest.
    """

    __slots__ = ()

    #: The responses it is for, in words.
    responses: str
    #: Lower-case names of the header fields that are taken off.
    removes: frozenset[str]
    #: Header fields that are put on afterwards.
    sets: tuple[tuple[str, str], ...]
    #: Whether an application that sends a body is at fault. It is not for
    #: HEAD: PEP 3333 does not say whether it or the server is to leave it out.
    forbids_body: bool
    #: Whether an application that declares a length other than 0 is at fault.
    forbids_length: bool
    #: The sections it rests on.
    source: str


_LENGTH = frozenset({"content-length"})
_CODING = frozenset({"transfer-encoding"})

# fmt: off
NO_CONTENT = Rule(
    "1xx and 204", _LENGTH | _CODING, (), True, True,
    "RFC 9110 §6.4.1, §8.6; RFC 9112 §6.1",
)
# A length is legal on a 304, but it is that of the 200's content (RFC 9110 §8.6),
# and what an application puts there describes the 304's own, empty body.
NOT_MODIFIED = Rule(
    "304", _LENGTH | _CODING, (), True, False,
    "RFC 9110 §8.6, §15.4.5",
)
RESET_CONTENT = Rule(
    "205", _LENGTH | _CODING, (("Content-Length", "0"),), True, True,
    "RFC 9110 §15.3.6",
)
HEAD = Rule(
    "any other answer to HEAD", _CODING, (), False, False,
    "RFC 9110 §9.3.2",
)
# fmt: on

#: The rule for each status code that never has content. A status code that is
#: not here is under the rule ``HEAD`` where the request's method is HEAD, and
#: otherwise under none: the response passes untouched.
BY_STATUS_CODE: Mapping[str, Rule] = {
    **{str(code): NO_CONTENT for code in range(100, 200)},
    "204": NO_CONTENT,
    "205": RESET_CONTENT,
    "304": NOT_MODIFIED,
}
