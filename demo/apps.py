"""The demo apps, and what they are asked."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Exchange(NamedTuple):
    """A request to be made, and what there is to say of it."""

    method: str
    path: str
    note: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Demo(NamedTuple):
    """A demo app; its entry module offers ``bare`` and ``application``."""

    framework: str
    directory: Path
    entry: str
    exchanges: list[Exchange]
    remark: str = ""


API = [
    Exchange("GET", "/good_no_content", "a 204 done right"),
    Exchange("GET", "/bad_no_content", "a 204 with a JSON null"),
    Exchange("DELETE", "/items/1"),
    Exchange("GET", "/items/2", "not modified", (("If-None-Match", '"coffee"'),)),
    Exchange("POST", "/reset"),
    Exchange("HEAD", "/items/2"),
    Exchange("HEAD", "/export", "a stream"),
    Exchange("HEAD", "/report", "a file"),
    Exchange("GET", "/items"),
    Exchange("GET", "/export", "a stream"),
    Exchange("GET", "/report", "a file"),
    Exchange("GET", "/items/99"),
]
LEGACY = [
    Exchange("GET", "/legacy/list", "an old WSGI app"),
    Exchange("GET", "/legacy/generator", "an old WSGI app"),
    Exchange("GET", "/legacy/write", "an old WSGI app"),
]
DEMOS = [
    Demo(
        "Flask",
        ROOT / "demo_flask",
        "wsgi",
        LEGACY + API,
        "The 204 with a JSON null is clean here: since 0.15, Werkzeug mends the 204s and 304s that "
        "pass through it. It does not mend a 205, nor an app that is mounted beside.\n",
    ),
    Demo(
        "Django",
        ROOT / "demo_django",
        "inventory.wsgi",
        API,
        "The length of 0 on the 204 done right is put there by Django's CommonMiddleware. No view "
        "can help it; most clients and fronts let it pass.\n",
    ),
]
