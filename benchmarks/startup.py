"""What it costs to import the library: once in a process, and not for each request."""

from __future__ import annotations

import re
import subprocess
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from demo.apps import ROOT

if TYPE_CHECKING:
    from pathlib import Path

#: What a server has loaded when it loads an app.
SERVER = "import gunicorn.app.wsgiapp, gunicorn.workers.sync"
IMPORT = "import wsgi_nocontent"
#: What a server with the middleware does: making one imports more.
USE = f"{IMPORT}; wsgi_nocontent.NoContentMiddleware(print)"

COUNT = f"""
import sys, tracemalloc
{SERVER}
before = set(sys.modules)
tracemalloc.start()
{USE}
size, _ = tracemalloc.get_traced_memory()
new = {{name for name in set(sys.modules) - before if not name.startswith("wsgi_nocontent")}}
print(size, *sorted(new))
"""


class Startup(NamedTuple):
    """What it costs to have the middleware in a process."""

    #: To import the library in an interpreter that has loaded nothing else; and of that, what
    #: Python's own ``collections`` takes.
    milliseconds: float
    milliseconds_of_collections: float
    #: To import it and make a middleware in a server, and the memory that this takes.
    milliseconds_in_server: float
    kibibytes: float
    #: What else is loaded, that the server has not.
    new_modules: list[str]


def measure(python: Path | str, rounds: int = 25) -> Startup:
    """Do it in so many new processes; the figures are medians."""
    size, *new = run(python, COUNT).stdout.split()
    alone, collections, in_server = zip(
        *(
            (
                milliseconds(python, IMPORT, "wsgi_nocontent"),
                milliseconds(python, IMPORT, "collections"),
                milliseconds(python, f"{SERVER}; {USE}", r"wsgi_nocontent(?:\.log)?"),
            )
            for _ in range(rounds)
        )
    )
    return Startup(median(alone), median(collections), median(in_server), int(size) / 1024, new)


def milliseconds(python: Path | str, code: str, modules: str) -> float:
    """Give the time that Python says that importing some modules took, with all they import."""
    said = run(python, code, "-X", "importtime").stderr
    lines = re.findall(rf"\| +([0-9]+) \| *{modules}$", said, re.MULTILINE)
    return sum(map(int, lines)) / 1000


def run(python: Path | str, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run some code in a process of its own."""
    # Neither the environment variables nor the current directory have a say.
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    return subprocess.run(
        [python, "-I", *options, "-c", path + code],
        check=True,
        capture_output=True,
        text=True,
    )
