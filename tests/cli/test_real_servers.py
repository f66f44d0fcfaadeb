"""The command against servers that are not Python's."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import pytest

from demo.server import started
from tests.fronts.fronts import nginx
from tests.needs import needed_program
from wsgi_nocontent.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.server import Server

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
