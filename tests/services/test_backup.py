"""Backup and restore with real data: the round trip, every hostile file, and processes killed at every step."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend import create_app, open_data
from backend.config import Config
from backend.errors import Conflict, InvalidRequest, LocalChatError, NewerData, RefusedBackup
from backend.services import Services
from backend.services.archive import MANIFEST, Archive
from backend.services.backup import Backup
from backend.services.child import environment
from backend.services.events import BackupDone, CopyStep, RestoreDone
from backend.services.restore import Restore
from backend.stores.boxes import WordBox, pack
from backend.stores.database import MIGRATIONS, Database
from backend.stores.documents import Finished
from backend.stores.pictures import Image
from backend.stores.presets import Presets
from backend.stores.swap import Swap
from tests.conftest import ROOT, services_of
from tests.pictures import picture

GREEN = "The lighthouse of Port Ellery was painted green in 1874."
FERRY = "The ferry to the island leaves at noon on Sundays."


@contextmanager
def running(config: Config) -> Iterator[Services]:
    services = services_of(create_app(config))
    try:
        yield services
    finally:
        services.close()


def add(services: Services, name: str, text: str) -> str:
    incoming = services.library.receive()
    incoming.write(text.encode())
    arrival = services.library.keep(incoming, name)
    list(services.library.follow([arrival]))
    assert arrival.document is not None
    assert services.documents.get(arrival.document.id).status == "ready"
    return arrival.document.id


def back_up(services: Services, path: Path) -> BackupDone:
    *steps, done = services.backup.create(services.backup.target(str(path)))
    assert isinstance(done, BackupDone)
    stages = [step.progress.stage for step in steps if isinstance(step, CopyStep)]
    assert list(dict.fromkeys(stages)) == ["collecting", "writing", "checking"]
    return done


def restore(data: Path, path: Path) -> RestoreDone:
    data.mkdir(exist_ok=True)
    *_, done = Restore(data).stage(str(path))
    assert isinstance(done, RestoreDone)
    return done


def found(services: Services, question: str) -> list[tuple[str, str]]:
    return [(hit.filename, hit.text) for hit in services.search.find(question, limit=5)]


def titles(config: Config) -> list[str]:
    with running(config) as services:
        return [one.title for one in services.conversations.listed()[0]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BackupDone]:
    """A backup of two documents, a conversation and a preset, and what was said of it."""
    folder = tmp_path_factory.mktemp("full")
    config = Config(data=folder / "data", models=ROOT / "models", page=folder, ollama_host="127.0.0.1:9")
    with running(config) as services:
        lighthouse = add(services, "lighthouse.txt", GREEN)
        add(services, "ferry.txt", FERRY)
        services.conversations.create("About the harbour")
        services.presets.create("Harbour", {"system_prompt": "Be brief."}, [lighthouse])
        services.collections.create("Lights", [lighthouse])
        done = back_up(services, folder / "kept.zip")
    return folder / "kept.zip", done


# --- the round trip ---


def test_everything_comes_back_and_search_finds_the_same(
    config: Config, tmp_path: Path, shared: Path, full: tuple[Path, BackupDone]
) -> None:
    question = "What colour was the lighthouse?"
    with running(config) as services:
        for name in ("DA-1p.pdf", "handbook-1p.docx"):
            incoming = services.library.receive()
            incoming.write((shared / "corpus" / name).read_bytes())
            list(services.library.follow([services.library.keep(incoming, name)]))
        add(services, "lighthouse.txt", GREEN)
        before = {asked: found(services, asked) for asked in (question, "bankruptcy judge", "Which act?")}
        done = back_up(services, tmp_path / "b.zip")
    assert done.documents == 3
    assert done.sha256 == hashlib.sha256((tmp_path / "b.zip").read_bytes()).hexdigest()
    assert done.size == (tmp_path / "b.zip").stat().st_size
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    assert not list((config.data / "tmp").iterdir()), "nothing of it is left in the data folder"

    other = replace(config, data=tmp_path / "other")
    restore(other.data, tmp_path / "b.zip")
    with running(other) as services:
        assert {asked: found(services, asked) for asked in before} == before
        assert services.documents.counts().working == 0, "nothing has to be read again"
        path, document = services.library.path(services.documents.list()[0][0].id)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == document.sha256
    assert not (other.data / "restore").exists()


def test_the_pictures_of_questions_come_back(config: Config, tmp_path: Path) -> None:
    image = Image.of(picture("JPEG"), "image/jpeg", 64, 48)
    with running(config) as services:
        services.conversations.begin_turn(None, None, "What is this?", model="m", sources=[], images=[image])
        back_up(services, tmp_path / "b.zip")
    other = replace(config, data=tmp_path / "other")
    restore(other.data, tmp_path / "b.zip")
    with running(other) as services:
        [summary] = services.conversations.listed()[0]
        assert services.conversations.get(summary.id).messages[0].images == [image.picture]
        assert services.pictures.get(image.picture.id) == image


def test_the_boxes_of_words_come_back(config: Config, tmp_path: Path) -> None:
    page = pack(1, [WordBox(0, 8, 0.1, 0.2, 0.3, 0.25)])
    assert page is not None
    with running(config) as services:
        row, _ = services.documents.add("a" * 64, "scan.png", 5)
        services.documents.finish([Finished(row.id, row.sha256, 1, 1, "Northport", boxes=[page])])
        back_up(services, tmp_path / "b.zip")
    restore(tmp_path / "new", tmp_path / "b.zip")
    with running(replace(config, data=tmp_path / "new")) as services:
        assert services.documents.boxes(row.id, 0, 9) == [page]


def test_a_restore_replaces_what_was_there(config: Config, full: tuple[Path, BackupDone]) -> None:
    with running(config) as services:
        services.conversations.create("To be replaced")
        add(services, "garden.txt", "The toy lighthouse in the garden is red.")
        done = restore(config.data, full[0])
        assert (done.documents, done.conversations, done.restart) == (2, 1, True)
        staged = services.restore.staged()
        assert staged is not None
        assert staged.documents == 2
        assert [one.title for one in services.conversations.listed()[0]] == ["To be replaced"], "not before a start"
    with running(config) as services:
        assert [one.title for one in services.conversations.listed()[0]] == ["About the harbour"]
        assert {row.filename for row in services.documents.list()[0]} == {"lighthouse.txt", "ferry.txt"}
        [collection] = services.collections.list()
        assert (collection.name, collection.documents) == ("Lights", 1)
        [preset] = services.presets.list()
        assert [one.filename for one in preset.documents] == ["lighthouse.txt"]
        assert found(services, "Who painted the lighthouse?")[0] == ("lighthouse.txt", GREEN)
        assert services.restore.staged() is None
        assert len(list((config.data / "files").iterdir())) == 2


def test_a_restore_can_be_taken_back_until_the_start(config: Config, full: tuple[Path, BackupDone]) -> None:
    with running(config) as services:
        services.conversations.create("To be kept")
    restore(config.data, full[0])
    Restore(config.data).discard()
    assert titles(config) == ["To be kept"]


def test_data_that_is_damaged_can_be_replaced(config: Config, full: tuple[Path, BackupDone]) -> None:
    config.data.mkdir()
    (config.data / "localchat.db").write_bytes(b"not a database" * 1000)
    (config.data / "localchat.db-wal").write_bytes(b"nor its log")
    restore(config.data, full[0])
    assert titles(config) == ["About the harbour"]


def test_a_log_that_a_killed_process_left_does_not_reach_the_new_database(
    config: Config, full: tuple[Path, BackupDone]
) -> None:
    config.data.mkdir()
    script = """
        from backend.stores.conversations import Conversations
        from backend.stores.database import Database
        database = Database(data / "localchat.db")
        Conversations(database).create("Only in the log")
        assert (data / "localchat.db-wal").stat().st_size > 0
        kill()
    """
    assert child(script, config) == -signal.SIGKILL
    assert (config.data / "localchat.db-wal").exists()
    restore(config.data, full[0])
    assert titles(config) == ["About the harbour"]


def test_new_data_that_does_not_open_after_all_gives_way_to_the_old(
    config: Config, full: tuple[Path, BackupDone]
) -> None:
    with running(config) as services:
        services.conversations.create("To be kept")
    restore(config.data, full[0])
    # Between the check and the start, a disk may rot.
    (config.data / "restore" / "new" / "localchat.db").write_bytes(b"rotten" * 1000)
    assert titles(config) == ["To be kept"]
    assert not (config.data / "restore").exists()


def test_a_backup_of_an_earlier_data_version_is_brought_up_to_date(config: Config, tmp_path: Path) -> None:
    old = tmp_path / "localchat.db"
    connection = sqlite3.connect(old)
    connection.executescript(MIGRATIONS[0])
    connection.execute("PRAGMA user_version = 1")
    now = "2026-01-01T00:00:00.000+00:00"
    connection.execute(
        "INSERT INTO conversations (id, title, created_at, updated_at) VALUES ('c', 'Old', ?, ?)", (now, now)
    )
    connection.commit()
    connection.close()
    restore(config.data, forged(tmp_path / "old.zip", {"localchat.db": old.read_bytes()}, data_version=1))
    assert titles(config) == ["Old"]


def test_an_import_and_a_deletion_meanwhile_do_not_tear_it(config: Config, tmp_path: Path) -> None:
    other = replace(config, data=tmp_path / "other")
    ended = threading.Event()
    with running(config) as services:
        add(services, "lighthouse.txt", GREEN)

        def work() -> None:
            number = 0
            while not ended.is_set():
                number += 1
                gone = add(services, f"{number}.txt", f"Note {number} about the harbour.")
                if number % 2:
                    services.library.delete(gone)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for number in range(4):
                back_up(services, tmp_path / f"{number}.zip")
        finally:
            ended.set()
            worker.join()
    for number in range(4):
        restore(other.data, tmp_path / f"{number}.zip")
        with running(other) as services:
            services.library._vectors.keep_only(services.documents.ids)
            ready = services.documents.list("ready")[0]
            assert ready
            for row in ready:
                assert len(services.library.passages(row.id, 0, 100)) == row.passages > 0
                assert services.library.path(row.id)[0].is_file()


# --- where it is written ---


@pytest.fixture
def backup(config: Config) -> Iterator[Backup]:
    with running(config) as services:
        yield services.backup


def test_without_a_name_it_goes_to_the_documents_under_the_day(
    backup: Backup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DOCUMENTS_DIR", raising=False)
    day = date(2026, 11, 21)
    assert backup.target(None, day) == tmp_path / "LocalChat-2026-11-21.zip"
    (tmp_path / "Documents").mkdir()
    assert backup.target(None, day) == tmp_path / "Documents" / "LocalChat-2026-11-21.zip"
    (tmp_path / "Documents" / "LocalChat-2026-11-21.zip").touch()
    assert backup.target(None, day) == tmp_path / "Documents" / "LocalChat-2026-11-21 2.zip"
    assert backup.target(str(tmp_path), day) == tmp_path / "LocalChat-2026-11-21.zip"


def test_only_a_backup_is_ever_written_over(backup: Backup, tmp_path: Path) -> None:
    (tmp_path / "thesis.zip").write_text("years of work")
    with pytest.raises(Conflict, match="not a backup"):
        backup.target(str(tmp_path / "thesis.zip"))
    target = tmp_path / "b.zip"
    list(backup.create(backup.target(str(target))))
    first = target.stat().st_ino
    list(backup.create(backup.target(str(target))))
    assert target.stat().st_ino != first


def test_places_that_are_none_are_refused(backup: Backup, config: Config, tmp_path: Path) -> None:
    for path in ("relative.zip", str(tmp_path / "nowhere" / "b.zip"), str(config.data / "files" / "b.zip")):
        with pytest.raises(InvalidRequest):
            backup.target(path)


def test_leaving_it_in_the_middle_leaves_nothing(backup: Backup, config: Config, tmp_path: Path) -> None:
    steps = backup.create(tmp_path / "b.zip")
    while not list(tmp_path.glob("*.part")):
        next(steps)
    with pytest.raises(Conflict):
        next(backup.create(tmp_path / "c.zip"))
    steps.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.glob("*.zip*"))
    assert not list((config.data / "tmp").iterdir())
    assert list(backup.create(tmp_path / "b.zip")), "and the next one may begin"


# --- hostile and broken files ---


def forged(path: Path, entries: dict[str, bytes], *, leave_out: str = "", **changes: Any) -> Path:
    """An archive as we write them, with a manifest that is right about `entries` unless `changes` says otherwise."""
    listed = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in entries.items()
        if name != leave_out
    ]
    manifest = {
        "format": "localchat-backup",
        "version": 1,
        "localchat": "0.1.0",
        "data_version": len(MIGRATIONS),
        "created_at": "2026-11-21T00:00:00+00:00",
        "documents": 0,
        "conversations": 0,
        "entries": listed,
        **changes,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            archive.writestr(info, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return path


def database_bytes(folder: Path, *statements: str) -> bytes:
    Database(folder / "forged.db").close()
    Database.make_single(folder / "forged.db")
    connection = sqlite3.connect(folder / "forged.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return (folder / "forged.db").read_bytes()


def with_entry(path: Path, name: str, content: bytes = b"x", **attributes: Any) -> None:
    """One more entry, which the manifest may or may not name."""
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    for key, value in attributes.items():
        setattr(info, key, value)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, content)


def repacked(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info, content)
    return target


def truncated(kept: Path, path: Path, share: float) -> Path:
    content = kept.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def flipped(kept: Path, path: Path) -> Path:
    """One bit of an original, where only the hash can tell."""
    content = bytearray(kept.read_bytes())
    content[content.index(GREEN.encode()) + 5] ^= 1
    path.write_bytes(content)
    return path


def bomb(path: Path, folder: Path) -> Path:
    forged(path, {"localchat.db": b""})
    zeros = bytes(64 * 1024**2)
    manifest = {"name": "localchat.db", "size": len(zeros), "sha256": hashlib.sha256(zeros).hexdigest()}
    said = json.loads(zipfile.ZipFile(path).read(MANIFEST))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("localchat.db", zeros)
        archive.writestr(MANIFEST, json.dumps({**said, "entries": [manifest]}))
    return path


def overlapping(path: Path) -> Path:
    """Many names for the same bytes, as the worst of bombs have them."""
    content = bytes(100_000)
    names = [f"passages.lance/{number}" for number in range(50)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(names[0], content)
        [first] = archive.infolist()
        for name in names[1:]:
            twin = zipfile.ZipInfo(name)
            twin.file_size, twin.compress_size, twin.CRC = first.file_size, first.compress_size, first.CRC
            twin.header_offset = first.header_offset
            archive.filelist.append(twin)
            archive.NameToInfo[name] = twin
        entries = [
            {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name in names
        ]
        archive.writestr(MANIFEST, json.dumps({**GOOD_MANIFEST, "entries": entries}))
    path.write_bytes(buffer.getvalue())
    return path


GOOD_MANIFEST = {
    "format": "localchat-backup",
    "version": 1,
    "localchat": "0.1.0",
    "data_version": len(MIGRATIONS),
    "created_at": "2026-11-21T00:00:00+00:00",
    "documents": 0,
    "conversations": 0,
}

NAMES = [
    "../evil",
    "/etc/evil",
    "files/../../evil",
    "files/..",
    "passages.lance/../localchat.db",
    "passages.lance/..\\..\\evil",
    "passages.lance/.hidden",
    "C:\\evil",
    "files/evil",
    "files/" + "A" * 64,
    "instance.json",
    "restore/state",
    "files/" + "a" * 64 + "/",
    "passages.lance/a\x00b",
    "passages.lance/con:stream",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_not_ours_is_refused(config: Config, tmp_path: Path, name: str) -> None:
    path = forged(tmp_path / "b.zip", {"localchat.db": database_bytes(tmp_path)})
    with_entry(path, name)
    refused(config, path, "belong|incomplete")


def test_a_link_is_refused(config: Config, tmp_path: Path) -> None:
    content = b"/etc/passwd"
    name = f"files/{hashlib.sha256(content).hexdigest()}"
    path = forged(tmp_path / "b.zip", {"localchat.db": database_bytes(tmp_path)})
    with_entry(path, name, content, external_attr=(stat.S_IFLNK | 0o777) << 16)
    refused(config, path, "link")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(
    config: Config, tmp_path: Path, full: tuple[Path, BackupDone], share: float
) -> None:
    refused(config, truncated(full[0], tmp_path / "b.zip", share), "not a whole zip file")


def test_a_bit_that_was_flipped_is_noticed(config: Config, tmp_path: Path, full: tuple[Path, BackupDone]) -> None:
    refused(config, flipped(full[0], tmp_path / "b.zip"), "damaged")


def test_content_that_was_changed_with_its_checksum_is_noticed(
    config: Config, tmp_path: Path, full: tuple[Path, BackupDone]
) -> None:
    path = repacked(full[0], tmp_path / "b.zip", lambda _, content: content.replace(b"green", b"black"))
    refused(config, path, "not what was backed up|changed")


def test_an_entry_that_is_missing_is_noticed(config: Config, tmp_path: Path, full: tuple[Path, BackupDone]) -> None:
    path = repacked(full[0], tmp_path / "b.zip", lambda name, content: None if name.startswith("files/") else content)
    refused(config, path, "incomplete")


def test_an_original_under_the_name_of_another_is_noticed(config: Config, tmp_path: Path) -> None:
    path = forged(tmp_path / "b.zip", {"localchat.db": database_bytes(tmp_path), "files/" + "a" * 64: b"x"})
    refused(config, path, "content that its name promises")


def test_bombs_are_refused_before_they_burst(config: Config, tmp_path: Path) -> None:
    refused(config, bomb(tmp_path / "b.zip", tmp_path), "fill a disk")
    refused(config, overlapping(tmp_path / "o.zip"), "fill a disk|zip file")


def test_an_entry_that_says_it_is_smaller_than_it_is_does_not_grow(config: Config, tmp_path: Path) -> None:
    real = database_bytes(tmp_path)
    path = forged(tmp_path / "b.zip", {"localchat.db": real})
    content = path.read_bytes()
    # The size in both headers; the bytes stay.
    small = content.replace(len(real).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(small)
    refused(config, path, "")


def test_what_a_newer_localchat_wrote_is_refused(config: Config, tmp_path: Path) -> None:
    whole = {"localchat.db": database_bytes(tmp_path)}
    refused(config, forged(tmp_path / "a.zip", whole, data_version=len(MIGRATIONS) + 1), "newer", NewerData)
    refused(config, forged(tmp_path / "b.zip", whole, version=2), "newer", NewerData)
    newer = {"localchat.db": database_bytes(tmp_path, "PRAGMA user_version = 999")}
    refused(config, forged(tmp_path / "c.zip", newer), "newer", NewerData)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER INSERT ON messages BEGIN DELETE FROM messages; END",
        "CREATE VIEW evil AS SELECT 1",
        "DROP INDEX messages_by_parent",
        "ALTER TABLE settings ADD COLUMN evil TEXT",
        "PRAGMA user_version = 0",
    ],
)
def test_a_database_that_is_not_ours_is_refused(config: Config, tmp_path: Path, statement: str) -> None:
    path = forged(tmp_path / "b.zip", {"localchat.db": database_bytes(tmp_path, statement)})
    refused(config, path, "not made by LocalChat")


def test_a_database_that_is_damaged_is_refused(config: Config, tmp_path: Path) -> None:
    refused(config, forged(tmp_path / "a.zip", {"localchat.db": b"no database" * 100}), "damaged")
    whole = bytearray(database_bytes(tmp_path))
    whole[5000:9000] = b"\xff" * 4000
    refused(config, forged(tmp_path / "b.zip", {"localchat.db": bytes(whole)}), "damaged|not made by")


def test_passages_that_cannot_be_opened_are_refused(config: Config, tmp_path: Path) -> None:
    entries = {
        "localchat.db": database_bytes(tmp_path),
        "passages.lance/passages.lance/_versions/18446744073709551614.manifest": b"garbage" * 100,
    }
    refused(config, forged(tmp_path / "b.zip", entries), "passages|opened")


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (b"", "manifest cannot be read"),
        (b"[" * 100_000, "manifest cannot be read"),
        (b"[]", "not a backup"),
        (json.dumps({**GOOD_MANIFEST, "format": "other"}).encode(), "not a backup"),
        (json.dumps(GOOD_MANIFEST).encode(), "manifest cannot be read"),
        (json.dumps({**GOOD_MANIFEST, "entries": [{"name": "a"}]}).encode(), "manifest cannot be read"),
        (json.dumps({**GOOD_MANIFEST, "entries": []}).encode(), "incomplete|no database"),
    ],
)
def test_a_manifest_that_is_none_is_refused(config: Config, tmp_path: Path, manifest: bytes, reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(MANIFEST, manifest)
    refused(config, tmp_path / "b.zip", reason)


def test_other_files_are_refused(config: Config, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", b"x")
    refused(config, tmp_path / "photos.zip", "not a backup of LocalChat")
    (tmp_path / "b.zip").write_bytes(os.urandom(10_000))
    refused(config, tmp_path / "b.zip", "not a whole zip file")
    refused(config, tmp_path / "nothing.zip", "There is no file")
    refused(config, tmp_path, "There is no file")
    os.mkfifo(tmp_path / "pipe.zip")
    refused(config, tmp_path / "pipe.zip", "There is no file")


def refused(config: Config, path: Path, reason: str, kind: type[LocalChatError] = RefusedBackup) -> None:
    """Refused with this reason, and nothing was touched: neither the data nor what was staged before the check."""
    if not (config.data / "localchat.db").exists():
        with running(config) as services:
            services.conversations.create("To be kept")
    before = tree(config.data)
    with pytest.raises(kind, match=f"(?s)cannot be restored.*({reason}).*Nothing was changed"):
        list(Restore(config.data).stage(str(path)))
    assert tree(config.data) == before
    assert not (config.data.parent / "evil").exists()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- killed ---

HEAD = """
    import atexit, os, signal, sys
    from pathlib import Path
    from backend import open_data
    from backend.config import Config
    data, argument, step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    config = Config(data=data, models=data, page=data, ollama_host="127.0.0.1:9")
    count = 0

    def kill():
        os.kill(os.getpid(), signal.SIGKILL)

    def kill_at(owner, *names):
        for name in names:
            wrap(owner, name, getattr(owner, name))

    def wrap(owner, name, real):
        def counted(*args, **kwargs):
            global count
            count += 1
            if count == step:
                kill()
            return real(*args, **kwargs)
        setattr(owner, name, counted)

    atexit.register(lambda: open(data.parent / "steps", "w").write(str(count)))
