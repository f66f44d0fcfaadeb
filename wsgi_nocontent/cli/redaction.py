"""Keep what is secret out of what is shown."""

from __future__ import annotations

import re

from ..probe.wire import Target
from ..requirements import SHOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[redacted]"
#: A value of so many characters is hidden wherever it stands, a shorter one only in its field.
SHORTEST = 6
#: So many characters can be left of one that is cut: a byte is shown as up to four.
LONGEST_CUT = 4 * SHOWN

# Names are guessed from how they end: there is no list of what every API calls its key.
_NAME = r"[\w-]*(?:authorization|cookie2?|token|secret|password|(?:api|auth|access)[-_]?key)"
# A field, wherever it stands in a text, with the lines that it goes on in (RFC 9112 §5.2).
_FIELD = re.compile(
    rf"((?<![\w-]){_NAME}\s*:)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE,
)
_USER = re.compile(r"(?<=//)[^/?#\s@]*@")


class Secrets:
    """What a request and its answers hold that nobody is to see who looks over one's shoulder.

    :param headers: the header fields of the request.
    """

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self._values: set[str] = set()
        self.learn(headers)

    def learn(self, headers: Iterable[tuple[str, str]]) -> None:
        """Take the values of more fields for secret, if by their name they are."""
        for name, value in headers:
            if is_secret(name):
                pairs = value.split(";")
                # Of a cookie that is set, only the first is secret; the others say for how long.
                ours = pairs[:1] if name.lower().startswith("set-") else pairs
                for secret in (value, *(pair.strip() for pair in ours)):
                    # What is shorter can not be secret, and stands in other words by chance.
                    if len(secret) >= SHORTEST:
                        # In an error it can stand as Python writes it.
                        data = secret.encode("latin-1", "replace")
                        self._values |= {secret, repr(secret)[1:-1], repr(data)[2:-1]}

    def hidden(self, text: str) -> str:
        """Give a text without them, and without names and passwords in URLs."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        return _USER.sub(f"{HIDDEN}@", _FIELD.sub(rf"\1 {HIDDEN}", text))

    def hidden_where_cut(self, text: str) -> str:
        """Give a text likewise, in which bytes are shown that can be cut within a secret."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
            for length in range(min(len(value), LONGEST_CUT), SHORTEST - 1, -1):
                text = text.replace(f'{value[:length]}"', f'{HIDDEN}"')
        return self.hidden(text)


def is_secret(name: str) -> bool:
    """Whether by its name a field holds what only its server, or only its client, may know."""
    return bool(re.fullmatch(_NAME, name, re.IGNORECASE))


def without_user(url: str) -> str:
    """Give a URL as it may be shown; one with a name and password is not one to be asked."""
    try:
        Target.of(url)
    except ValueError:
        return re.sub(r"^(\w+://)?.*@", rf"\g<1>{HIDDEN}@", url, flags=re.DOTALL)
    return url
