"""What goes wrong around the library: a disk that fills up, a reader that crashes, a list that is long."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.errors import DiskFull
from backend.pipeline.readers.blocks import Attachment
from backend.services.events import Progress, Result
from backend.stores.database import Database
from backend.stores.documents import ORDERS, Documents
from tests.services.test_documents import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "data")
    shelf.library.start()
    yield shelf
    shelf.library.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of sixteen megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_refuses_what_is_new_and_keeps_what_is_there(small_disk: Path, tmp_path: Path) -> None:
    shelf = Shelf(small_disk)
    shelf.library.start()
    try:
        first, large = tmp_path / "first.txt", tmp_path / "large.txt"
        first.write_text("The zebra ran away.", encoding="utf-8")
        large.write_text("The giraffe came back. " * 4_000, encoding="utf-8")
        assert shelf.add(first).success
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free))
        with pytest.raises(DiskFull):
            shelf.library.keep_path(large)
        assert shelf.search.find("zebra")[0].filename == "first.txt"
        assert len(list((small_disk / "files").iterdir())) == 1, "nothing is left of what had no room"
        # Room for the file, and not for its passages: perhaps not even to write that down.
        os.truncate(ballast, ballast.stat().st_size - 180_000)
        arrival = shelf.library.keep_path(large)
        assert arrival.document is not None
        identity = arrival.document.id
        wait_for(lambda: shelf.documents.get(identity).status == "failed" or is_embedded(shelf, identity))
        assert shelf.vectors.count(identity) == 0
        assert shelf.search.find("zebra")[0].filename == "first.txt"
        ballast.unlink()
        wait_for(lambda: shelf.documents.get(identity).status == "failed")
        assert shelf.documents.get(identity).error_code == "DiskFull"
        shelf.library.retry(identity)
        assert shelf.wait(identity) == "ready"
        assert shelf.vectors.count() == shelf.documents.counts().passages
    finally:
        shelf.library.close()


def is_embedded(shelf: Shelf, identity: str) -> bool:
    """And time was given to write it."""
    progress = shelf.library.progress(identity)
    if progress is None or progress.stage != "embedding" or progress.done < progress.total:
        return False
    time.sleep(1)
    return True


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSEGV")
def test_a_reader_that_crashes_takes_its_file_alone(shelf: Shelf, tmp_path: Path, shared: Path) -> None:
    handbook = shelf.library.keep_path(shared / "corpus" / "handbook-872p.docx")
    (tmp_path / "next.txt").write_text("The zebra ran away.", encoding="utf-8")
    after = shelf.library.keep_path(tmp_path / "next.txt")
    assert handbook.document is not None
    assert after.document is not None
    deadline = time.monotonic() + 60
    reader = shelf.library._importer._reader
    while shelf.documents.get(handbook.document.id).status != "reading" or reader.pid is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(reader.pid, signal.SIGSEGV)
    assert shelf.wait(after.document.id) == "ready"
    row = shelf.documents.get(handbook.document.id)
    assert (row.status, row.error_code) == ("failed", "DamagedDocument")


def test_what_a_mail_carries_becomes_documents_and_the_rest_is_named(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "mail.txt").write_text("See what I send you.", encoding="utf-8")
    mail = shelf.add(tmp_path / "mail.txt")
    assert mail.document_id is not None
    row = shelf.documents.get(mail.document_id)
    carried = [
        Attachment("../tower.txt", b"The tower is high."),
        Attachment("setup.exe", b"MZ"),
        Attachment("", b"x y"),
    ]
    identities, notices = shelf.library.attach(row, carried)
    for identity in identities:
        assert shelf.wait(identity) == "ready"
    assert [shelf.documents.get(identity).filename for identity in identities] == ["tower.txt", "unnamed"]
    assert [(notice.code, notice.count) for notice in notices] == [("UnreadAttachments", 1)]
    assert "setup.exe" in notices[0].message
    assert shelf.search.find("tower")[0].document_id == identities[0]
    shelf.library.delete(mail.document_id)
    assert shelf.documents.ids() == set()
    assert shelf.vectors.count() == 0
    assert list((shelf.data / "files").iterdir()) == []
    assert shelf.library.attach(row, carried)[0] == [], "of a mail that is gone nothing is kept"
    assert list((shelf.data / "files").iterdir()) == []


def test_the_stream_of_a_file_that_is_deleted_ends(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A sentence that goes on and on. " * 30_000, encoding="utf-8")
    arrival = shelf.library.keep_path(tmp_path / "a.txt")
    assert arrival.document is not None
    deleted = False
    codes: list[str | None] = []
    for event in shelf.library.follow([arrival]):
        if isinstance(event, Progress) and event.progress.stage == "reading" and not deleted:
            deleted = True
            shelf.library.delete(arrival.document.id)
        if isinstance(event, Result):
            codes.append(event.result.code)
    assert codes == ["NotFound"]
    assert shelf.documents.ids() == set()


def test_a_list_of_ten_thousand_is_quick(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    documents = Documents(database)
    with database.write() as connection:
        connection.executemany(
            "INSERT INTO documents (id, sha256, filename, size, status, added_at) VALUES (?, ?, ?, 1, ?, ?)",
            [
                (f"{at:032x}", f"{at:064x}", f"Report {at}.pdf", "ready" if at % 9 else "failed", f"2026-{at:06d}")
                for at in range(10_000)
            ],
        )
    started = time.process_time()
    for sort in ORDERS:
        rows, total = documents.list(words="report 99", sort=sort, limit=100)
        assert (len(rows), total) == (100, 280)
        assert len(documents.list(offset=5000, limit=100, sort=sort)[0]) == 100
    # Ten queries; measured at a tenth of this.
    assert time.process_time() - started < 3


def test_a_file_whose_row_cannot_be_written_leaves_nothing(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("The zebra ran away.", encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise DiskFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(shelf.folders, "put", full)
        patch.setattr(shelf.documents, "add", full)
        with pytest.raises(DiskFull):
            shelf.library.keep_path(tmp_path / "a.txt")
        with pytest.raises(DiskFull):
            shelf.add(tmp_path / "a.txt")
    assert list((shelf.data / "files").iterdir()) == []
    assert shelf.add(tmp_path / "a.txt").success
