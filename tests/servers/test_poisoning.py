"""Response queue poisoning: a late body of a 204 is taken for the next answer.

Whoever can decide what such a body is decides what the next user of the connection is
answered: behind a proxy, that is somebody else.
"""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.pages import Page
from tests.servers.setups import BY_NAME, Setup

if TYPE_CHECKING:
    from demo.server import Server

VULNERABLE = ("gunicorn 23.0.0 gthread", "uWSGI", "cheroot")
each_vulnerable = pytest.mark.parametrize(
    "setup", [BY_NAME[name] for name in VULNERABLE], ids=VULNERABLE
)


def answers(server: Server) -> list[bytes]:
    """Ask twice on one connection, and let the body go after the first answer."""
    with closing(connect(server)) as connection:
        found = [get(connection, "/held")]
        with closing(connect(server)) as another:
            get(another, "/release")
        return [*found, get(connection, "/account")]


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    return connection.getresponse().read()


@each_vulnerable
def test_bare_the_body_is_taken_for_the_answer_to_the_next_request(setup: Setup) -> None:
    with setup.serve("tests.servers.held:bare") as server:
        assert answers(server) == [b"", b"forged"]


def test_that_is_what_is_told_of_it() -> None:
    (told,) = Page("SECURITY.md").blocks("text")
    held, account = told.splitlines()
    assert held.split() == ["GET", "/held", "204", "No", "Content"]
    assert account.startswith('GET /account   200 OK, "forged" ')


@each_vulnerable
def test_wrapped_the_next_request_gets_its_own_answer(setup: Setup) -> None:
    with setup.serve("tests.servers.held:wrapped") as server:
        assert answers(server) == [b"", b"/account"]
