"""Fuzz each target for a while, and keep the input of a find: ``make fuzz``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time

from demo.apps import ROOT
from reliability.fuzzing import CORPORA, HERE, TARGETS

FINDS = ROOT / ".venv/fuzz"
"""Where the inputs of finds are kept."""
SECONDS = 20
LONGEST_INPUT = 4096
SLOWEST = 10
"""Seconds that one input may take."""
MEGABYTES = 1024
_STATUS = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+) ft: \d+ corp: (\d+)/", re.M)
_NOISE = re.compile(r"^(INFO|WARNING|#[0-9]).*\n", re.M)
_KEPT = re.compile(r"Test unit written to (.*)")


def main() -> int:
    """Do what the command line says, and give the exit status: 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m reliability.fuzzing", description=__doc__)
    # Without any, what is held against the choices is their list.
    parser.add_argument(
        "targets", nargs="*", choices=[*TARGETS, []], metavar="target", help=", ".join(TARGETS)
    )
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    parser.add_argument("--seed", type=int, default=1, help="of what is random")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris can not be had for this Python here, so nothing was fuzzed.")
        return int(os.environ.get("NOCONTENT_REQUIRE_ALL") == "1")
    found = [fuzz(name, given.seconds, given.seed) for name in given.targets or TARGETS]
    return int(any(found))


def fuzz(name: str, seconds: int, seed: int) -> bool:
    """Fuzz one target in a process of its own, and print what came of it.

    :return: whether there is a find.
    """
    FINDS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as grown:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "reliability.fuzzing.child", name),
                *(grown, CORPORA[name]),
                f"-dict={HERE / 'corpus' / CORPORA[name].name}.dict",
                f"-max_total_time={seconds}",
                f"-seed={seed}",
                f"-max_len={LONGEST_INPUT}",
                f"-timeout={SLOWEST}",
                f"-rss_limit_mb={MEGABYTES}",
                f"-artifact_prefix={FINDS}/{name}-",
            ],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=ROOT,
            check=False,
            timeout=seconds + 100,
        )
    said = done.stdout + done.stderr
    statuses = _STATUS.findall(said)
    executions, coverage, corpus = statuses[-1] if statuses else (0, 0, 0)
    seeds = len(list(CORPORA[name].iterdir()))
    took = time.monotonic() - start
    print(
        f"{name}: {executions} executions in {took:.0f} s, {coverage} edges covered, "
        f"{seeds} seeds grown to {corpus} inputs",
        flush=True,
    )
    if done.returncode == 0:
        return False
    print(_NOISE.sub("", said))
    kept = _KEPT.search(said)
    if kept:
        print(f"{name} fails on the input in {kept[1]}; to see it again:")
        print(f"    {sys.executable} -m reliability.fuzzing.child {name} {kept[1]}")
    return True


if __name__ == "__main__":
    sys.exit(main())
