"""Whole servers: the demos behind gunicorn, by wrk, and behind an HTTP/2 front, by h2load."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.ratio import Ratio, in_turn, ratio
from demo.apps import DEMOS
from demo.server import gunicorn
from tests.fronts.fronts import FRONTS, make_certificate
from wsgi_nocontent.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from demo.apps import Demo
    from demo.server import Server

    Client = Callable[[Server, str], list[str]]

SECONDS = 2
#: What is asked, and the status that it is answered with.
PATHS = {"/items": 200, "/good_no_content": 204}
#: What a server runs, by what the demos' modules call it. The other bare one shows how far two
#: equal servers seem to differ.
APPS = {"bare": "bare", "wrapped": "application", "bare again": "bare"}


class Load(NamedTuple):
    """The requests per second of three servers that were loaded at once."""

    framework: str
    request: str
    #: Beside the bare one: the wrapped one, and another bare one.
    wrapped: Ratio
    bare: Ratio


class Answers(NamedTuple):
    """What came of requests by HTTP/2."""

    succeeded: int
    requests: int


class Servers(NamedTuple):
    """What came of it."""

    loads: list[Load]
    #: Of the article's bad view behind an HTTP/2 front, bare and wrapped, by framework.
    answers: Mapping[str, tuple[Answers, Answers]]


def measure(batches: int = 6, rounds: int = 5) -> Servers:
    """Measure all.

    :param batches: how often the servers are started anew: no two processes are quite as fast.
    """
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    bad_views = {}
    for batch in range(batches):
        for demo in DEMOS:
            with served(demo, in_turn(list(APPS), batch)) as servers, fronted(servers) as fronts:
                for request, client, asked, path in (
                    *((f"GET {path}", wrk, servers, path) for path in PATHS),
                    ("GET /items by HTTP/2", h2load, fronts, "/items"),
                ):
                    rates = found.setdefault((demo.framework, request), {app: [] for app in APPS})
                    for _ in range(rounds):
                        for app, rate in race(asked, client, path).items():
                            rates[app].append(rate)
                bad_views[demo.framework] = answers(fronts["bare"]), answers(fronts["wrapped"])
    return Servers(
        [
            Load(*name, *(ratio(rates[app], rates["bare"]) for app in list(APPS)[1:]))
            for name, rates in found.items()
        ],
        bad_views,
    )


@contextmanager
def served(demo: Demo, apps: Sequence[str]) -> Iterator[dict[str, Server]]:
    """Run a demo behind gunicorn, all on one core, and what else is started on another."""
    options = ("--worker-class", "gthread", "--threads", "4", "--keep-alive", "60")
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, cores)
        os.sched_setaffinity(0, cores[:1])
        servers = {
            app: stack.enter_context(gunicorn(f"{demo.entry}:{APPS[app]}", demo.directory, options))
            for app in apps
        }
        os.sched_setaffinity(0, cores[1:] or cores)
        for server in servers.values():
            for path, status in PATHS.items():
                answer = probe(server.url + path, keep_alive=False).answer
                assert answer.status_code == status, answer
        yield servers


@contextmanager
def fronted(servers: Mapping[str, Server]) -> Iterator[dict[str, Server]]:
    """Run HAProxy before each."""
    front = next(front for front in FRONTS if front.name == "HAProxy")
    with ExitStack() as stack:
        fronts = {}
        for app, server in servers.items():
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            certificate = make_certificate(directory)
            fronts[app] = stack.enter_context(front.started(directory, certificate, server))
        yield fronts


def race(servers: Mapping[str, Server], client: Client, path: str) -> dict[str, float]:
    """Load all at once, so that each has the same of what the machine has to give.

    :return: the requests per second of each.
    :raises RuntimeError: with what the client printed, if an answer is not as it should be.
    """
    clients = [
        subprocess.Popen(client(server, path), stdout=subprocess.PIPE, text=True)
        for server in servers.values()
    ]
    printed = [client.communicate()[0] for client in clients]
    return dict(zip(servers, map(per_second, printed)))


def per_second(printed: str) -> float:
    """Read the requests per second that a client printed."""
    found = re.search(r"^Requests/sec: +([0-9.]+)|, ([0-9.]+) req/s", printed, re.MULTILINE)
    failed = re.search(r"Non-2xx|Socket errors|[1-9][0-9]* (failed|errored|timeout)", printed)
    rate = float(found[1] or found[2]) if found else 0
    if failed or not rate:
        raise RuntimeError(f"the load failed:\n{printed}")
    return rate


def answers(server: Server, requests: int = 200) -> Answers:
    """Ask for the article's bad view."""
    command = ["h2load", "-c4", f"-n{requests}", f"https://127.0.0.1:{server.port}/bad_no_content"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"([0-9]+) total, .* ([0-9]+) succeeded", done.stdout)
    assert found, done.stdout
    return Answers(int(found[2]), int(found[1]))


def wrk(server: Server, path: str) -> list[str]:
    return ["wrk", "-t1", "-c8", f"-d{SECONDS}s", server.url + path]


def h2load(server: Server, path: str) -> list[str]:
    url = f"https://127.0.0.1:{server.port}{path}"
    return ["h2load", "-c1", "-m8", f"-D{SECONDS}", url]
