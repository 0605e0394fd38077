"""A backup becomes the data again: all of it is checked while it is unpacked beside the present data, which stays.

Nothing that runs is touched. The new data takes its place at the next start, before anything is opened
(`backend.stores.swap`), because whoever runs has the database, the passages and their own idea of both in memory; a
swap under them is what would have to be made sound, and a start needs nothing made.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from backend.errors import Conflict, DiskFull, InvalidRequest, LocalChatError, NewerData, RefusedBackup, from_storage
from backend.services.archive import DATABASE, PASSAGES, PIECE, Archive, Entry, Manifest
from backend.services.events import CopyProgress, CopyStep, RestoreDone
from backend.stores.database import MIGRATIONS, check_copy
from backend.stores.swap import Swap
from backend.stores.vectors import Vectors

STEP: Final = 16 * PIECE
SPARE: Final = 64 * PIECE
"""Bytes of the disk that are left free."""


@dataclass(frozen=True, slots=True)
class Staged:
    """The backup that the next start will take."""

    path: str
    created_at: str
    documents: int
    conversations: int


class Restore:
    def __init__(self, data: Path) -> None:
        self._swap = Swap(data)
        self._data = data
        self._at_work = threading.Lock()

    def stage(self, path: str) -> Iterator[CopyStep | RestoreDone]:
        """Checks and unpacks; the next start takes it. Leaving the iterator before its end leaves nothing behind.

        Raises RefusedBackup (with the reason), NewerData, DiskFull, Conflict while another is unpacked; what is plain
        from the file's outside at once, the rest from the iterator.
        """
        source = Path(path)
        if not source.is_absolute():
            raise InvalidRequest("Name the file with its whole path.", "whole_path")
        with _explaining(source), Archive(source):
            pass
        return self._unpacked(source)

    def _unpacked(self, source: Path) -> Iterator[CopyStep | RestoreDone]:
        if not self._at_work.acquire(blocking=False):
            raise Conflict("A backup is being unpacked already.", "restore_runs")
        try:
            with _explaining(source):
                yield from self._stage(source)
        finally:
            self._at_work.release()

    @property
    def unfinished(self) -> bool:
        """An earlier one was cut off while the data was swapped; opening the data ends it."""
        return self._swap.pending and not self._swap.staged

    def staged(self) -> Staged | None:
        """What waits for the next start."""
        try:
            said = json.loads(self._swap.note.read_text(encoding="utf-8")) if self._swap.staged else None
        except (OSError, ValueError):
            return None
        return Staged(**said) if said else None

    def discard(self) -> None:
        """The present data stays after all. Raises Conflict while a backup is unpacked."""
        if not self._at_work.acquire(blocking=False):
            raise Conflict("A backup is being unpacked. Wait until that has ended.", "restore_runs")
        try:
            self._swap.discard()
        finally:
            self._at_work.release()

    def _stage(self, source: Path) -> Iterator[CopyStep | RestoreDone]:
        with Archive(source) as archive:
            manifest = archive.manifest
            if manifest.data_version > len(MIGRATIONS):
                raise NewerData("It was written by a newer LocalChat. Install that one.", "backup_newer")
            # Before what was staged earlier is thrown away.
            if shutil.disk_usage(self._data).free < manifest.size + SPARE:
                raise DiskFull(
                    f"Unpacking takes {manifest.size / 1e6:,.0f} MB, and there is less room in {self._data}.",
                    "restore_no_room",
                    size=manifest.size,
                    path=str(self._data),
                )
            new = self._swap.begin()
            whole = False
            try:
                yield from _unpack(archive, new)
                _check(new)
                staged = Staged(str(source), manifest.created_at, manifest.documents, manifest.conversations)
                self._swap.note.write_text(json.dumps(asdict(staged)), encoding="utf-8")
                self._swap.stage()
                whole = True
            finally:
                if not whole:
                    self._swap.discard()
        yield RestoreDone(staged.path, staged.created_at, staged.documents, staged.conversations)


@contextmanager
def _explaining(source: Path) -> Iterator[None]:
    """Says of which file, and that nothing has happened."""
    try:
        yield
    except NewerData as error:
        raise NewerData(_unchanged(source, error), "backup_newer") from error
    except RefusedBackup as error:
        raise RefusedBackup(_unchanged(source, error), "backup_refused", filename=source.name) from error
    except OSError as error:
        raise from_storage(error) or error from error


def _unchanged(source: Path, error: NewerData | RefusedBackup) -> str:
    return f"{source.name} cannot be restored. {error.message} Nothing was changed."


def _unpack(archive: Archive, folder: Path) -> Iterator[CopyStep]:
    manifest: Manifest = archive.manifest
    done = said = 0
    yield CopyStep(CopyProgress("unpacking", 0, manifest.size))
    for entry in manifest.entries:
        with _open(folder, entry) as file:
            for piece in archive.pieces(entry):
                file.write(piece)
                done += len(piece)
                if done - said >= STEP:
                    said = done
                    yield CopyStep(CopyProgress("unpacking", done, manifest.size))
    yield CopyStep(CopyProgress("checking", manifest.size, manifest.size))


def _open(folder: Path, entry: Entry) -> IO[bytes]:
    # `Archive` has refused every name that is not one of ours, so it stays in the folder.
    path = folder / entry.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("xb")


def _check(folder: Path) -> None:
    """Whether LocalChat can open it: hashes say that it is what was packed, not that it was packed by us."""
    try:
        check_copy(folder / DATABASE)
        # One of each embedder.
        for table in sorted((folder / PASSAGES).glob("*.lance")):
            Vectors(folder / PASSAGES, table.stem).count()
    except NewerData:
        raise
    except LocalChatError as error:
        raise RefusedBackup(error.message) from error
    except Exception as error:
        raise RefusedBackup("Its passages cannot be opened.") from error