"""


def child(script: str, config: Config, argument: Path = Path(), step: int = 0) -> int:
    """Runs it in a process of its own, which may kill itself at a `step`; how it ended."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HEAD) + textwrap.dedent(script), config.data, argument, str(step)],
        cwd=ROOT,
        env=environment(),
        timeout=100,
        check=False,
    ).returncode


SWAP = """
    kill_at(Path, "replace", "unlink", "write_text")
    kill_at(os, "fsync", "rmdir")
    open_data(config)
"""


def test_killed_at_any_step_of_the_swap_the_next_start_has_all_of_the_new_data(
    config: Config, full: tuple[Path, BackupDone]
) -> None:
    steps = killed_at_each(config, full[0], SWAP, prepare=lambda: restore(config.data, full[0]))
    assert set(steps.values()) == {"About the harbour"}, "it was staged, so it goes on"
    assert len(steps) > 10


STAGE = """
    from backend.services.restore import Restore
    kill_at(Path, "replace", "unlink", "write_text", "mkdir", "open")
    kill_at(os, "fsync")
    list(Restore(data).stage(str(argument)))
"""


def test_killed_at_any_step_of_unpacking_the_next_start_has_all_of_the_old_or_the_new(
    config: Config, full: tuple[Path, BackupDone]
) -> None:
    steps = killed_at_each(config, full[0], STAGE, every=16)
    assert set(steps.values()) == {"To be replaced", "About the harbour"}
    order = list(steps.values())
    assert order == sorted(order, reverse=True), "once the new data is staged, it stays so"


