"""Killed at any moment, twenty times: nothing acknowledged is lost, nothing is there twice, nothing is left over."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.services.child import environment
from tests.services.test_documents import Shelf

KILLS = 20
FILES = 8

# Writes, changes and deletes files for ever; says what it is about to do, and what was acknowledged.
WORK = f"""
import sys, itertools
from pathlib import Path
from tests.services.test_documents import Shelf
shelf = Shelf(Path(sys.argv[1]))
shelf.library.start()
print("started", flush=True)
for number in itertools.count(int(sys.argv[3])):
    path = Path(sys.argv[2]) / f"{{number % {FILES}}}.txt"
    print("doing", path, flush=True)
    if number % 11 == 10:
        place = shelf.folders.place(str(path))
        if place is not None and place.document_id is not None:
            shelf.library.delete(place.document_id)
        print("deleted", path, flush=True)
        continue
    paragraphs = [f"Paragraph {{at}} of version {{number}}. " + "More words. " * 60 for at in range(number % 5 + 1)]
    path.write_text("\\n\\n".join(paragraphs))
    shelf.library.keep_path(path)
    print("kept", path, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.timeout(900)
def test_killed_twenty_times_the_store_is_whole_each_time(tmp_path: Path) -> None:
    data, papers = tmp_path / "data", tmp_path / "papers"
    papers.mkdir()
    kept: dict[str, str | None] = {}
    chance = random.Random(5)
    for kill in range(KILLS):
        unsure = work_and_die(data, papers, kill * 1000, chance.uniform(0.0, 2.5), kept)
        check_after_death(data, kept, unsure)
        kept.pop(unsure, None)
    shelf = Shelf(data)
    shelf.library.start()
    try:
        for identity in shelf.documents.ids():
            assert shelf.wait(identity) == "ready"
        check_whole(shelf, kept)
    finally:
        shelf.library.close()


def work_and_die(data: Path, papers: Path, first: int, seconds: float, kept: dict[str, str | None]) -> str:
    """Notes what was acknowledged by path; the path that something was done to when death came."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(data), str(papers), str(first)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        assert next(lines) == "started\n"
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        said = [line.split() for line in lines if line.endswith("\n")]
    doing = ""
    for word, path in said:
        if word == "doing":
            doing = path
            continue
        doing = ""
        kept[path] = None if word == "deleted" else hashlib.sha256(Path(path).read_bytes()).hexdigest()
        if word == "kept":
            # The file was written again since, if the path was touched later: only the last word counts.
            kept[path] = "the last"
    for path, sha256 in kept.items():
        if sha256 == "the last":
            kept[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return doing


def check_after_death(data: Path, kept: dict[str, str | None], unsure: str) -> None:
    """As it lies there, before anything is mended."""
    connection = sqlite3.connect(data / "localchat.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    places = {row[0]: row[1:] for row in connection.execute("SELECT path, sha256, document_id FROM places")}
    answering = dict(connection.execute("SELECT id, passages FROM documents WHERE status = 'ready' AND answers = 1"))
    originals = {
        row[0] for row in connection.execute("SELECT sha256 FROM documents UNION SELECT next_sha256 FROM documents")
    } - {None}
    connection.close()
    for path, sha256 in kept.items():
        if path != unsure:
            assert (places[path][0] if path in places and places[path][1] else None) == sha256, path
    stored = {path.name for path in (data / "files").iterdir()}
    assert originals <= stored
    vectors = Shelf(data).vectors
    for identity, passages in answering.items():
        assert [passage.index for passage in vectors.passages(identity, 0, 1000)] == list(range(passages))


def check_whole(shelf: Shelf, kept: dict[str, str | None]) -> None:
    rows, _ = shelf.documents.list(limit=1000)
    shelf.vectors.keep_only(shelf.documents.ids)
    assert shelf.vectors.count() == sum(row.passages for row in rows)
    for row in rows:
        passages = shelf.vectors.passages(row.id, 0, 1000)
        assert [passage.index for passage in passages] == list(range(row.passages))
        text, _ = shelf.documents.text(row.id, 0, 100_000)
        assert all(passage.text in text for passage in passages)
    assert {path.name for path in (shelf.data / "files").iterdir()} == {row.sha256 for row in rows}
    by_path = {row.path: row.sha256 for row in rows}
    for path, sha256 in kept.items():
        assert by_path.get(path) == sha256
    connection = sqlite3.connect(shelf.data / "localchat.db")
    assert connection.execute("SELECT count(*) FROM documents WHERE next_sha256 IS NOT NULL").fetchone() == (0,)
    connection.close()
