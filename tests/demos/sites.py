"""The demo apps, in process and behind each gunicorn."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from demo import apps
from demo.server import Server, gunicorn
from tests.needs import lacks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from demo.apps import Demo

DEMOS = {demo.framework: demo for demo in apps.DEMOS}


def load(demo: Demo) -> WSGIApplication:
    """Import a demo's bare app into this process."""
    bare: WSGIApplication = importlib.import_module(demo.entry).bare
    return bare


class Deployment(NamedTuple):
    """A release of gunicorn and a class of its workers."""

    release: str
    worker_class: str

    @property
    def keeps_alive(self) -> bool:
        """Whether its workers answer a second request on a connection."""
        return self.worker_class != "sync"


RELEASES = ("23.0.0", "newest")
DEPLOYMENTS = {
    f"gunicorn_{release}_{worker_class}": Deployment(release, worker_class)
    for release in RELEASES
    for worker_class in ("sync", "gthread")
}


class Sites:
    """Gunicorns, each started when it is first asked for and stopped at the end."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._servers: dict[tuple[str, str, Deployment], Server] = {}

    def serve(self, demo: Demo, deployment: Deployment, app: str) -> Server:
        """Serve what gunicorn is to load from the demo's directory."""
        key = demo.framework, app, deployment
        if key not in self._servers:
            # gunicorn makes a gthread worker of a sync one with threads.
            threads = "4" if deployment.keeps_alive else "1"
            options = [
                *("--worker-class", deployment.worker_class, "--threads", threads),
                *options_of(deployment.release),
            ]
            self._servers[key] = self._running.enter_context(
                gunicorn(app, demo.directory, options, **environ(deployment.release))
            )
        return self._servers[key]

    def stop(self) -> None:
        self._running.close()


def options_of(release: str) -> list[str]:
    """Give the options that a release needs so as to do no more than the others."""
    return ["--no-control-socket"] if release == "newest" else []


def environ(release: str) -> dict[str, str]:
    """Give the environment variables by which that release is the one that runs."""
    if release == "23.0.0":
        return {}
    newest = Path(sys.prefix, "gunicorn-newest")
    if not newest.is_dir():
        lacks(f"the newest gunicorn in {newest}, where 'make test' puts it")
    return {"PYTHONPATH": str(newest)}


def version(release: str) -> str:
    """Ask a gunicorn for its version."""
    command = [sys.executable, "-m", "gunicorn", "--version"]
    env = {**os.environ, **environ(release)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip().rstrip(")").rpartition("version ")[2]
