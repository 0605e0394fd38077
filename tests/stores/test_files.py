"""Originals are whole or not there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import DiskFull
from backend.stores.files import Files


def test_a_file_is_kept_under_its_hash_and_nothing_else_remains(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    incoming = files.receive()
    incoming.write(b"hello ")
    incoming.write(b"there")
    sha256 = files.keep(incoming)
    assert files.path(sha256).read_bytes() == b"hello there"
    assert [path.name for path in (tmp_path / "files").iterdir()] == [sha256]
    files.remove(sha256)
    assert list((tmp_path / "files").iterdir()) == []


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    files.keep_only(set())
    (tmp_path / "files").mkdir()
    for name in ("incoming-half", "a" * 64, "b" * 64, "notes of its owner"):
        (tmp_path / "files" / name).write_bytes(b"half")
    files.keep_only({"a" * 64})
    assert {path.name for path in (tmp_path / "files").iterdir()} == {"a" * 64, "notes of its owner"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_is_named_and_nothing_half_written_stays(small_disk: Path) -> None:
    files = Files(small_disk / "files")
    incoming = files.receive()
    with pytest.raises(DiskFull):  # noqa: PT012 - the buffer decides which of the two fails
        for _ in range(40):
            incoming.write(b"x" * 100_000)
        files.keep(incoming)
    incoming.discard()
    assert list((small_disk / "files").iterdir()) == []
