"""What a server's processes hold: memory and open files. For Linux."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.server import Server

#: A server may need as long to close what its clients have closed.
SETTLE_SECONDS = 10
SECONDS = 30
#: By so much each part of a load may make a server grow. Allocators take more and more slowly, of
#: memory up to 3000 KiB in a part, while Python's objects stay the same to a few hundred. A leak
#: of one object in each answer, in a part of a million, makes 27,000.
ALLOWED_MEMORY, ALLOWED_OBJECTS = 4096, 2000


class Usage(NamedTuple):
    """What all processes of a server hold."""

    #: KiB of memory that no file stands behind.
    memory: int
    open_files: int
    #: What Python has allocated and not freed, but for what is large; by the server's own word.
    objects: int


class Growth(NamedTuple):
    """By how much a server has grown, and whether it would go on so."""

    memory: int
    open_files: int
    objects: int
    is_steady: bool


def growth(usages: Sequence[Usage]) -> Growth:
    """Tell how a server has grown over equal parts of a load.

    :param usages: after each part. The first was the warm-up.
    """
    steps = [
        Usage(*(after - before for before, after in zip(*its))) for its in zip(usages, usages[1:])
    ]
    memory, open_files, objects = map(sum, zip(*steps))
    # A leak grows in every part; that an allocator takes more once is none.
    is_steady = (
        min(step.memory for step in steps) > ALLOWED_MEMORY
        or min(step.objects for step in steps) > ALLOWED_OBJECTS
        or open_files > 0
    )
    return Growth(memory, open_files, objects, is_steady)


def at_rest(server: Server, open_files: int | None = None) -> Usage:
    """Look at a server whose connections are all closed.

    :param open_files: as many were open before; more are waited for until they are closed.
    """
    processes = [Path("/proc", str(process)) for process in (server.pid, *server.children)]
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        found = sum(len(list((process / "fd").iterdir())) for process in processes)
        if open_files is None or found <= open_files or time.monotonic() > until:
            break
        time.sleep(0.1)
    with urlopen(f"{server.url}/soak/objects", timeout=SECONDS) as answer:  # noqa: S310
        objects = int(answer.read())
    return Usage(sum(map(anonymous, processes)), found, objects)


def anonymous(process: Path) -> int:
    found = re.search(r"^RssAnon:\s+([0-9]+) kB$", (process / "status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])
