"""The library: files arrive, wait in the queue, are brought in, and survive whatever happens.

The documents table is the queue, which the importer works on. What happens to a file is asked of the table and of the
latest progress, so any number of streams can follow it, and none has to.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.config import Config
from backend.engines.embedding import Embedding
from backend.errors import Conflict, EngineError, LocalChatError, NotFound, TooLarge, UnsupportedDocument
from backend.pipeline.readers import Attachment
from backend.pipeline.readers import Notice as ReadingNotice
from backend.pipeline.readers.formats import expected_format
from backend.services import child
from backend.services.events import (
    IDLE,
    Failure,
    FileProgress,
    FileResult,
    Idle,
    Notice,
    Progress,
    Result,
    UploadDone,
    UploadEvent,
)
from backend.services.filenames import shown_name
from backend.services.folder_scan import key
from backend.services.importing import Importer, InternalError, Stage
from backend.services.reading import Reader
from backend.stores.documents import WORKING, DocumentRow, Documents, Finished, Gone
from backend.stores.files import Files, Incoming
from backend.stores.folders import Folders, Place
from backend.stores.passage_tables import PassageStore
from backend.stores.vectors import StoredPassage

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 0.25
PRELOAD_SECONDS: Final = 3.0
"""After the start, the model and the store are loaded where there are documents: the first question then waits for
neither, nor does the window."""

STOP_SECONDS: Final = 0.9
MOST_DEPTH: Final = 5
"""Mails in mails whose attachments are documents of their own."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that came in: its row, or why it was refused. `known`: it was there already, the same bytes."""

    filename: str
    document: DocumentRow | None = None
    known: bool = False
    error: LocalChatError | None = None


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a watched folder. `elsewhere`: on another disk than the folder. `key`: the path as it is kept."""

    path: Path
    key: str
    folder_id: str | None
    elsewhere: bool = False


class Library:
    """`folders`: where files lie is kept there; without it only their content is known. `embedding`: what embeds
    passages now, where that is another than `embedder`, which counts their tokens and is made ready."""

    def __init__(
        self,
        config: Config,
        documents: Documents,
        vectors: PassageStore,
        embedder: Embedding,
        *,
        reader: Reader | None = None,
        folders: Folders | None = None,
        embedding: Callable[[], Embedding] | None = None,
    ) -> None:
        self._documents = documents
        self._vectors = vectors
        self._embedder = embedder
        self._folders = folders
        self._largest = config.max_upload
        reader = reader or Reader(child.command("read-documents"), child.environment())
        self._importer = Importer(documents, self, reader, embedding or (lambda: embedder), vectors)
        self._files = Files(config.data / "files")
        self._changed = threading.Condition()
        self._change = 0
        self._progress: dict[str, FileProgress] = {}
        self._passwords: dict[str, str] = {}
        self._put_away: set[str] = set()
        self._keeping = threading.Lock()
        self._closing = threading.Event()
        self._preload = threading.Timer(PRELOAD_SECONDS, self._load)
        self._preload.daemon = True

    def start(self) -> None:
        """Takes up what the last run left."""
        self._files.keep_only(self._documents.originals())
        waiting = self._documents.requeue_unfinished()
        if waiting:
            log.info("%d documents are taken up again", waiting)
        self._importer.start()
        if self._documents.counts().documents or self._vectors.exists:
            self._preload.start()

    def close(self) -> None:
        """Within a second; what is unfinished is taken up at the next start. Idempotent."""
        self._closing.set()
        self._preload.cancel()
        self._tell()
        self._importer.close(STOP_SECONDS)
        with self._changed:
            put_away, self._put_away = self._put_away, set()
        if put_away:
            # The rows alone: originals and passages without one go at the next start.
            self._documents.delete_many(put_away)

    # --- what comes in ---

    def receive(self) -> Incoming:
        """Where an upload is written to. Raises DiskFull, ReadOnlyData."""
        return self._files.receive()

    def keep(self, incoming: Incoming, filename: str, path: str | None = None) -> Arrival:
        """Queues the file that arrived, if it is new or failed before. Raises DiskFull, ReadOnlyData.

        path: where it lies on this computer. When it has changed since, it is the next version of its document.
        """
        name = shown_name(filename)
        try:
            with self._keeping, self._undoing([incoming]):
                if path is not None and Path(path).is_absolute() and "\x00" not in path:
                    file = FoundFile(Path(path), key(os.path.normpath(path)), None)
                    (arrival,) = self._put([(file, incoming, 0)], picked=True)
                else:
                    sha256 = self._files.keep(incoming)
                    document, new = self._documents.add(sha256, name, incoming.size)
                    arrival = Arrival(name, document, known=not new)
        finally:
            incoming.discard()
        self._queued()
        return self._tried_again(arrival)

    def keep_path(self, path: Path) -> Arrival:
        """The same for a file on this computer; what cannot be opened is refused, the others go on.

        When the file has changed since it was kept, it is the next version of its document.
        """
        (arrival,) = self.take([FoundFile(path, key(os.path.normpath(path.absolute())), None)], picked=True)
        return self._tried_again(arrival)

    def take(self, found: Sequence[FoundFile], *, picked: bool = False) -> list[Arrival]:
        """Queues files of this computer, all in one commit. Raises DiskFull, ReadOnlyData.

        picked: a person chose them, and waits.
        """
        copies: list[tuple[FoundFile, Incoming, int] | Arrival] = []
        try:
            for file in found:
                copies.append(self._copied(file))  # noqa: PERF401 - what was copied is discarded when this raises
            arrived = [copy[1] for copy in copies if not isinstance(copy, Arrival)]
            with self._keeping, self._undoing(arrived):
                return self._put(copies, picked=picked)
        finally:
            for copy in copies:
                if not isinstance(copy, Arrival):
                    copy[1].discard()
            self._queued()

    def leave(self, keys: Sequence[str]) -> None:
        """Files that are not where they were: documents that lie nowhere else go."""
        assert self._folders is not None
        with self._keeping:
            gone, moved = self._folders.remove(keys)
            self._clear(gone)
        for identity, path in moved.items():
            self._documents.rename(identity, shown_name(path))
        self._forget(gone)

    def leave_folder(self, folder_id: str) -> None:
        """The same for all files of a folder, and the folder. Raises NotFound."""
        assert self._folders is not None
        with self._keeping:
            gone = self._folders.delete(folder_id)
            self._clear(gone)
        self._forget(gone)

    # --- what is seen of it ---

    def follow(self, arrivals: Sequence[Arrival]) -> Iterator[UploadEvent | Idle]:
        """Each file in turn until it is ready or has failed. Leaving it stops nothing."""
        for arrival in arrivals:
            yield Notice(f"Processing {arrival.filename}...")
            if arrival.document is None:
                assert arrival.error is not None
                error = arrival.error
                yield Result(_refused(arrival.filename, Failure(error.code, error.message, error.details)))
                continue
            if not arrival.known:
                size = arrival.document.newest_size
                yield Progress(FileProgress(arrival.filename, arrival.document.id, "storing", size, size))
            yield from self._follow(arrival, arrival.document.id)
        yield UploadDone(self._documents.counts().documents)

    def progress(self, identity: str) -> FileProgress | None:
        """The latest of a document that is being worked on."""
        with self._changed:
            return self._progress.get(identity)

    def progress_of(self, rows: Sequence[DocumentRow]) -> dict[str, FileProgress]:
        """The same for many; of one that is queued, `total` counts those before it."""
        ahead = self._documents.waiting(row.id for row in rows if row.status == "queued")
        with self._changed:
            found = {row.id: self._progress[row.id] for row in rows if row.id in self._progress}
        for row in rows:
            if row.id in ahead and row.id not in found:
                found[row.id] = FileProgress(row.filename, row.id, "queued", 0, ahead[row.id])
        return found

    def passages(self, identity: str, offset: int, limit: int) -> list[StoredPassage]:
        """In the order of the document; nothing while it does not answer."""
        document = self._documents.get(identity)
        return self._vectors.passages(identity, offset, limit) if document.answers else []

    def around(self, identity: str, passage_id: str, before: int, after: int) -> list[StoredPassage]:
        """A passage with those before and after it; nothing when the document does not have it any more."""
        self._documents.get(identity)
        index = self._vectors.index_of(identity, passage_id)
        if index is None:
            return []
        first = max(0, index - before)
        return self.passages(identity, first, index + after + 1 - first)

    def path(self, identity: str) -> tuple[Path, DocumentRow]:
        """The original. Raises NotFound."""
        document = self._documents.get(identity)
        path = self._files.path(document.sha256)
        if not path.is_file():
            raise NotFound("The original of this document is gone from the data folder.", "original_gone")
        return path, document

    @property
    def trouble(self) -> EngineError | None:
        """Why passages wait for their embedder."""
        return self._importer.trouble

    def disk(self, originals: int) -> int:
        """Bytes of the originals, which `Counts.size` tells, and of the passages."""
        return originals + self._vectors.size()

    # --- what is done to it ---

    def delete(self, identity: str) -> None:
        """The document, its passages, its original and what it alone carries; work on it stops. Raises NotFound."""
        if identity not in self.delete_many([identity]):
            raise NotFound("There is no such document. It may have been deleted.", "document_gone")

    def delete_many(self, identities: Sequence[str]) -> Sequence[str]:
        """The same for many, in one commit each of table and passages. The ids that went, those carried among them."""
        with self._keeping:
            gone = self._documents.delete_many(identities)
            self._clear(gone)
        self._forget(gone)
        self.bring_back(identities)
        return gone.documents

    def put_away(self, identities: Sequence[str]) -> None:
        """They are about to be deleted, unless they are brought back; at the latest when LocalChat ends."""
        with self._changed:
            self._put_away.update(identities)

    def bring_back(self, identities: Sequence[str]) -> None:
        with self._changed:
            self._put_away.difference_update(identities)

    def retry(self, identity: str, password: str | None = None) -> DocumentRow:
        """Queues it again; `password` opens it. Raises NotFound, Conflict while it is being worked on."""
        document = self._documents.get(identity)
        if document.status in WORKING:
            raise Conflict(
                f"{document.filename} is being read already.", "document_is_read", filename=document.filename
            )
        with self._changed:
            # Never written down: asked for again where the work is interrupted.
            if password:
                self._passwords[identity] = password
            else:
                self._passwords.pop(identity, None)
        self._documents.queue(identity)
        self._queued()
        return self._documents.get(identity)

    def cancel(self, identity: str) -> DocumentRow:
        """Takes it off the queue, or stops the work on it. Raises NotFound, Conflict when there is none."""
        document = self._documents.get(identity)
        message = f"Reading {document.filename} was cancelled. It can be read again at any time."
        if not self._documents.cancel(identity, "Cancelled", message):
            raise Conflict(f"{document.filename} is not being read.", "document_not_read", filename=document.filename)
        self._importer.drop(identity)
        self._queued()
        return self._documents.get(identity)

    @contextmanager
    def still(self) -> Iterator[tuple[Path, Path]]:
        """The folders of the originals and of the passages; no document comes or goes while the block lasts.

        Reading and embedding go on meanwhile: only what would be written waits.
        """
        with self._keeping, self._vectors.still() as passages:
            yield self._files.folder, passages

    # --- what the importer asks ---

    def original(self, document: DocumentRow) -> Path:
        path = self._files.path(document.newest)
        # A power cut may leave less of a copy that was not made durable; it is made again.
        if not _has(path, document.newest_size) and document.path is not None:
            copied = self._copied(FoundFile(Path(document.path), document.path, None))
            if not isinstance(copied, Arrival):
                _, incoming, _ = copied
                if incoming.sha256 == document.newest:
                    self._files.keep(incoming)
                incoming.discard()
        if not _has(path, document.newest_size):
            raise NotFound("The original of this document is gone from the data folder. Add it again.", "original_gone")
        return path

    def password(self, identity: str) -> str | None:
        with self._changed:
            return self._passwords.get(identity)

    def attach(
        self, document: DocumentRow, attachments: Sequence[Attachment]
    ) -> tuple[Sequence[str], list[ReadingNotice]]:
        unread: list[str] = []
        files: list[tuple[str, str, int]] = []
        deep = self._documents.depth(document.id) >= MOST_DEPTH
        with self._keeping:
            for attachment in attachments:
                name = shown_name(attachment.name)
                if deep or not may_be_read(name):
                    unread.append(name)
                    continue
                incoming = self._files.receive()
                try:
                    incoming.write(attachment.data)
                    files.append((self._files.keep(incoming), name, incoming.size))
                finally:
                    incoming.discard()
            identities = self._documents.attach(document.id, files)
            if not identities:
                for sha256 in self._documents.unused(sha256 for sha256, _, _ in files):
                    self._files.remove(sha256)
        self._queued()
        if not unread:
            return identities, []
        message = f"{_counted(len(unread), 'attachment')} could not be read: {', '.join(unread[:10])}."
        return identities, [ReadingNotice("UnreadAttachments", len(unread), message)]

    def finish(self, finished: Sequence[Finished], write: Callable[[Sequence[Finished]], None]) -> None:
        with self._keeping:
            current = self._documents.current((one.id, one.sha256) for one in finished)
            wanted = [one for one in finished if one.id in current]
            if wanted:
                write(wanted)
                _, gone = self._documents.finish(wanted)
                self._clear(gone)
        with self._changed:
            for one in wanted:
                self._passwords.pop(one.id, None)
        if wanted:
            self._forget(gone)

    def refuse(self, document: DocumentRow, error: LocalChatError) -> None:
        self._documents.fail(document.id, error.code, error.message, document.newest, error.details)

    def report(self, document: DocumentRow, stage: Stage, done: int, total: int, seconds_left: float | None) -> None:
        trouble = self.trouble
        waiting = None if trouble is None else Failure(trouble.code, trouble.message, trouble.details)
        with self._changed:
            self._progress[document.id] = FileProgress(
                document.filename, document.id, stage, done, total, None if waiting else seconds_left, waiting
            )
        self._tell()

    def forget(self, identity: str) -> None:
        with self._changed:
            self._progress.pop(identity, None)
        self._tell()

    # --- inside ---

    def _tried_again(self, arrival: Arrival) -> Arrival:
        """Whoever adds a file again that could not be read wants it to be, and one that was put away back."""
        if arrival.document is not None:
            self.bring_back([arrival.document.id])
        if arrival.document is None or arrival.document.status != "failed":
            return arrival
        self._documents.queue(arrival.document.id)
        self._queued()
        return Arrival(arrival.filename, self._documents.find(arrival.document.id), known=arrival.known)

    def _copied(self, file: FoundFile) -> tuple[FoundFile, Incoming, int] | Arrival:
        """A copy of the file as it is now, and its time."""
        name = shown_name(file.path.name)
        incoming = self._files.receive()
        kept = False
        try:
            with file.path.open("rb") as opened:
                modified = file.path.stat().st_mtime_ns
                while piece := opened.read(1024**2):
                    if incoming.size + len(piece) > self._largest:
                        size = self._largest // 1024**2
                        return Arrival(name, error=TooLarge(f"{name} is larger than {size:,} MB. Split it."))
                    incoming.write(piece)
            kept = True
            return file, incoming, modified
        except OSError as error:
            return Arrival(name, error=_unopened(name, error))
        finally:
            if not kept:
                incoming.discard()

    def _put(self, copies: Sequence[tuple[FoundFile, Incoming, int] | Arrival], *, picked: bool) -> list[Arrival]:
        places: list[tuple[Place, str]] = []
        for copy in copies:
            if not isinstance(copy, Arrival):
                file, incoming, modified = copy
                sha256 = self._files.keep(incoming, durable=picked)
                place = Place(file.key, file.folder_id, sha256, incoming.size, modified, picked, file.elsewhere)
                places.append((place, shown_name(file.path.name)))
        if self._folders is None:
            rows = [self._documents.add(place.sha256, name, place.size) for place, name in places]
            documents: list[tuple[str | None, bool]] = [(row.id, new) for row, new in rows]
        else:
            put = self._folders.put(places, priority=int(picked))
            documents = put.documents
            for identity in put.changed:
                self._importer.drop(identity)
            self._clear(put.gone)
            for sha256 in self._documents.unused(place.sha256 for place, _ in places):
                self._files.remove(sha256)  # of a document that a person deleted
            self._forget(put.gone)
        found = iter(zip(places, documents, strict=True))
        arrivals = []
        for copy in copies:
            if isinstance(copy, Arrival):
                arrivals.append(copy)
                continue
            (_, name), (known_as, new) = next(found)
            document = self._documents.find(known_as) if known_as else None
            error = None if document else NotFound(f"{name} was deleted from your documents.")
            arrivals.append(Arrival(name, document, known=not new, error=error))
        return arrivals

    @contextmanager
    def _undoing(self, arrived: Sequence[Incoming]) -> Iterator[None]:
        """Where the rows cannot be written, as on a full disk, the originals do not stay either."""
        try:
            yield
        except BaseException:
            for sha256 in self._documents.unused(incoming.sha256 for incoming in arrived):
                self._files.remove(sha256)
            raise

    def _clear(self, gone: Gone) -> None:
        """Removes originals, under the lock: the same bytes may come again at any moment."""
        for sha256 in gone.originals:
            self._files.remove(sha256)

    def _forget(self, gone: Gone) -> None:
        """After the rows, so that a crash leaves passages that nobody finds, which the next start removes."""
        for identity in gone.documents:
            self._importer.drop(identity)
        if gone.documents:
            self._vectors.delete_many(gone.documents)
            self._tell()

    def _follow(self, arrival: Arrival, identity: str) -> Iterator[UploadEvent | Idle]:
        shown: FileProgress | None = None
        seen = -1
        while not self._closing.is_set():
            with self._changed:
                if self._change == seen:
                    self._changed.wait(IDLE_SECONDS)
                came, seen = self._change != seen, self._change
                progress = self._progress.get(identity)
            if progress is not None and progress != shown:
                shown = progress
                yield Progress(progress)
                continue
            document = self._documents.find(identity)
            if document is None:
                yield Result(_refused(arrival.filename, Failure("NotFound", f"{arrival.filename} was deleted.")))
                return
            if document.status == "failed":
                failure = Failure(
                    document.error_code or InternalError.__name__, document.error_message or "", document.error_details
                )
                yield Result(_refused(arrival.filename, failure, identity))
                return
            if document.status == "ready":
                yield Result(_added(arrival, document))
                return
            if document.status == "queued" and shown is None:
                shown = FileProgress(arrival.filename, identity, "queued", 0, self._documents.ahead_of(document))
                yield Progress(shown)
            elif not came:
                yield IDLE

    def _queued(self) -> None:
        self._importer.tell()
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._change += 1
            self._changed.notify_all()

    def _load(self) -> None:
        """What the first question would have to wait for, and what a crash in the middle of a deletion left."""
        try:
            self._embedder.load()
            self._vectors.open()
            self._vectors.keep_only(self._documents.ids)
        except Exception:
            log.exception("the search could not be prepared")


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def may_be_read(filename: str) -> bool:
    """By its name alone."""
    try:
        expected_format(filename)
    except UnsupportedDocument:
        return False
    return True


def _added(arrival: Arrival, document: DocumentRow) -> FileResult:
    if arrival.known and arrival.document is not None and arrival.document.status == "ready":
        other = "" if document.filename == arrival.filename else f" as {document.filename}"
        message = f"Already in your documents{other}; nothing was added twice."
    else:
        pages = f" from {_counted(document.pages, 'page')}" if document.pages else ""
        notices = "".join(f" {notice['message']}" for notice in document.notices)
        message = f"Added {_counted(document.passages, 'passage')}{pages}.{notices}"
    return FileResult(
        arrival.filename, success=True, message=message, document_id=document.id, passages=document.passages
    )


def _refused(filename: str, failure: Failure, identity: str | None = None) -> FileResult:
    return FileResult(
        filename,
        success=False,
        message=failure.message,
        document_id=identity,
        code=failure.error,
        details=failure.details,
    )


def _counted(count: int | None, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _unopened(name: str, error: OSError) -> NotFound:
    words = error.strerror or "it is gone"
    return NotFound(f"{name} could not be opened: {words}.", "file_not_opened", filename=name, words=words)
