"""What is asked: which requests, what each wants, and in which order on which connection."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from demo.apps import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(NamedTuple):
    """A request, and the answer that it wants."""

    method: str
    path: str
    #: None, where the server is to close the connection without a word.
    status: int | None
    #: Without spaces and ends of lines, which the frameworks put into JSON as they like.
    #: If none is given, the content is the request's id.
    content: bytes | None = b""
    #: How often it is asked, beside the others.
    weight: int = 1
    #: Further lines of its head.
    head: str = ""
    #: Whether the server answers by itself, and so without an id.
    is_servers: bool = False


class Request(NamedTuple):
    """A request with its id."""

    kind: Kind
    number: str

    @property
    def raw(self) -> bytes:
        method, path = self.kind[:2]
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: {self.number}\r\n"
        return f"{head}{self.kind.head}\r\n".encode()

    def is_answered_by(self, status: int, ids: list[str], content: bytes) -> bool:
        """Tell whether status, ids and content are those that it wants."""
        kind = self.kind
        wanted = self.number.encode() if kind.content is None else kind.content
        if kind.is_servers:
            return status == kind.status and not ids
        return status == kind.status and bool(ids) and content.translate(None, BLANKS) == wanted


class Dialogue(NamedTuple):
    """The requests of a connection."""

    requests: list[Request]
    #: As many are on their way at once.
    window: int


#: The late body of a response without content.
FORGED = b"HTTP/1.1 200 OK\r\nX-Request-Id: forged\r\nContent-Length: 6\r\n\r\nforged"

BLANKS = b" \r\n"
SHELF = b'{"1":{"name":"tea"},"2":{"name":"coffee"},"3":{"name":"cocoa"}}'
EXPORT = b"1,tea2,coffee3,cocoa"
REPORT = (ROOT / "demo_flask" / "report.csv").read_bytes().translate(None, BLANKS)

KINDS = [
    Kind("GET", "/items", 200, SHELF, 16),
    Kind("GET", "/export", 200, EXPORT, 4),
    Kind("GET", "/report", 200, REPORT, 2),
    Kind("GET", "/items/99", 404, b'{"error":"nosuchitem"}', 6),
    Kind("GET", "/soak/echo", 200, None, 20),
    Kind("GET", "/soak/late/200", 200, None, 2),
    Kind("GET", "/good_no_content", 204, weight=6),
    Kind("GET", "/bad_no_content", 204, weight=6),
    Kind("DELETE", "/items/99", 204, weight=6),
    Kind("GET", "/soak/late/204", 204, weight=4),
    Kind("POST", "/reset", 205, weight=6, head="Content-Length: 0\r\n"),
    Kind("GET", "/soak/late/205", 205, weight=4),
    Kind("GET", "/items/2", 304, weight=6, head='If-None-Match: "coffee"\r\n'),
    Kind("GET", "/soak/late/304", 304, weight=4),
    Kind("HEAD", "/items", 200, weight=6),
    Kind("HEAD", "/export", 200, weight=2),
    Kind("HEAD", "/report", 200, weight=2),
    Kind("HEAD", "/soak/late/200", 200, weight=2),
    Kind("GET", "/soak/restart", 500, None, 2),
]
#: These end the connection, so they are asked last.
LAST = [
    Kind("GET", "/soak/raise/before", 500, is_servers=True),
    Kind("GET", "/soak/raise/after", 500, is_servers=True),
    Kind("GET", "/soak/raise/chunk", 500, is_servers=True),
    Kind("GET", "/soak/raise/close", 204),
]
LONGEST = 60


class Habits(NamedTuple):
    """What a server can be held to."""

    #: As many requests may be on their way at once.
    windows: tuple[int, ...] = (1, 2, 8)
    #: What it does not serve well, bare or wrapped, by method and path.
    unasked: frozenset[tuple[str, str]] = frozenset()
    #: Whether it answers for an application that fails before its head has left.
    answers_errors: bool = True


HABITS = {
    # Of pipelined requests that it reads at once it answers the first, and then it closes the
    # connection. It does not end content of unknown length, nor send that of a restart.
    "uWSGI": Habits((1,), frozenset({("GET", "/export"), ("GET", "/soak/restart")}), False)
}


def dialogues(server: str, seed: int, answers: int) -> Iterator[Dialogue]:
    """Give dialogues that want as many answers in all, the same for the same seed."""
    habits = HABITS.get(server, Habits())
    kinds = [kind for kind in KINDS if kind[:2] not in habits.unasked]
    weights = [kind.weight for kind in kinds]
    last = [
        kind._replace(status=None) if kind.is_servers and not habits.answers_errors else kind
        for kind in LAST
    ]
    choose = random.Random(seed)  # noqa: S311
    asked = 0
    while answers:
        chosen = choose.choices(kinds, weights, k=min(choose.randint(1, LONGEST), answers))
        if choose.random() < 0.5:
            chosen[-1] = choose.choice(last)
        requests = [Request(kind, f"{seed}-{asked + n}") for n, kind in enumerate(chosen)]
        yield Dialogue(requests, choose.choice(habits.windows))
        asked += len(requests)
        answers -= sum(kind.status is not None for kind in chosen)
