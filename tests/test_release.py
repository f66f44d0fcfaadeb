"""What ``make dist`` would see; .ci/run runs it whole."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from release import differences, unpacked

if TYPE_CHECKING:
    from pathlib import Path


def sdist(path: Path, *, content: bytes = b"1", mtime: int = 0, level: int = 9) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=level) as archive:
        for name in "it-1/wsgi_nocontent/rules.py", "it-1/tests/test_it.py":
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), mtime
            archive.addfile(info, io.BytesIO(content))
    # The time at which it was packed is in the head of gzip.
    path.write_bytes(path.read_bytes()[:4] + bytes(4) + path.read_bytes()[8:])
    return path


def wheel(path: Path, *names: str, mode: int = 0o644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, name)
    return path


MEMBERS = ["it-1/tests/test_it.py", "it-1/wsgi_nocontent/rules.py"]


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({}, []),
        ({"content": b"2"}, MEMBERS),
        ({"mtime": 1}, MEMBERS),
        ({"level": 1}, ["no member, only the way they are packed"]),
    ],
)
def test_how_sdists_differ(tmp_path: Path, other: dict[str, Any], names: list[str]) -> None:
    # Each has the name of what it was packed from, in the head of gzip.
    for folder in "here", "there":
        (tmp_path / folder).mkdir()
    one = sdist(tmp_path / "here" / "it.tar.gz")
    assert differences(one, sdist(tmp_path / "there" / "it.tar.gz", **other)) == names


def test_how_wheels_differ(tmp_path: Path) -> None:
    one = wheel(tmp_path / "one.whl", "a", "b")
    assert differences(one, wheel(tmp_path / "same.whl", "a", "b")) == []
    assert differences(one, wheel(tmp_path / "more.whl", "a", "b", "c")) == ["c"]
    assert differences(one, wheel(tmp_path / "less.whl", "b")) == ["a"]
    assert differences(one, wheel(tmp_path / "mode.whl", "a", "b", mode=0o600)) == ["a", "b"]
    assert differences(one, wheel(tmp_path / "order.whl", "b", "a")) == [
        "no member, only the way they are packed"
    ]


def test_the_tests_are_unpacked_without_the_library(tmp_path: Path) -> None:
    source = unpacked(sdist(tmp_path / "it.tar.gz"), tmp_path / "source")
    assert [path.name for path in source.iterdir()] == ["tests"]