def test_killed_while_the_old_data_is_taken_back_the_next_start_has_all_of_it(
    config: Config, full: tuple[Path, BackupDone]
) -> None:
    def prepare() -> None:
        restore(config.data, full[0])
        (config.data / "restore" / "new" / "localchat.db").write_bytes(b"rotten" * 1000)

    steps = killed_at_each(config, full[0], SWAP, prepare=prepare, every=2)
    assert set(steps.values()) == {"To be replaced"}


def killed_at_each(
    config: Config, kept: Path, script: str, *, every: int = 1, prepare: Callable[[], object] = lambda: None
) -> dict[int, str]:
    """By step: the one conversation that the next start has. Each is whole: database, originals, passages agree."""
    seen: dict[int, str] = {}
    config.data.mkdir(exist_ok=True)
    reset(config)
    prepare()
    for step in steps_of(script, config, kept, every):
        reset(config)
        prepare()
        assert child(script, config, kept, step) == -signal.SIGKILL
        open_data(config)
        open_data(config)
        database = Database(config.data / "localchat.db")
        with database.read() as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            [title] = [row["title"] for row in db.execute("SELECT title FROM conversations")]
            wanted = {row["sha256"] for row in db.execute("SELECT sha256 FROM documents")}
        database.close()
        assert {path.name for path in (config.data / "files").iterdir()} == wanted, step
        marker = config.data / "passages.lance" / "marker"
        assert marker.exists() == (title == "To be replaced"), step
        assert not (config.data / "restore").exists()
        seen[step] = title
    return seen


