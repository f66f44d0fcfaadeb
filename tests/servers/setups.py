"""The servers that an app is tried behind, each in the way it is set up here."""

from __future__ import annotations

import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from demo.apps import ROOT
from demo.server import started
from tests.demos import sites
from tests.needs import lacks, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from demo.server import Server


class Setup(NamedTuple):
    """A server, its version and how it serves an app.

    Each is one process that answers, with threads or the like where it has them, keeps
    connections alive where it can, and ends with all its children at a SIGTERM.
    """

    name: str
    line: str
    """The command line, whose words :meth:`command` completes."""
    version: Callable[[], str]
    needs: tuple[str, ...] = ()
    """What a machine may lack: "module NAME", "program NAME" and "file PATH"."""
    environ: Callable[[], dict[str, str]] = dict
    """The environment variables to set."""
    directory: Callable[[], AbstractContextManager[Path]] = lambda: nullcontext(ROOT)
    """Where the checkout is, or a copy of what is served of it."""

    def command(self, app: str, port: int, directory: Path) -> list[str]:
        """Give the command line that serves ``app`` at that port of 127.0.0.1.

        :param app: ``"module:name"``, where ``module`` is in a file below ``directory``.
        """
        module, _, name = app.partition(":")
        values = {
            "python": sys.executable,
            "prefix": sys.prefix,
            "uwsgi": program("uwsgi"),
            "apache2": program("apache2"),
            "app": app,
            "file": directory.joinpath(*module.split(".")).with_suffix(".py"),
            "name": name,
            "port": port,
            "directory": directory,
            "scratch": Path(tempfile.gettempdir(), f"nocontent-{port}"),
        }
        return [word.format_map(values) for word in shlex.split(self.line)]

    @contextmanager
    def serve(self, app: str, prefix: Sequence[str] = ()) -> Iterator[Server]:
        """Serve ``app`` until the context ends; skip the test if the machine cannot.

        :param prefix: words before the command line, of a program that then runs it.
        """
        for need in self.needs:
            kind, _, name = need.partition(" ")
            if not FINDERS[kind](name):
                lacks(f"the {need}")
        with self.directory() as directory, started(
            lambda port: [*prefix, *self.command(app, port, directory)], directory, self.environ()
        ) as server:
            yield server


@contextmanager
def readable_copy() -> Iterator[Path]:
    """Copy what is served to where every user can read it, as a checkout may not let them."""
    with tempfile.TemporaryDirectory() as directory:
        for package in "wsgi_nocontent", "tests/servers":
            shutil.copytree(ROOT / package, Path(directory, package))
        for path in [Path(directory), *Path(directory).rglob("*")]:
            path.chmod(0o755)
        yield Path(directory)


FINDERS: dict[str, Callable[[str], object]] = {
    "module": find_spec,
    "program": program,
    "file": lambda name: Path(name).exists(),
}


def uwsgi_version() -> str:
    return output(str(program("uwsgi")), "--version")


def mod_wsgi_version() -> str:
    package = "dpkg-query", "--show", "--showformat", "${Version}"
    mod_wsgi = output(*package, "libapache2-mod-wsgi-py3")
    return f"{mod_wsgi} in Apache {output(*package, 'apache2-bin')}"


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


# A gevent worker looks only each second whether it shall stop: with a shorter timeout it is
# killed, and the master does not wait for it.
GUNICORN = "{python} -m gunicorn --bind 127.0.0.1:{port} --workers 1 --graceful-timeout 2 {app} "
WORKERS = {
    "sync": "--worker-class sync",
    "gthread": "--worker-class gthread --threads 8",
    "gevent": "--worker-class gevent",
}
SERVE = "{python} -m tests.servers.serve "

