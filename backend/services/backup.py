"""Everything of the user's in one file: a copy of one moment, hashed, read back, and only then given its name.

What the copy of a moment takes: the database is copied by SQLite's own backup; passages and originals are files that
are written once and never changed, so a hard link to each keeps it as it is, at no cost, however long the writing takes
and whatever is imported or deleted meanwhile. Only for these milliseconds do the importer's writes wait; reading and
embedding go on. A document whose passages came into the store but whose row does not say so yet is queued again by
whoever restores, as after a crash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Final

from backend.config import Config
from backend.errors import Conflict, DiskFull, InvalidRequest, LocalChatError, from_storage
from backend.services.archive import (
    DATABASE,
    FILES,
    PASSAGES,
    PIECE,
    About,
    Archive,
    pack,
    sync_folder,
)
from backend.services.documents import Library
from backend.services.events import BackupDone, CopyProgress, CopyStep
from backend.stores.conversations import Conversations
from backend.stores.database import MIGRATIONS, Database, check_copy
from backend.stores.documents import Documents

PART: Final = ".part"
STEP: Final = 16 * PIECE
"""Bytes between two words about the progress."""


class Backup:
    """`version`: of the program, for the manifest. One backup is written at a time."""

    def __init__(self, config: Config, database: Database, library: Library, version: str) -> None:
        self._version = version
        self._config = config
        self._database = database
        self._library = library
        self._at_work = threading.Lock()

    def target(self, path: str | None, today: date | None = None) -> Path:
        """Where it will lie: the file that is named, in a folder that is named, or in the user's documents.

        Raises InvalidRequest and Conflict where nothing may be written.
        """
        day = (today or datetime.now().astimezone().date()).isoformat()
        if path is None:
            return _free(_documents_folder() / f"LocalChat-{day}.zip")
        target = Path(path)
        if not target.is_absolute():
            raise InvalidRequest("Name the file with its whole path.", "whole_path")
        if target.is_dir():
            target = _free(target / f"LocalChat-{day}.zip")
        if not target.parent.is_dir():
            raise InvalidRequest(f"There is no folder {target.parent}.", "folder_missing", path=str(target.parent))
        if target.resolve().is_relative_to(self._config.data.resolve()):
            raise InvalidRequest(
                "A backup in the data folder would be lost with it. Choose another place.", "backup_elsewhere"
            )
        if target.exists() and not _is_backup(target):
            raise Conflict(
                f"{target} is there already and is not a backup of LocalChat. Choose another name.",
                "place_taken",
                path=str(target),
            )
        return target

    def create(self, target: Path) -> Iterator[CopyStep | BackupDone]:
        """Writes it. Leaving the iterator ends the work; the file under its own name is always a whole one.

        Raises Conflict while another is written, DiskFull, ReadOnlyData, DamagedData, RefusedBackup.
        """
        if not self._at_work.acquire(blocking=False):
            raise Conflict("A backup is being written already.", "backup_runs")
        part = target.with_name(target.name + PART)
        staging: Path | None = None
        try:
            staging = self._staging()
            yield _step("collecting", 0, 1)
            sources, about = self._collect(staging)
            total = sum(path.stat().st_size for _, path in sources)
            if shutil.disk_usage(target.parent).free < total:
                raise DiskFull(
                    f"The backup takes {total / 1e6:,.0f} MB, and there is less room in {target.parent}.",
                    "backup_no_room",
                    size=total,
                    path=str(target.parent),
                )
            with _private(part) as file:
                yield from _steps("writing", pack(file, sources, about), total)
                file.flush()
                os.fsync(file.fileno())
            yield from _steps("checking", _read_back(part), total)
            sha256 = _sha256(part)
            size = part.stat().st_size
            part.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise from_storage(error) or error from error
        finally:
            part.unlink(missing_ok=True)
            if staging is not None:
                shutil.rmtree(staging, ignore_errors=True)
            self._at_work.release()
        yield BackupDone(str(target), sha256, size, about.documents, about.conversations)

    def _staging(self) -> Path:
        # In the data folder, so that links are possible; a start throws away what a killed run left in it.
        folder = self._config.data / "tmp"
        folder.mkdir(mode=0o700, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="backup-", dir=folder))

    def _collect(self, staging: Path) -> tuple[list[tuple[str, Path]], About]:
        """The copy of this moment: name in the archive and path of each file."""
        copy = staging / DATABASE
        with self._library.still() as (originals, passages):
            self._database.copy_to(copy)
            frozen = Database(copy)
            documents = Documents(frozen)
            for sha256 in sorted(documents.originals()):
                _keep(originals / sha256, staging / FILES / sha256)
            for path in sorted(passages.rglob("*")):
                if path.is_file():
                    # Those of `_versions` are tiny, and one of them, a hint, is written over.
                    link = path.parent.name != "_versions"
                    _keep(path, staging / PASSAGES / path.relative_to(passages), link=link)
        about = About(
            localchat=self._version,
            data_version=len(MIGRATIONS),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            documents=documents.counts().documents,
            conversations=Conversations(frozen).listed(limit=1)[1],
        )
        frozen.close()
        # Opening it has put it into WAL again; the last to close it leaves one file.
        Database.make_single(copy)
        check_copy(copy)
        files = sorted(path for path in staging.rglob("*") if path.is_file())
        return [(path.relative_to(staging).as_posix(), path) for path in files], about


def _keep(path: Path, target: Path, *, link: bool = True) -> None:
    """The file as it is now. One that is gone from the disk cannot be kept; its document says so when it is opened."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if not link:
            raise OSError
        os.link(path, target)
    except FileNotFoundError:
        return
    except OSError:
        # A disk without links, such as an exFAT stick.
        shutil.copyfile(path, target)


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read; what a killed run left under this name goes."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "w+b")


def _read_back(path: Path) -> Iterator[int]:
    with Archive(path) as archive:
        for entry in archive.manifest.entries:
            yield from map(len, archive.pieces(entry))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _step(stage: str, done: int, total: int) -> CopyStep:
    return CopyStep(CopyProgress(stage, done, total))  # type: ignore[arg-type]


def _steps(stage: str, pieces: Iterator[int], total: int) -> Iterator[CopyStep]:
    yield _step(stage, 0, total)
    done = said = 0
    for size in pieces:
        done += size
        if done - said >= STEP:
            said = done
            yield _step(stage, done, total)
    yield _step(stage, done, total)


def _is_backup(path: Path) -> bool:
    try:
        with Archive(path):
            return True
    except LocalChatError:
        return False


def _documents_folder() -> Path:
    from platformdirs import user_documents_path

    folder = user_documents_path()
    return folder if folder.is_dir() else Path.home()


def _free(path: Path, taken: Callable[[Path], bool] = Path.exists) -> Path:
    free, number = path, 1
    while taken(free):
        number += 1
        free = path.with_name(f"{path.stem} {number}{path.suffix}")
    return free
