"""Watched folders: what comes, changes, moves and goes in them is in the documents within seconds.

The system tells what has changed; a look at the whole folder, at the start and now and then, finds what it did not
tell. Whether a file has changed is decided by its content. A folder that is not there, or is empty all at once, is a
disk that was unplugged: nothing is deleted.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from backend.errors import Conflict, InvalidRequest, LocalChatError, NotFound
from backend.services.documents import FoundFile, Library, may_be_read
from backend.services.folder_scan import IGNORE, Seen, key, scan, within
from backend.stores.folders import FolderRow, Folders, Place

log = logging.getLogger(__name__)

State = Literal["scanning", "watching", "missing"]

START_SECONDS: Final = 2.0
"""After the start, so that the window need not wait for the disk."""

QUIET_SECONDS: Final = 0.4
"""A file is taken when nothing has happened to it for so long: programs write in several steps."""

LONGEST_QUIET_SECONDS: Final = 1.5
LOOK_SECONDS: Final = 2.0
"""How often it is asked whether a folder is there."""

UNWATCHED_SECONDS: Final = 10.0
"""How often the whole of a folder is looked at that the system does not watch: too many folders, or a network disk."""

WATCHED_SECONDS: Final = 600.0
TURNOVER: Final = 3
"""So many files do not go all together unless their disk does."""

NOWHERE: Final = (0, 0)
BATCH: Final = 50
"""Files that are queued in one commit."""

BATCH_BYTES: Final = 64 * 1024**2
STOP_SECONDS: Final = 0.5


@dataclass(slots=True)
class Watched:
    """What is known of a folder beside its row. `left`: files of kinds that are not read; `closed`: not allowed to."""

    row: FolderRow
    state: State = "scanning"
    left: int = 0
    closed: int = 0
    error: LocalChatError | None = None
    watch: Any = None
    identity: tuple[int, int] = NOWHERE
    due: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class FolderView:
    row: FolderRow
    state: State
    left: int
    closed: int
    error: LocalChatError | None


class WatchedFolders:
    def __init__(self, library: Library, folders: Folders, data: Path) -> None:
        self._library = library
        self._folders = folders
        self._data = str(data)
        self._watched: dict[str, Watched] = {}
        self._changed = threading.Condition()
        self._dirty: dict[str, tuple[float, float]] = {}
        self._closing = False
        self._delay = 0.0
        self._observer: Any = None
        self._thread = threading.Thread(target=self._work, name="folders", daemon=True)

    def start(self) -> None:
        for row in self._folders.list():
            self._watched[row.id] = Watched(row)
        if self._watched:
            self._delay = START_SECONDS
            self._thread.start()

    def close(self) -> None:
        """Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    # --- what people do ---

    def add(self, path: str) -> FolderView:
        """Watched from now on. Raises InvalidRequest (no such folder), Conflict (it is part of another)."""
        given = Path(path).expanduser()
        if not given.is_absolute() or "\x00" in path:
            raise InvalidRequest("Name the folder with its whole path.", "folder_whole_path")
        root = os.path.normpath(given)
        try:
            if not Path(root).is_dir():
                raise InvalidRequest(f"There is no folder {root}.", "folder_missing", path=root)
            os.scandir(root).close()
        except OSError as error:
            words = error.strerror or "it is gone"
            raise InvalidRequest(
                f"{root} cannot be opened: {words}.", "folder_not_opened", path=root, words=words
            ) from error
        if within(root, self._data):
            raise Conflict("This is LocalChat's own folder. Choose one of yours.", "folder_of_ours")
        for row in self._folders.list():
            if within(root, row.path) or within(row.path, root):
                raise Conflict(
                    f"{row.path} is among your folders already, and they would overlap.",
                    "folder_overlaps",
                    path=row.path,
                )
        watched = Watched(self._folders.add(key(root)))
        with self._changed:
            self._watched[watched.row.id] = watched
            if not self._thread.is_alive() and not self._closing:
                self._thread.start()
            self._changed.notify_all()
        return self.get(watched.row.id)

    def delete(self, identity: str) -> None:
        """The folder is left alone; its documents go, but for those that lie elsewhere too. Raises NotFound."""
        with self._changed:
            watched = self._watched.pop(identity, None)
        if watched is None:
            raise NotFound("There is no such folder.", "folder_gone")
        self._unwatch(watched)
        # A scan under way ends first: what it queues must go too.
        with watched.lock:
            self._library.leave_folder(identity)

    def look_again(self, identity: str) -> FolderView:
        """The whole of it, now. Raises NotFound."""
        with self._changed:
            watched = self._watched.get(identity)
            if watched is None:
                raise NotFound("There is no such folder.", "folder_gone")
            watched.due = 0.0
            if watched.state == "watching":
                watched.state = "scanning"
            self._changed.notify_all()
        return self.get(identity)

    def views(self) -> list[FolderView]:
        """By path."""
        rows = self._folders.list()
        with self._changed:
            known = [(row, self._watched.get(row.id)) for row in rows]
        return [FolderView(row, one.state, one.left, one.closed, one.error) for row, one in known if one is not None]

    def get(self, identity: str) -> FolderView:
        """Raises NotFound."""
        found = next((view for view in self.views() if view.row.id == identity), None)
        if found is None:
            raise NotFound("There is no such folder.", "folder_gone")
        return found

    # --- the thread ---

    def _work(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing, self._delay)
        while True:
            with self._changed:
                if not self._closing:
                    self._changed.wait(self._pause())
                if self._closing:
                    return
                watched = list(self._watched.values())
                dirty = self._settled()
            for one in watched:
                try:
                    self._attend(one, [path for path in dirty if within(path, one.row.path)])
                    one.error = None
                except LocalChatError as error:
                    one.error = error
                    one.due = time.monotonic() + UNWATCHED_SECONDS
                except Exception:
                    log.exception("a folder could not be looked at")
                    one.due = time.monotonic() + UNWATCHED_SECONDS

    def _pause(self) -> float:
        """Seconds until there is something to do; under the lock."""
        now = time.monotonic()
        dues = [one.due for one in self._watched.values() if one.state != "missing"]
        dues += [min(last + QUIET_SECONDS, first + LONGEST_QUIET_SECONDS) for first, last in self._dirty.values()]
        return max(0.0, min([LOOK_SECONDS, *(due - now for due in dues)]))

    def _settled(self) -> list[str]:
        """The paths that something has happened to and nothing happens to any more; under the lock."""
        now = time.monotonic()
        settled = [
            path
            for path, (first, last) in self._dirty.items()
            if now >= last + QUIET_SECONDS or now >= first + LONGEST_QUIET_SECONDS
        ]
        for path in settled:
            del self._dirty[path]
        return settled

    def _attend(self, watched: Watched, dirty: Sequence[str]) -> None:
        root = watched.row.path
        identity = _identity(root)
        if identity != watched.identity:
            # Unplugged, plugged in again, or another under the same name: what watches the old one hears nothing.
            self._unwatch(watched)
            watched.identity, watched.due = identity, 0.0
        if identity == NOWHERE:
            watched.state = "missing"
            return
        if time.monotonic() >= watched.due or any(path.endswith(os.sep + IGNORE) for path in dirty):
            # First watched, then looked at: what happens in between is seen twice, and not never.
            self._watch(watched)
            there = self._look(watched, [root])
            watched.state = "watching" if there else "missing"
            quick = watched.watch is None or not there
            watched.due = time.monotonic() + (UNWATCHED_SECONDS if quick else WATCHED_SECONDS)
        elif dirty:
            self._look(watched, _outermost(dirty))

    def _look(self, watched: Watched, starts: Sequence[str]) -> bool:
        """Compares what lies there with what is known, and queues the difference; False: the folder is not there."""
        row = watched.row
        whole = starts == [row.path]
        known = self._folders.places(row.id)
        seen: dict[str, Seen] = {}
        closed: list[str] = []
        for start in starts:
            try:
                found = scan(row.path, start, [self._data])
            except FileNotFoundError:
                return False
            except OSError as error:
                words = error.strerror or "it is gone"
                raise NotFound(
                    f"{row.path} cannot be opened: {words}.", "folder_not_opened", path=row.path, words=words
                ) from error
            seen.update((file.key, file) for file in found.files)
            closed.extend(found.closed)
        readable = [file for file in seen.values() if may_be_read(file.path.name)]
        if whole:
            watched.left, watched.closed = len(seen) - len(readable), len(closed)
            if len(known) >= TURNOVER and not any(path in seen for path in known):
                # An unplugged disk leaves an empty folder, another one has other files: no folder changes so at once.
                return False
        # What the system told of is read again even where size and time are as before.
        changed = [file for file in readable if not whole or _differs(file, known.get(file.key))]
        with watched.lock:
            self._take(watched, changed)
            if row.id in self._watched:
                inside = [path for path in known if whole or any(within(path, key(start)) for start in starts)]
                gone = [path for path in inside if path not in seen and not any(within(path, shut) for shut in closed)]
                self._leave(row.path, [known[path] for path in gone])
        return True

    def _take(self, watched: Watched, files: Sequence[Seen]) -> None:
        for batch in _batches(files):
            if self._closing or watched.row.id not in self._watched:
                return
            arrivals = self._library.take(
                [FoundFile(file.path, file.key, watched.row.id, file.elsewhere) for file in batch]
            )
            watched.closed += sum(1 for arrival in arrivals if arrival.document is None and not arrival.known)

    def _leave(self, root: str, gone: Sequence[Place]) -> None:
        lost = [place.path for place in gone if not (place.elsewhere and _was_mounted(root, place.path))]
        if lost and not self._closing and os.path.isdir(root):  # noqa: PTH112
            self._library.leave(lost)

    # --- what the system tells ---

    def _watch(self, watched: Watched) -> None:
        if watched.watch is not None or self._closing:
            return
        from watchdog.observers import Observer

        if self._observer is None:
            self._observer = Observer()
            self._observer.daemon = True
            self._observer.start()
        try:
            watched.watch = self._observer.schedule(_handler(self._tell), watched.row.path, recursive=True)
        except OSError as error:
            # The system has a limit of watches; the folder is looked at every few seconds instead.
            log.info("a folder is not watched: %s", error.strerror)

    def _unwatch(self, watched: Watched) -> None:
        watch, watched.watch = watched.watch, None
        if watch is not None and self._observer is not None:
            try:
                self._observer.unschedule(watch)
            except (KeyError, OSError):
                log.info("a folder was not watched any more")

    def _tell(self, paths: Iterable[str]) -> None:
        now = time.monotonic()
        with self._changed:
            for path in paths:
                first, _ = self._dirty.get(path, (now, now))
                self._dirty[path] = (first, now)
            self._changed.notify_all()