# With --http11-socket it speaks to the client itself, and keeps the connection; with
# --http-socket it closes it, and with --http a proxy of its own stands before it. It keeps
# it even where it is asked to close it, or where nothing else ends the content, so its
# timeout has to.
UWSGI = """
    {uwsgi} --http11-socket 127.0.0.1:{port} --module {app} --need-app
    --pythonpath {directory} --virtualenv {prefix} --single-interpreter
    --enable-threads --threads 8 --socket-timeout 2 --die-on-term --disable-logging
"""

# Without a file, so that nothing of the machine's own Apache is in it. Its User counts if
# it is started by root, whom mod_wsgi refuses.
APACHE = "{apache2} -D FOREGROUND -d /usr/lib/apache2 -f /dev/null " + " ".join(
    f"-C '{directive}'"
    for directive in (
        "LoadModule mpm_event_module modules/mod_mpm_event.so",
        "LoadModule authz_core_module modules/mod_authz_core.so",
        "LoadModule wsgi_module modules/mod_wsgi.so",
        "Listen 127.0.0.1:{port}",
        "ServerName localhost",
        "User www-data",
        "Group www-data",
        "ServerLimit 1",
        "ThreadsPerChild 8",
        "MaxRequestWorkers 8",
        "MinSpareThreads 1",
        'PidFile "{scratch}.pid"',
        "ErrorLog /dev/stderr",
        "LogLevel warn",
        "EnableSendfile On",
        'WSGISocketPrefix "{scratch}"',
        'WSGIDaemonProcess app threads=8 home="{directory}" python-path="{directory}"',
        "WSGIEnableSendfile On",
        "WSGICallableObject {name}",
        'WSGIScriptAlias / "{file}" process-group=app application-group=%{{GLOBAL}}',
    )
)

SETUPS = [
    *(
        Setup(
            f"gunicorn {release} {worker}",
            " ".join([GUNICORN, options, *sites.options_of(release)]),
            partial(sites.version, release),
            ("module gunicorn", *(["module gevent"] if worker == "gevent" else [])),
            partial(sites.environ, release),
        )
        for release in sites.RELEASES
        for worker, options in WORKERS.items()
    ),
    Setup(
        "waitress",
        "{python} -m waitress --listen 127.0.0.1:{port} --threads 8 {app}",
        partial(version, "waitress"),
        ("module waitress",),
    ),
    Setup("uWSGI", UWSGI, uwsgi_version, ("program uwsgi",)),
    Setup(
        "cheroot",
        "{python} -m cheroot --bind 127.0.0.1:{port} --threads 8 {app}",
        partial(version, "cheroot"),
        ("module cheroot",),
    ),
    Setup("bjoern", SERVE + "bjoern {app} {port}", partial(version, "bjoern"), ("module bjoern",)),
    Setup(
        "gevent.pywsgi",
        SERVE + "gevent {app} {port}",
        partial(version, "gevent"),
        ("module gevent",),
    ),
    Setup(
        "eventlet.wsgi",
        SERVE + "eventlet {app} {port}",
        partial(version, "eventlet"),
        ("module eventlet",),
    ),
    Setup("wsgiref.simple_server", SERVE + "wsgiref {app} {port}", platform.python_version),
    Setup(
        "Werkzeug's development server",
        SERVE + "werkzeug {app} {port}",
        partial(version, "Werkzeug"),
        ("module werkzeug",),
    ),
    Setup(
        "Django's runserver",
        SERVE + "django {app} {port}",
        partial(version, "Django"),
        ("module django",),
    ),
    Setup(
        "granian",
        "{python} -m granian --host 127.0.0.1 --port {port} --interface wsgi --workers 1 "
        "--blocking-threads 8 --log-level warning {app}",
        partial(version, "granian"),
        ("module granian",),
    ),
    Setup(
        "mod_wsgi",
        APACHE,
        mod_wsgi_version,
        ("program apache2", "file /usr/lib/apache2/modules/mod_wsgi.so"),
        directory=readable_copy,
    ),
]
BY_NAME = {setup.name: setup for setup in SETUPS}
