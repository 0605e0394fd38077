"""Other data in the place of the present: unpacked beside it, moved in at a start, and moved out again if it fails.

All of it lies in `restore/` inside the data folder, which is the only place sure to be on the same disk and writable;
so each move is one rename. `restore/state` says how far it has come, and is replaced only when what it says is on the
disk. A start that finds it goes on from there, so a process that is killed anywhere leaves, at the next start, either
the old data or the new:

    (none)     new data is being unpacked into `new/`; a start throws it away
    staged     `new/` is whole. A start moves the old data to `old/` …
    retired    … and the new data in
    moved      it is opened now; the old data is kept until it was
    rejected   it could not be opened: it is moved out to `failed/` …
    returning  … and the old data back
    done       what is left is thrown away
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from backend.errors import Conflict, from_storage

FOLDER: Final = "restore"
STATE: Final = "state"
PARTS: Final = (
    # The log first: beside a database that it does not belong to it would destroy it.
    "localchat.db-wal",
    "localchat.db-shm",
    "localchat.db-journal",
    "localchat.db",
    "files",
    "passages.lance",
)
"""What is swapped. Logs, models and the place of the window stay."""


class Swap:
    """Of one data folder. Only who holds that folder may call more than `pending`."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder = data / FOLDER

    @property
    def pending(self) -> bool:
        """Quick: asked at each start."""
        return self._folder.is_dir()

    @property
    def staged(self) -> bool:
        """New data waits for the next start."""
        return self._state() == "staged"

    @property
    def note(self) -> Path:
        """A file for whoever stages, to say what it is."""
        return self._folder / "about.json"

    def begin(self) -> Path:
        """An empty folder to unpack into; what was staged before is thrown away. Raises Conflict amid a swap."""
        if self._state() not in (None, "staged", "done"):
            raise Conflict("An earlier restore has not come to its end. Start LocalChat once, and try again.")
        self.discard()
        new = self._folder / "new"
        new.mkdir(mode=0o700, parents=True)
        return new

    def stage(self) -> None:
        """From now on the next start takes the new data."""
        for folder, _, files in os.walk(self._folder / "new", topdown=False):
            for name in files:
                _sync(Path(folder, name))
            _sync(Path(folder))
        self._set("staged")

    def discard(self) -> None:
        """The present data stays."""
        (self._folder / STATE).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def advance(self) -> bool:
        """Goes on from wherever the last run came; True when the data is new and has yet to prove itself.

        Raises ReadOnlyData, DiskFull; the next start then goes on again.
        """
        try:
            state = self._state()
            if state in (None, "done"):
                self.discard()
            if state == "staged":
                self._move(self._data, self._folder / "old")
                state = self._set("retired")
            if state == "retired":
                self._move(self._folder / "new", self._data)
                state = self._set("moved")
            if state in ("rejected", "returning"):
                self.roll_back()
        except OSError as error:
            raise from_storage(error) or error from error
        return state == "moved"

    def roll_back(self) -> None:
        """The old data back in its place."""
        if self._state() != "returning":
            self._set("rejected")
            self._move(self._data, self._folder / "failed")
            self._set("returning")
        self._move(self._folder / "old", self._data)
        self.settle()

    def settle(self) -> None:
        """What lies in the data folder is kept; the rest goes."""
        self._set("done")
        self.discard()

    def _move(self, source: Path, target: Path) -> None:
        """What was moved before a crash is not there any more, and is left where it is."""
        target.mkdir(mode=0o700, exist_ok=True)
        for name in PARTS:
            if (source / name).exists():
                (source / name).replace(target / name)
        _sync(target)
        if source.is_dir():
            _sync(source)

    def _state(self) -> str | None:
        try:
            return (self._folder / STATE).read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def _set(self, state: str) -> str:
        part = self._folder / f"{STATE}.part"
        part.write_text(state, encoding="ascii")
        _sync(part)
        part.replace(self._folder / STATE)
        _sync(self._folder)
        return state


def _sync(path: Path) -> None:
    """Onto the disk. Windows has no such thing for a folder, and writes its renames in order."""
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
