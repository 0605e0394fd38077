"""The originals: `files/<sha-256>`, written whole or not at all. A document's own name is never a path on the disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import Final

from backend.errors import from_storage

INCOMING: Final = "incoming-"
ORIGINAL: Final = re.compile(r"[0-9a-f]{64}")


class Incoming:
    """A file that is arriving: hashed while it is written to a temporary place in the same folder.

    `write` raises DiskFull or ReadOnlyData, and nothing is left behind once `discard` was called.
    """

    def __init__(self, folder: Path) -> None:
        self._hash = hashlib.sha256()
        self.size = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=INCOMING, dir=folder)
        except OSError as error:
            raise from_storage(error) or error from error
        self.path = Path(name)
        self._file = os.fdopen(handle, "wb")

    def write(self, data: bytes) -> int:
        try:
            self._file.write(data)
        except OSError as error:
            raise from_storage(error) or error from error
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def finish(self, *, durable: bool = True) -> None:
        """Everything is on the disk when this returns, if it is to be durable; else it is the system's to write."""
        try:
            self._file.flush()
            if durable:
                os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise from_storage(error) or error from error

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self) -> Incoming:
        return Incoming(self._folder)

    def keep(self, incoming: Incoming, *, durable: bool = True) -> str:
        """Gives the arrived file its name, its SHA-256, which is returned.

        durable: on the disk when this returns; a copy of what lies elsewhere can be made again.
        """
        try:
            incoming.finish(durable=durable)
            incoming.path.replace(self.path(incoming.sha256))
            if durable:
                self._sync_folder()
        except OSError as error:
            raise from_storage(error) or error from error
        return incoming.sha256

    @property
    def folder(self) -> Path:
        return self._folder

    def path(self, sha256: str) -> Path:
        return self._folder / sha256

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def keep_only(self, originals: Container[str]) -> None:
        """Removes what a crash left: unfinished uploads, and originals whose documents are gone or never came."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name.startswith(INCOMING) or (ORIGINAL.fullmatch(path.name) and path.name not in originals):
                path.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        """On POSIX a rename is on the disk only when its folder is."""
        if os.name != "posix":
            return
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