def steps_of(script: str, config: Config, argument: Path, every: int) -> list[int]:
    """Where to kill it: at every so many of its steps, and at each of the last."""
    assert child(script, config, argument) == 0
    steps = int((config.data.parent / "steps").read_text())
    return sorted({*range(1, steps + 1, every), *range(max(1, steps - 5), steps + 1)})


def reset(config: Config) -> None:
    """Old data that tells itself from the backup's in each of its parts."""
    Swap(config.data).discard()
    for name in ("localchat.db", "localchat.db-wal", "localchat.db-shm"):
        (config.data / name).unlink(missing_ok=True)
    for folder in ("files", "passages.lance"):
        path = config.data / folder
        if path.is_dir():
            subprocess.run(["rm", "-r", path], check=True)
        path.mkdir()
    (config.data / "passages.lance" / "marker").write_text("old")
    (config.data / "files" / ("a" * 64)).write_text("old")
    database = Database(config.data / "localchat.db")
    now = "2026-01-01T00:00:00.000+00:00"
    with database.write() as db:
        db.execute(
            "INSERT INTO conversations (id, title, created_at, updated_at) VALUES ('c', 'To be replaced', ?, ?)",
            (now, now),
        )
        db.execute(
            "INSERT INTO documents (id, sha256, filename, size, status, added_at)"
            " VALUES ('d', ?, 'old.txt', 3, 'failed', ?)",
            ("a" * 64, now),
        )
    database.close()


