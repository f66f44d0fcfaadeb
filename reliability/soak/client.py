"""Ask a server many things on many connections, and judge every answer.

``python -m reliability.soak.client PORT SERVER SEED ANSWERS SECONDS`` prints the verdicts as JSON.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import h11

from reliability.soak.load import dialogues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reliability.soak.load import Dialogue, Request

#: As many connections at once. The servers have 8 threads.
CONNECTIONS = 12
#: A server that answers fewer requests in a second is given up, and asked no more.
LEAST_PER_SECOND = 30


class Answer(NamedTuple):
    """What came, as h11 reads it."""

    status: int
    ids: list[str]
    content: bytes


class Ended(Exception):
    """The server has ended the connection where an answer was to begin."""


def load(port: int, server: str, seed: int, answers: int, seconds: float) -> Counter[str]:
    """Ask for as many answers, on connections that are all closed at the end.

    :param server: its name: some do not take everything.
    :param seconds: as long is waited for the next byte.
    :return: how many requests came to which verdict: "right", "misplaced", if the answer has
        another id than the request; "wrong", if status or content are not those of the request;
        "broken", if h11 refuses it or more bytes follow than were asked for; "lost", if none came;
        "silent", if none came and none was to come. What is not sent because a connection
        broke, or because the server is given up, has no verdict.
    """
    until = time.monotonic() + 2 * seconds + answers / LEAST_PER_SECOND

    def verdicts(dialogue: Dialogue) -> list[str]:
        if time.monotonic() > until:
            return []
        return held(port, dialogue, seconds)

    counted: Counter[str] = Counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for found in pool.map(verdicts, dialogues(server, seed, answers)):
            counted.update(found)
    return counted


def held(port: int, dialogue: Dialogue, seconds: float) -> list[str]:
    """Hold a dialogue on a connection of its own: a verdict for each request.

    When the last request is sent, the client's side of the connection is closed. Only that, or
    more bytes, lets gunicorn's gthread read a request that it has in its buffer.
    """
    requests, window = dialogue
    found: list[str] = []
    sent = 0
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = h11.Connection(h11.CLIENT)
            for number, request in enumerate(requests):
                if sent < len(requests):
                    # At first a window of them, and then one for each answer.
                    more = requests[sent : number + window]
                    sent += len(more)
                    peer.sendall(b"".join(each.raw for each in more))
                    if sent == len(requests):
                        peer.shutdown(socket.SHUT_WR)
                if found:
                    reader.start_next_cycle()
                found.append(judged(request, answer_to(request, reader, peer)))
            if reader.trailing_data[0] or peer.recv(1):
                found[-1] = "broken"
    except h11.RemoteProtocolError:
        found.append("broken")
    except Ended:
        if requests[len(found)].kind.status is None:
            found.append("silent")
    except (OSError, h11.LocalProtocolError):
        pass  # what has no verdict now never gets an answer
    return found + ["lost"] * (sent - len(found))


def answer_to(request: Request, reader: h11.Connection, peer: socket.socket) -> Answer:
    """Read the next answer.

    :param reader: knows of no request that has no answer yet.
    :raises Ended: if the connection ends before it.
    :raises h11.RemoteProtocolError: if it breaks HTTP.
    :raises OSError: if the connection breaks, or nothing comes for too long.
    """
    reader.send(REGISTERED[request.kind.method])
    reader.send(h11.EndOfMessage())
    content = bytearray()
    for event in events(reader, peer):
        if isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            content += event.data
    ids = [value.decode() for name, value in head.headers if name == b"x-request-id"]
    return Answer(head.status_code, ids, bytes(content))


#: What h11 has to know of a request to read its answer.
REGISTERED = {
    method: h11.Request(method=method, target="/", headers=[("Host", "127.0.0.1")])
    for method in ("GET", "HEAD", "POST", "DELETE")
}


def events(reader: h11.Connection, peer: socket.socket) -> Iterator[h11.Event]:
    """Give what comes, to the end of an answer."""
    while True:
        event = reader.next_event()
        if event is h11.NEED_DATA:
            data = peer.recv(1 << 16)
            if not data and reader.their_state is h11.SEND_RESPONSE and not reader.trailing_data[0]:
                raise Ended
            reader.receive_data(data)
            continue
        assert isinstance(event, h11.Event)
        yield event
        if isinstance(event, h11.EndOfMessage):
            return


def judged(request: Request, answer: Answer) -> str:
    """Hold an answer against what its request wants."""
    if any(number != request.number for number in answer.ids):
        return "misplaced"
    return "right" if request.is_answered_by(*answer) else "wrong"


def main() -> None:
    """Run it."""
    port, server, *numbers = sys.argv[1:]
    print(json.dumps(load(int(port), server, *map(int, numbers))))


if __name__ == "__main__":
    main()
