"""Fuzz one target in this process: ``python -m reliability.fuzzing.child TARGET [OPTION...]``.

The options are those of libFuzzer; files among them are played once each. A leak, too, is a find.
"""

from __future__ import annotations

import gc
import importlib
import logging
import sys
from typing import TYPE_CHECKING

import atheris

from reliability.fuzzing import INSTRUMENTED, TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 2000
"""So many executions are looked at for a leak at a time."""
WINDOWS = 4
"""In so many in a row there has to be one: what fills a cache comes to an end."""


def without_leak(play: Callable[[bytes], None], window: int = WINDOW) -> Callable[[bytes], None]:
    """Play inputs so that AssertionError is raised if each leaves something behind for good."""
    executions = growing = 0
    blocks = sys.maxsize

    def play_and_count(data: bytes) -> None:
        nonlocal executions, growing, blocks
        play(data)
        executions += 1
        if executions % window == 0:
            gc.collect()
            before, blocks = blocks, sys.getallocatedblocks()
            growing = growing + 1 if blocks - before >= window else 0
            assert growing < WINDOWS, f"{blocks - before} blocks in {window} executions"

    return play_and_count


def main() -> None:
    """Do what the command line says; libFuzzer ends the process."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=INSTRUMENTED):
        module = importlib.import_module(TARGETS[name])
    logging.disable()
    atheris.Setup([sys.argv[0], *options], without_leak(getattr(module, name)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
