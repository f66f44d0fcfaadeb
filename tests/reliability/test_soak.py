"""A short soak of each set-up, and whether what judges the answers can tell."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from reliability.soak import usage
from reliability.soak.__main__ import BARE, BARE_SERVER, FAULTS, SERVERS, WRAPPED, soak
from reliability.soak.client import held
from reliability.soak.load import FORGED, KINDS, LAST, Dialogue, Request, dialogues
from reliability.soak.usage import Usage, growth
from tests.needs import needed_linux

if TYPE_CHECKING:
    from collections.abc import Iterator

ECHO = next(kind for kind in KINDS if kind.path == "/soak/echo")
LATE = next(kind for kind in KINDS if kind.path == "/soak/late/204")
ERROR = next(kind for kind in LAST if kind.is_servers)


@pytest.mark.parametrize("server", SERVERS)
def test_wrapped_every_request_gets_its_answer(server: str) -> None:
    needed_linux()
    flask, django = soak(SERVERS[server], WRAPPED, 400)
    assert flask.is_as_it_should_be(), flask
    assert django.is_as_it_should_be(), django


def test_bare_the_same_load_misplaces_answers() -> None:
    needed_linux()
    for row in soak(SERVERS[BARE_SERVER], BARE, 800):
        assert row.is_as_it_should_be(), row
        assert not row.is_good()
        assert all(row.verdicts[fault] for fault in FAULTS), row


@pytest.mark.parametrize("leak", ["memory", "open_files", "objects"])
def test_a_leak_is_seen(leak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    needed_linux()
    monkeypatch.setattr(usage, "SETTLE_SECONDS", 0)  # what leaks is waited for in vain
    for row in soak(SERVERS[BARE_SERVER], f"tests.reliability.leaking:{leak}", 300):
        assert row.verdicts["right"] == row.wanted
        # Of each answer after the warm-up.
        assert (
            getattr(row.growth, leak) >= {"memory": 190, "open_files": 1, "objects": 99}[leak] * 250
        )
        assert not row.is_good()


@pytest.mark.parametrize("index", [0, 2])
@pytest.mark.parametrize(
    ("steps", "is_steady"),
    [
        ((9000, 5000, 5000, 5000, 5000), True),
        ((9000, 9000, 9000, 9000, 900), False),  # it has come to an end
        ((900, 900, 900, 900, 900), False),
    ],
)
def test_a_leak_grows_in_every_part(steps: tuple[int, ...], is_steady: bool, index: int) -> None:
    usages = [[9, 9, 9]]
    for step in steps:
        usages.append(usages[-1][:])
        usages[-1][index] += step
    found = growth([Usage(*its) for its in usages])
    assert found[index] == sum(steps)
    assert found.is_steady == is_steady


def test_a_file_that_stays_open_is_a_leak() -> None:
    assert growth([Usage(5, 9, 3), Usage(5, 9, 3), Usage(5, 10, 3)]) == (0, 1, 0, True)


def test_a_load_is_the_same_for_the_same_seed() -> None:
    assert list(dialogues("any", 7, 500)) == list(dialogues("any", 7, 500))
    assert list(dialogues("any", 7, 500)) != list(dialogues("any", 8, 500))


@pytest.mark.parametrize("server", ["any", "uWSGI"])
def test_a_load_wants_so_many_answers(server: str) -> None:
    asked = [request for dialogue in dialogues(server, 7, 999) for request in dialogue.requests]
    assert sum(request.kind.status is not None for request in asked) == 999
    assert len({request.number for request in asked}) == len(asked)
    # An error that the server answers by silence is asked as well.
    assert (len(asked) > 999) == (server == "uWSGI")


def answer(number: str = "0", status: str = "200 OK", content: str | None = None) -> bytes:
    content = number if content is None else content
    head = f"HTTP/1.1 {status}\r\nX-Request-Id: {number}\r\nContent-Length: {len(content)}\r\n\r\n"
    return (head + content).encode()


NO_CONTENT = b"HTTP/1.1 204 No Content\r\nX-Request-Id: 0\r\n\r\n"
ANONYMOUS = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
CLOSING = answer("0").replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

WRITTEN = {
    "its own": (answer("0") + answer("1"), ["right", "right"]),
    "another's id": (answer("1") + answer("0"), ["misplaced", "misplaced"]),
    "another's beside its own": (
        answer("0").replace(b"\r\n", b"\r\nX-Request-Id: 1\r\n", 1) + answer("1"),
        ["misplaced", "right"],
    ),
    "another's content": (answer("0", content="1") + answer("1"), ["wrong", "right"]),
    "another status": (answer("0", "201 Created") + answer("1"), ["wrong", "right"]),
    "no id": (
        answer("0").replace(b"X-Request-Id: 0\r\n", b"") + answer("1"),
        ["wrong", "right"],
    ),
    "none": (b"", ["lost", "lost"]),
    "one of two": (answer("0"), ["right", "lost"]),
    "one, and no more on this connection": (CLOSING, ["right", "lost"]),
    "a part of a head": (answer("0")[:20], ["broken", "lost"]),
    "a part of the content": (answer("0", content="00")[:-1], ["broken", "lost"]),
    "junk": (b"null\n" + answer("0") + answer("1"), ["broken", "lost"]),
    "junk between": (answer("0") + b"null" + answer("1"), ["right", "broken"]),
    "more than was asked for": (answer("0") + answer("1") + b"n", ["right", "broken"]),
}


@pytest.mark.parametrize(("written", "verdicts"), WRITTEN.values(), ids=WRITTEN)
def test_verdicts(written: bytes, verdicts: list[str]) -> None:
    with hostile(written) as port:
        requests = [Request(ECHO, "0"), Request(ECHO, "1")]
        assert held(port, Dialogue(requests, 2), 10) == verdicts


def test_a_late_body_is_taken_for_the_next_answer() -> None:
    with hostile(NO_CONTENT + FORGED + answer("1")) as port:
        requests = [Request(LATE, "0"), Request(ECHO, "1")]
        assert held(port, Dialogue(requests, 2), 10) == ["right", "broken"]
    with hostile(NO_CONTENT + FORGED + answer("1")) as port:
        requests = [Request(LATE, "0"), Request(ECHO, "1"), Request(ECHO, "2")]
        assert held(port, Dialogue(requests, 3), 10) == ["right", "misplaced", "misplaced"]


def test_what_is_not_sent_has_no_verdict() -> None:
    requests = [Request(ECHO, str(number)) for number in range(9)]
    with hostile(answer("0") + b"junk\r\n\r\n") as port:
        assert held(port, Dialogue(requests, 1), 10) == ["right", "broken"]
    with hostile(answer("0") + b"junk\r\n\r\n") as port:
        assert held(port, Dialogue(requests, 4), 10) == ["right", "broken", *["lost"] * 3]


def test_a_server_that_never_answers_loses_what_was_sent() -> None:
    requests = [Request(ECHO, str(number)) for number in range(9)]
    with hostile(b"HTTP/1.1", ends=False) as port:
        assert held(port, Dialogue(requests, 2), 0.2) == ["lost", "lost"]


@pytest.mark.parametrize(
    ("status", "written", "verdict"),
    [
        (500, ANONYMOUS, "right"),
        (500, b"", "lost"),
        (None, b"", "silent"),
        (None, ANONYMOUS, "wrong"),
        (500, answer("0", "500 Oops"), "wrong"),
    ],
)
def test_an_error_that_the_server_answers_itself(
    status: int | None, written: bytes, verdict: str
) -> None:
    with hostile(written) as port:
        dialogue = Dialogue([Request(ERROR._replace(status=status), "0")], 1)
        assert held(port, dialogue, 10) == [verdict]


@contextmanager
def hostile(written: bytes, *, ends: bool = True) -> Iterator[int]:
    """Write this to the next client, whatever it asks, at a port; then end, or go on waiting."""

    def answer_one() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(1)
            peer.sendall(written)
            if ends:
                peer.shutdown(socket.SHUT_WR)
            while peer.recv(1 << 16):
                pass

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(20)
        thread = threading.Thread(target=answer_one, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)
