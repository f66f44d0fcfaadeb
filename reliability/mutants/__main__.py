"""Make all mutants of the library, try them, and hold the survivors against the explained ones.

``make mutants`` runs it. ``explained.txt`` has the survivors that no test can or should tell
from the library, each as its function, the lines that differ, and why. The exit status is 1
where a mutant survives that is not there, or one is there that does not survive.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import libcst
from mutmut.__main__ import create_mutants_for_file
from mutmut.mutation.diff_apply import read_functions_from_index
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from demo.apps import ROOT
from reliability.mutants.killing import NAMES, OUTCOMES

MUTANTS = ROOT / "mutants"
EXPLAINED = Path(__file__).with_name("explained.txt")

#: No mutant, of a function that most tests reach.
CONTROL = "wsgi_nocontent.middleware.xǁNoContentMiddlewareǁ__call____mutmut_0"

TESTS = ["tests/unit", "tests/testing", "tests/probe", "tests/cli"]
LEFT_OUT = [
    # They measure what mutmut adds: the modules that it imports, and the frames of its calls,
    # which keep what their arguments are.
    "test_importing_the_library_loads_no_heavy_module",
    "test_it_loads_nothing_that_pytest_does_not_but_the_library",
    "test_nothing_outlives_the_request and reraises",
    # It asks which file a function is of, and that of each is mutmut's.
    "test_a_wrong_name_is_told_without_a_place_in_the_code",
    # They start servers or other processes, and what these tell others tell in this one.
    "test_docs",
    "test_real_servers",
    "test_the_demos_as_a_user_would",
    "TestOfAUrl and (test_it_is_webtests or test_a_bad_view_raises)",
]


class Change(NamedTuple):
    """What a mutant changes. Two mutants can make the same change."""

    function: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([self.function, *self.lines])


def main() -> int:
    """Do it, and give the exit status."""
    os.chdir(ROOT)
    shutil.rmtree(MUTANTS, ignore_errors=True)
    paths = _made()
    MUTANTS.joinpath(NAMES).write_text(json.dumps([CONTROL, *paths]), encoding="utf-8")
    selection = " and ".join(f"not ({each})" for each in LEFT_OUT)
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "reliability.mutants.killing"),
            *("--rootdir=.", "-p", "no:cacheprovider", "-p", "no:xdist", "-q"),
            # pytest's own reads mutmut's very long modules anew for each.
            *("--tb=native", *TESTS, "-k", selection),
        ],
        cwd=MUTANTS,
        # So that what the tests start has the mutant as well.
        env={**os.environ, "PYTHONPATH": str(MUTANTS)},
        check=True,
    )
    outcomes = json.loads(MUTANTS.joinpath(OUTCOMES).read_text(encoding="utf-8"))
    if outcomes[CONTROL] != "survived":
        raise RuntimeError("a test fails without a mutant, so that no score would be true")
    return _told(paths, outcomes, _explained(EXPLAINED.read_text(encoding="utf-8")))


def _made() -> dict[str, Path]:
    """Let mutmut make the mutants; give the source of each by its name."""
    MUTANTS.mkdir()
    copy_src_dir()
    copy_also_copy_files()
    paths = {}
    for source in sorted(Path("wsgi_nocontent").rglob("*.py")):
        made = create_mutants_for_file(source, MUTANTS / source)
        if made.error:
            raise made.error
        meta = MUTANTS.joinpath(f"{source}.meta").read_text(encoding="utf-8")
        paths.update(dict.fromkeys(json.loads(meta)["exit_code_by_key"], source))
    return paths


def _change(name: str, path: Path) -> Change:
    functions = read_functions_from_index(name, path)
    assert functions, f"{name} is not where mutmut says it is"
    before, after = (libcst.Module([each]).code.splitlines() for each in functions)
    lines = difflib.unified_diff(before, after, n=0, lineterm="")
    mangled = mangled_name_from_mutant_name(name)
    function = mangled.replace(".xǁ", ".").replace("ǁ", ".").replace(".x_", ".")
    return Change(
        function,
        tuple(f"{line[0]} {line[1:].strip()}" for line in list(lines)[2:] if line[0] in "-+"),
    )


def _explained(text: str) -> dict[Change, str]:
    """Read what is explained: blocks of a function, its changed lines, and why."""
    explained = {}
    for block in text.split("\n\n")[1:]:
        function, *rest = block.strip().splitlines()
        lines = [line for line in rest if line[:2] in ("- ", "+ ")]
        why = " ".join(line.strip() for line in rest[len(lines) :])
        if not lines or not why:
            raise ValueError(f"it is not said what is changed, or why no test tells it: {block}")
        explained[Change(function, tuple(lines))] = why
    return explained


def _told(paths: dict[str, Path], outcomes: dict[str, str], explained: dict[Change, str]) -> int:
    """Print the score; give the exit status."""
    tally: dict[Path, Counter[str]] = {path: Counter() for path in paths.values()}
    new: Counter[Change] = Counter()
    seen = set()
    for name, path in paths.items():
        tally[path]["all"] += 1
        if outcomes[name] not in ("survived", "not reached"):
            tally[path]["killed"] += 1
            tally[path]["hung"] += outcomes[name] != "killed"
            continue
        change = _change(name, path)
        if change in explained:
            tally[path]["explained"] += 1
            seen.add(change)
        else:
            new[change] += 1
    tally[Path("all")] = sum(tally.values(), Counter())
    for path, counted in tally.items():
        print(
            f"{path!s:40} {counted['killed']} of {counted['all']} killed "
            f"({counted['hung']} ended by a signal), {counted['explained']} explained"
        )
    for change in new:
        print(f"\nsurvives, and is not explained:\n{change}")
    gone = [change for change in explained if change not in seen]
    for change in gone:
        print(f"\nis explained, and does not survive:\n{change}")
    return 1 if new or gone else 0


if __name__ == "__main__":
    sys.exit(main())
