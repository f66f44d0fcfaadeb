"""Clients that vanish at each moment: nobody else notices, and nothing is left open."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.faults.serving import ANSWERS, SECONDS, Site, crowd, each_setup, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.setups import Setup

pytestmark = [
    each_setup(),
    pytest.mark.parametrize("abruptly", [False, True], ids=["closed", "reset"]),
]
each_answer = pytest.mark.parametrize("answer", ANSWERS)
each_wait = pytest.mark.parametrize(
    ("moment", "answer"), [("before", "204"), *(("lazy", answer) for answer in ANSWERS)]
)


@pytest.fixture(scope="module")
def site(setup: Setup, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(setup, "wrapped", tmp_path_factory.mktemp("faults") / "notes") as site:
        yield site


@pytest.fixture(autouse=True)
def others(site: Site) -> Iterator[None]:
    """Meanwhile others ask, and get their own answers; then all is closed."""
    with crowd(site):
        yield
    site.assert_all_closed()


class Client:
    """One that asks, and then is gone."""

    def __init__(self, site: Site) -> None:
        self.name = uuid4().hex
        self._socket = socket.create_connection(("127.0.0.1", site.server.port), SECONDS)

    def send(self, path: str, *fields: str, method: str = "GET", end: str = "\r\n") -> None:
        lines = f"{method} {path} HTTP/1.1", "Host: a", f"X-Request-Id: {self.name}", *fields
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode() + end.encode())

    def receive(self) -> bytes:
        return self._socket.recv(4096)

    def vanish(self, abruptly: bool) -> None:
        """Close the connection; abruptly by a reset, at which nothing more is delivered."""
        if abruptly:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


@pytest.fixture
def client(site: Site) -> Client:
    return Client(site)


def method_of(answer: str) -> str:
    return "HEAD" if answer == "HEAD" else "GET"


def test_in_the_head(site: Site, client: Client, abruptly: bool) -> None:
    client.send("/204/answer/never", end="X-Half: a fie")
    client.vanish(abruptly)


@each_wait
def test_in_the_body(site: Site, client: Client, moment: str, answer: str, abruptly: bool) -> None:
    client.send(
        f"/{answer}/read/{moment}", "Content-Length: 1000", method=method_of(answer), end="\r\nhalf"
    )
    if site.setup.name != "waitress":  # which calls no app before the body is there
        site.wait_for("reads", client.name)
    client.vanish(abruptly)


@each_wait
def test_before_the_answer(
    site: Site, client: Client, moment: str, answer: str, abruptly: bool
) -> None:
    client.send(f"/{answer}/wait/{moment}", method=method_of(answer))
    site.wait_for("waits", client.name)
    client.vanish(abruptly)
    site.release(client.name)
    if moment == "lazy":
        site.wait_for("closed", client.name)


def test_in_an_endless_answer(site: Site, client: Client, abruptly: bool) -> None:
    client.send("/200/endless/never")
    assert client.receive()
    client.vanish(abruptly)
    site.wait_for("closed", client.name)


@each_answer
def test_between_two_requests(site: Site, client: Client, answer: str, abruptly: bool) -> None:
    client.send(f"/{answer}/answer/never", method=method_of(answer))
    assert client.receive()
    client.vanish(abruptly)
    site.wait_for("closed", client.name)
