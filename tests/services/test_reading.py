"""The reader's process: kept for the next file, killed when it hangs, replaced when it dies."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.errors import DamagedDocument, EncryptedDocument, ReadingTimeout, TooLarge
from backend.services.child import command, environment
from backend.services.reading import Reader


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader(command("read-documents"), environment())
    yield reader
    reader.stop()


def text(reader: Reader, path: Path, filename: str = "a.txt") -> str:
    return "\n".join(block.text for batch in reader.read(path, filename) for block in batch.blocks)


def test_one_process_reads_file_after_file(reader: Reader, tmp_path: Path, shared: Path) -> None:
    (tmp_path / "a").write_text("hello there", encoding="utf-8")
    assert text(reader, tmp_path / "a") == "hello there"
    pid = reader.pid
    with pytest.raises(EncryptedDocument):
        text(reader, shared / "corpus" / "password.pdf", "password.pdf")
    assert "INTRODUCTION" in text(reader, shared / "corpus" / "handbook-1p.docx", "handbook-1p.docx")
    assert reader.pid == pid


def test_a_reader_that_dies_is_replaced(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello there", encoding="utf-8")
    text(reader, tmp_path / "a")
    pid = reader.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while reader.pid is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert text(reader, tmp_path / "a") == "hello there"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"reason": "password_needed", "values": {"filename": "a.pdf"}}, "password_needed"),
        ({"reason": "password_needed", "values": {"filename": "a.pdf", "more": 1}}, None),
        ({"reason": "no_such_reason", "values": {}}, None),
        ({"reason": ["password_needed"], "values": {"filename": "a.pdf"}}, None),
        ("password_needed", None),
    ],
)
def test_a_reason_of_the_child_counts_only_with_its_values(tmp_path: Path, told: object, kept: str | None) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    said = json.dumps({"error": "EncryptedDocument", "message": "It is locked.", "details": told})
    child = Reader([sys.executable, "-c", f"input(); print({said!r}, flush=True); input()"], environment())
    with pytest.raises(EncryptedDocument, match="It is locked") as refused:
        text(child, tmp_path / "a")
    child.stop()
    assert (refused.value.details.reason if refused.value.details else None) == kept


def test_a_crash_in_the_middle_of_a_file_is_the_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    crash = Reader([sys.executable, "-c", "import os; input(); os.abort()"], environment())
    with pytest.raises(DamagedDocument):
        text(crash, tmp_path / "a")


def test_a_reader_that_hangs_is_killed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    hang = Reader([sys.executable, "-c", "import time; time.sleep(600)"], environment(), silence_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(ReadingTimeout):
        text(hang, tmp_path / "a")
    assert time.monotonic() - started < 30
    assert hang.pid is None


def test_a_reader_that_eats_memory_is_killed_with_what_it_started(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    eat = "import subprocess, sys; b = bytearray(300 * 1024**2); open(sys.argv[1], 'w').write('x'); input()"
    start = (
        f"import subprocess, sys; input(); subprocess.run([sys.executable, '-c', {eat!r}, {str(tmp_path / 'ate')!r}])"
    )
    hungry = Reader([sys.executable, "-c", start], environment(), most_memory=200 * 1024**2)
    with pytest.raises(TooLarge):
        text(hungry, tmp_path / "a")
    assert hungry.pid is None
    me = psutil.Process()
    assert not [child for child in me.children(recursive=True) if "bytearray" in " ".join(child.cmdline())]


@pytest.mark.skipif(sys.platform == "win32", reason="the system sets no such limit there")
def test_a_reader_that_computes_for_ever_is_ended_by_the_system(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    burn = (
        "from backend.pipeline.readers.worker import _limit_processor; input(); _limit_processor(0)\nwhile True: pass"
    )
    with pytest.raises(ReadingTimeout):
        text(Reader([sys.executable, "-c", burn], environment()), tmp_path / "a")


def test_what_is_not_understood_is_damage(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    for answer in ("not json", '{"blocks": 5}', "[]"):
        strange = Reader([sys.executable, "-c", f"input(); print({answer!r}, flush=True); input()"], environment())
        with pytest.raises(DamagedDocument):
            text(strange, tmp_path / "a")


def test_stop_from_another_thread_ends_a_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello", encoding="utf-8")
    hang = Reader([sys.executable, "-c", "import time; time.sleep(600)"], environment())
    threading.Timer(0.5, hang.stop).start()
    started = time.monotonic()
    with pytest.raises(DamagedDocument):
        text(hang, tmp_path / "a")
    assert time.monotonic() - started < 30


def test_a_text_that_is_too_long_is_refused_and_the_next_is_read(reader: Reader, tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(b"words " * (11 * 1024**2))
    with pytest.raises(TooLarge):
        text(reader, large, "large.txt")
    (tmp_path / "a").write_text("hello there", encoding="utf-8")
    assert text(reader, tmp_path / "a") == "hello there"