WRITE = """
    from backend import create_app
    services = create_app(config).extensions["localchat"]
    kill_at(Path, "replace", "open", "unlink")
    kill_at(os, "fsync", "link", "open")
    list(services.backup.create(argument))
    services.close()
"""


def test_killed_at_any_step_a_backup_is_whole_or_has_not_its_name(config: Config, tmp_path: Path) -> None:
    with running(config) as services:
        add(services, "lighthouse.txt", GREEN)
        services.conversations.create("To be kept")
    target = tmp_path / "b.zip"
    kept = 0
    for step in steps_of(WRITE, config, target, every=12):
        target.unlink(missing_ok=True)
        assert child(WRITE, config, target, step) == -signal.SIGKILL
        if target.exists():
            kept += 1
            with Archive(target) as archive:
                for entry in archive.manifest.entries:
                    assert sum(map(len, archive.pieces(entry))) == entry.size
    assert kept > 0
    # What the killed ones left does not stand in the way.
    with running(config) as services:
        back_up(services, target)
        assert [one.title for one in services.conversations.listed()[0]] == ["To be kept"]
    assert not list(tmp_path.glob("*.part"))


def test_presets_are_in_it(full: tuple[Path, BackupDone], tmp_path: Path) -> None:
    with zipfile.ZipFile(full[0]) as archive:
        archive.extract("localchat.db", tmp_path)
    assert [preset.name for preset in Presets(Database(tmp_path / "localchat.db")).list()] == ["Harbour"]
