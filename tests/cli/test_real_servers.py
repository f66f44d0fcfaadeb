"""The command against servers that are not Python's, and through each HTTP/2 front."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import pytest

from demo.apps import ROOT
from demo.server import gunicorn, started
from tests.fronts.fronts import FRONTS, make_certificate, nginx
from tests.needs import needed_program
from wsgi_nocontent.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.server import Server
    from tests.fronts.fronts import Front

NODE = """
const http = require("http");
http.createServer((request, response) => {
  if (request.url === "/raw") {
    response.socket.end("HTTP/1.1 204 No Content\\r\\nContent-Length: 4\\r\\n\\r\\nnull");
  } else {
    response.writeHead(204, {"Content-Length": request.url === "/length" ? 4 : 0});
    response.end("null");
  }
}).listen(Number(process.argv[2]), "127.0.0.1");
"""
NODE_OVER_NET = """
require("net").createServer((socket) => {
  socket.once("data", () => {
    socket.end("HTTP/1.1 204 No Content\\r\\nContent-Length: 4\\r\\n\\r\\nnull");
  });
  socket.on("error", () => {});
}).listen(Number(process.argv[2]), "127.0.0.1");
"""


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command for a URL; give the exit status and each finding's rule, as seen."""

    def told(url: str, *arguments: str) -> tuple[int, list[tuple[str, str]]]:
        status = main(["probe", url, "--json", *arguments])
        (line,) = capsys.readouterr().out.splitlines()
        return status, [(each["rule"], each["seen"]) for each in json.loads(line)["findings"]]

    return told


@contextmanager
def node(directory: Path, code: str) -> Iterator[Server]:
    program = needed_program("node", "nodejs")
    (directory / "server.js").write_text(code)
    with started(lambda port: [program, "server.js", str(port)], directory) as server:
        yield server


BOTH = [("no-length", "Content-Length: 4"), ("no-body", 'body: "null"')]


def test_node_over_net(told: Any, tmp_path: Path) -> None:
    with node(tmp_path, NODE_OVER_NET) as server:
        assert told(server.url) == (1, BOTH)


def test_nodes_http(told: Any, tmp_path: Path) -> None:
    with node(tmp_path, NODE) as server:
        assert told(f"{server.url}/raw") == (1, BOTH)
        # It leaves out the body of a 204 by itself, but not a length.
        assert told(f"{server.url}/length") == (1, [("no-length", "Content-Length: 4")])
        assert told(f"{server.url}/") == (1, [("no-length", "Content-Length: 0")])


def test_nginx(told: Any, tmp_path: Path) -> None:
    program = needed_program("nginx", "nginx-light")

    def command(port: int) -> list[str]:
        server = f"listen 127.0.0.1:{port}; location / {{ return 204; }}"
        (tmp_path / "config").write_text(nginx(server))
        return [program, "-p", str(tmp_path), "-c", "config", "-e", "stderr"]

    with started(command, tmp_path) as server:
        assert told(server.url) == (0, [])


@pytest.fixture(scope="module", params=FRONTS, ids=lambda front: front.name)
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server, Path]]:
    """Give the name of a front, itself before the bare Django demo, and its certificate."""
    front: Front = request.param
    certificate = make_certificate(tmp_path_factory.mktemp("certificate"))
    with gunicorn("inventory.wsgi:bare", ROOT / "demo_django") as app, front.started(
        tmp_path_factory.mktemp("front"), certificate, app
    ) as server:
        yield front.name, server, certificate


# What each front makes of the 204 with a length and a body, by either version of HTTP.
LENGTH = [("no-length", "content-length: 4")]
HTTP1 = {"nginx": LENGTH}
HTTP2 = {"HAProxy": LENGTH, "Caddy": LENGTH}


@pytest.mark.parametrize(("arguments", "expected"), [([], HTTP1), (["--http2"], HTTP2)])
def test_through_a_front_by_https(
    told: Any, front: tuple[str, Server, Path], arguments: list[str], expected: Any
) -> None:
    name, server, _ = front
    url = f"https://127.0.0.1:{server.port}/bad_no_content"
    status, findings = told(url, "--insecure", *arguments)
    assert [(rule, seen.lower()) for rule, seen in findings] == expected.get(name, [])
    assert status == bool(findings)


def test_clean_by_http_1_1_is_not_clean(
    capsys: pytest.CaptureFixture[str], front: tuple[str, Server, Path]
) -> None:
    """HAProxy and Caddy take the length off by the one version, and not by the other."""
    name, server, _ = front
    url = f"https://127.0.0.1:{server.port}/bad_no_content"
    if name in HTTP2:
        assert main(["probe", url, "--insecure"]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert line == f"✓ GET {url}: 204, and no content, by HTTP/1.1; try --http2"
        assert main(["probe", url, "--insecure", "--http2"]) == 1
        out = capsys.readouterr().out
        assert "> GET /bad_no_content HTTP/2\n< HTTP/2 204\n" in out
    else:
        main(["probe", url, "--insecure", "--http2"])
        assert "try --http2" not in capsys.readouterr().out


def test_a_certificate_of_ones_own_is_not_trusted(
    capsys: pytest.CaptureFixture[str], front: tuple[str, Server, Path]
) -> None:
    _, server, _ = front
    assert main(["probe", f"https://127.0.0.1:{server.port}/items"]) == 2
    err = capsys.readouterr().err
    assert f"no TLS with 127.0.0.1 port {server.port}: " in err
    assert "certificate" in err
    assert err.count("\n") == 1
