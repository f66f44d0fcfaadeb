"""Inputs by the million, made by atheris from those that reach new code.

An input is a text of two parts, so that a seed can be read, and played without atheris: its
first line says how to ask, and the rest what an application or a server answers.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
TARGETS = {
    "middleware": "reliability.fuzzing.middleware",
    "prober": "reliability.fuzzing.prober",
    "command": "reliability.fuzzing.prober",
}
"""Each target, which is a function that takes an input, and its module."""
CORPORA = {name: HERE / "corpus" / module.rpartition(".")[2] for name, module in TARGETS.items()}
"""Where the seeds of each are."""
INSTRUMENTED = ["wsgi_nocontent", "h11", "h2", "hpack", "hyperframe"]
"""What is to be covered: the probe, with the libraries that read for it."""