def _handler(tell: Callable[[Iterable[str]], None]) -> Any:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            # A folder counts as changed with each file in it, which is told of by itself; reading changes nothing.
            if event.event_type in ("opened", "closed_no_write") or (
                event.is_directory and event.event_type == "modified"
            ):
                return
            tell([os.fsdecode(path) for path in (event.src_path, event.dest_path) if path])

    return Handler()


def _identity(root: str) -> tuple[int, int]:
    """Device and number of a folder; NOWHERE when there is none."""
    try:
        info = os.stat(root)  # noqa: PTH116
    except OSError:
        return NOWHERE
    return (info.st_dev, info.st_ino) if stat.S_ISDIR(info.st_mode) else NOWHERE


def _differs(file: Seen, place: Place | None) -> bool:
    return place is None or (place.size, place.modified) != (file.size, file.modified)


def _outermost(paths: Iterable[str]) -> list[str]:
    """Without those that lie in others among them."""
    kept: list[str] = []
    for path in sorted(paths):
        if not kept or not within(path, kept[-1]):
            kept.append(path)
    return kept


def _batches(files: Sequence[Seen]) -> Iterable[list[Seen]]:
    batch: list[Seen] = []
    size = 0
    for file in files:
        if batch and (len(batch) == BATCH or size + file.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _was_mounted(root: str, path: str) -> bool:
    """Whether the disk that the file lay on is gone: what is left of its path is on the folder's own."""
    at = Path(path).parent
    while not at.exists() and within(str(at), root):
        at = at.parent
    try:
        return at.stat().st_dev == Path(root).stat().st_dev
    except OSError:
        return True
