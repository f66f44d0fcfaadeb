"""Build what is published, and check it: ``make dist``.

One module beside setup.cfg, for it is no part of the library, nor of its tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
# What a build could come to depend on without anybody's wish.
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "204"}
OWNERS_ALONE = 0o077


def main() -> None:
    """Put the sdist and the wheel into ``dist/``, once they have passed every check.

    :raises SystemExit: if they do not.
    """
    shutil.rmtree(DIST, ignore_errors=True)
    epoch = subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True)
    os.environ["SOURCE_DATE_EPOCH"] = epoch.strip()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sdist, wheel = artefacts = built_twice(folder)
        tool("twine", "check", "--strict", *artefacts)
        tool("check_manifest", ROOT)
        check_on_pythons(unpacked(sdist, folder / "source"), wheel)
        DIST.mkdir()
        for path in artefacts:
            shutil.copy(path, DIST)

    print("\nPassed twine, check-manifest, and the demo's checks where tox says OK above.")
    print(f"Built twice with SOURCE_DATE_EPOCH={epoch.strip()}, and the same byte for byte:")
    for path in artefacts:
        sha256 = hashlib.sha256((DIST / path.name).read_bytes()).hexdigest()
        print(f"{sha256}  dist/{path.name}")


def built_twice(folder: Path) -> tuple[Path, Path]:
    """Build the sdist and the wheel from the checkout, and again from a clone of it elsewhere.

    There the wheel is built from the sdist. So what is not committed makes a difference, and
    so does what the sdist lacks.

    :return: the sdist and the wheel from the checkout.
    :raises SystemExit: if the others differ from them.
    """
    here, there, clone = folder / "here", folder / "there", folder / "clone"
    tool("build", "--sdist", "--wheel", "--outdir", here, ROOT)
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], umask=OWNERS_ALONE, check=True)
    tool("build", "--outdir", there, clone, umask=OWNERS_ALONE, environ=ELSEWHERE)
    (sdist,), (wheel,) = here.glob("*.tar.gz"), here.glob("*.whl")
    for path in sdist, wheel:
        names = differences(path, there / path.name)
        if names:
            sys.exit(
                f"{path.name} is another when built from a clone. Is all committed? They differ "
                f"in:\n" + "\n".join(names)
            )
    return sdist, wheel


def differences(one: Path, other: Path) -> list[str]:
    """Name the members in which two archives differ."""
    if one.read_bytes() == other.read_bytes():
        return []
    ones, others = members(one), members(other)
    names = sorted({*ones, *others})
    return [name for name in names if ones.get(name) != others.get(name)] or [
        "no member, only the way they are packed"
    ]


def members(archive: Path) -> dict[str, Any]:
    """Give for each member what the archive tells of it, and its content."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {
                info.filename: (info.date_time, info.external_attr, wheel.read(info))
                for info in wheel.infolist()
            }
    with tarfile.open(archive) as sdist:
        files = ((info, sdist.extractfile(info)) for info in sdist)
        return {info.name: (info.get_info(), file and file.read()) for info, file in files}


def unpacked(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist without the library, which its tests are to have from the wheel."""
    folder.mkdir()
    # Not every Python has tarfile's filters, and warnings without one.
    subprocess.run(["tar", "--extract", "--file", sdist, "--directory", folder], check=True)
    (source,) = folder.iterdir()
    shutil.rmtree(source / "wsgi_nocontent")
    return source


def check_on_pythons(source: Path, wheel: Path) -> None:
    """Run the demo's checks with the wheel, as setup.cfg has them."""
    lenient = os.environ.get("NOCONTENT_REQUIRE_ALL") != "1"
    tool(
        *("tox", "run", "--conf", source / "setup.cfg", "--installpkg", wheel),
        *("-e", "py37-dist,py313-dist", "--skip-missing-interpreters", str(lenient).lower()),
    )


def tool(
    module: str,
    *options: str | Path,
    umask: int = -1,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run a tool of this environment.

    :param environ: environment variables to set.
    :raises SystemExit: if it fails; what is wrong, it has printed.
    """
    command = [sys.executable, "-m", module, *options]
    done = subprocess.run(
        command, env={**os.environ, **environ}, umask=umask, cwd=ROOT, check=False
    )
    if done.returncode:
        sys.exit(f"{module} failed.")


if __name__ == "__main__":
    main()
