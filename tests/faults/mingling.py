"""Many requests at once through one middleware, each held to its own answer.

``python -m tests.faults.mingling threads`` or ``greenlets``; it needs the standard library
alone, or gevent. It prints how many requests there were and whether threads ran at once.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from tests.unit.server import Oops, Server, restart
from wsgi_nocontent import NoContentMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from wsgi_nocontent import Violation

ASKING = 8
REQUESTS = 1000
STATUSES = ("200 OK", "204 No Content", "205 Reset Content", "304 Not Modified", "500 Oops")
WAYS = ("list", "generator", "lazy", "write", "restart", "raise")


class Asked:
    """One request: what is to be answered, and what was seen of it."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.path = f"/{number}"
        self.method = chance.choice(("GET", "GET", "HEAD"))
        self.status = chance.choice(STATUSES)
        self.way = chance.choice(WAYS)
        self.chunks = [self.path.encode() * chance.randint(1, 9) for _ in range(3)]
        self.made = 0
        self.closed = 0
        self.told: list[Violation] = []

    @property
    def headers(self) -> list[tuple[str, str]]:
        length = str(sum(map(len, self.chunks)))
        return [("X-Path", self.path), ("Content-Length", length)]


class Closing:
    """Chunks, whose end is counted."""

    def __init__(self, chunks: Iterator[bytes], asked: Asked) -> None:
        self._chunks = chunks
        self._asked = asked
        asked.made += 1

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._asked.closed += 1


def mingle(run_all: Callable[[list[Callable[[], None]]], None], switch: Callable[[], None]) -> int:
    """Let many ask at once; give how many requests there were.

    :param run_all: runs functions at once, and returns when all are done.
    :param switch: lets others run; it is called at each moment of an answer.
    """
    every: dict[str, Asked] = {}
    wrong: list[str] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        asked = every[environ["PATH_INFO"]]

        def start() -> Callable[[bytes], object]:
            switch()
            if asked.way == "restart":
                start_response("202 Accepted", [("X-Path", "of what was given up")])
                switch()
                write: Callable[[bytes], object] = restart(
                    start_response, asked.status, asked.headers
                )
            else:
                write = start_response(asked.status, asked.headers)
            switch()
            return write

        def chunks() -> Iterator[bytes]:
            if asked.way == "lazy":
                start()
            for chunk in asked.chunks[asked.way == "write" :]:
                switch()
                if asked.way == "raise":
                    raise Oops(asked.path)
                yield chunk

        if asked.way != "lazy":
            write = start()
            if asked.way == "write":
                write(asked.chunks[0])
                switch()
        if asked.way == "list":
            return list(asked.chunks)
        return Closing(chunks(), asked)

    def tell(violation: Violation) -> None:
        switch()
        every[violation.path].told.append(violation)

    middleware = NoContentMiddleware(app, on_violation=tell)

    def ask(first: int) -> None:
        chance = random.Random(first)
        for number in range(first, first + REQUESTS):
            asked = every[f"/{number}"] = Asked(number, chance)
            wrong.extend(f"{vars(asked)}: {fault}" for fault in faults_of(asked, middleware))
            del every[asked.path]

    run_all([lambda first=index * REQUESTS: ask(first) for index in range(ASKING)])  # type: ignore[misc]
    assert not wrong, wrong[0]
    assert not every
    return ASKING * REQUESTS


def faults_of(asked: Asked, app: NoContentMiddleware) -> Iterator[str]:
    """Ask, and name what is not its own answer, the whole of it, and closed."""
    server = Server()
    raised = ""
    try:
        server.run(app, asked.method, asked.path)
    except Oops as error:
        raised = str(error)
    without = asked.status[:3] in ("204", "205", "304")
    if raised != (asked.path if asked.way == "raise" else ""):
        yield f"raised {raised!r}"
    if asked.closed != asked.made or asked.made != (asked.way != "list"):
        yield "not closed once"
    if asked.way == "raise":
        if server.body:
            yield f"body {server.body!r}"
        return
    if server.status != asked.status or ("X-Path", asked.path) not in server.headers:
        yield f"head {server.heads}"
    if server.body != (b"" if without or asked.method == "HEAD" else b"".join(asked.chunks)):
        yield f"body {server.body!r}"
    seen = {"list": asked.chunks, "write": asked.chunks[:2]}.get(asked.way, asked.chunks[:1])
    size = sum(map(len, seen))
    told = [(violation.method, violation.body_size) for violation in asked.told]
    if told != ([(asked.method, size)] if without else []):
        yield f"told {told}"


def in_threads(functions: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_greenlets(functions: list[Callable[[], None]]) -> None:
    gevent = import_module("gevent")
    gevent.joinall([gevent.spawn(function) for function in functions], raise_error=True)


if __name__ == "__main__":
    if sys.argv[1] == "threads":
        # As often as can be: so where there is one lock for all threads, they still meet.
        sys.setswitchinterval(1e-6)
        number = mingle(in_threads, lambda: time.sleep(0))
    else:
        number = mingle(in_greenlets, import_module("gevent").sleep)
    at_once = not getattr(sys, "_is_gil_enabled", lambda: True)()
    print(number, "at once" if at_once else "by turns")
