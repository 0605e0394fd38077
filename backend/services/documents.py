"""The library: files arrive, wait in the queue, are brought in one after another, and survive whatever happens.

The documents table is the queue; one thread works on it. What happens to a file is asked of the table and of the
latest progress, so any number of streams can follow it, and none has to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.config import Config
from backend.engines.embedder import Embedder
from backend.errors import Conflict, LocalChatError, NotFound
from backend.services import child
from backend.services.events import (
    IDLE,
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
from backend.services.importing import Cancelled, Imported, Importer, Stage
from backend.services.reading import Reader
from backend.stores.documents import WORKING, DocumentRow, Documents
from backend.stores.files import Files, Incoming
from backend.stores.vectors import StoredPassage, Vectors

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 0.25
WARM_SECONDS: Final = 30.0
"""How long the reader's process stays after its last file."""

PRELOAD_SECONDS: Final = 3.0
"""After the start, the model and the store are loaded where there are documents: the first question then waits for
neither, nor does the window."""

OPTIMIZE_EVERY: Final = 20
STOP_SECONDS: Final = 0.9


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that came in: its row, or why it was refused. `known`: it was there already, the same bytes."""

    filename: str
    document: DocumentRow | None = None
    known: bool = False
    error: LocalChatError | None = None


class Library:
    def __init__(
        self, config: Config, documents: Documents, vectors: Vectors, embedder: Embedder, reader: Reader | None = None
    ) -> None:
        self._documents = documents
        self._vectors = vectors
        self._embedder = embedder
        self._reader = reader or Reader(child.command("read-documents"), child.environment())
        self._importer = Importer(self._reader, embedder, vectors)
        self._files = Files(config.data / "files")
        self._changed = threading.Condition()
        self._change = 0
        self._progress: dict[str, FileProgress] = {}
        self._notes: dict[str, str] = {}
        self._keeping = threading.Lock()
        self._closing = threading.Event()
        self._worker = threading.Thread(target=self._work, name="documents", daemon=True)
        self._preload = threading.Timer(PRELOAD_SECONDS, self._load)
        self._preload.daemon = True

    def start(self) -> None:
        """Takes up what the last run left."""
        self._files.remove_unfinished()
        waiting = self._documents.requeue_unfinished()
        if waiting:
            log.info("%d documents are taken up again", waiting)
        self._worker.start()
        if self._documents.counts().documents:
            self._preload.start()

    def close(self) -> None:
        """Within a second; what is unfinished is taken up at the next start. Idempotent."""
        self._closing.set()
        self._preload.cancel()
        self._tell()
        self._reader.stop()
        if self._worker.is_alive():
            self._worker.join(STOP_SECONDS)
        self._reader.stop()

    # --- what comes in ---

    def receive(self) -> Incoming:
        """Where an upload is written to. Raises DiskFull, ReadOnlyData."""
        return self._files.receive()

    def keep(self, incoming: Incoming, filename: str) -> Arrival:
        """Queues the file that arrived, if it is new or failed before. Raises DiskFull, ReadOnlyData."""
        name = shown_name(filename)
        try:
            with self._keeping:
                sha256 = self._files.keep(incoming)
                document, new = self._documents.add(sha256, name, incoming.size)
                if document.status == "failed":
                    self._documents.queue(document.id)
                    document = self._documents.get(document.id)
        finally:
            incoming.discard()
        self._tell()
        return Arrival(name, document, known=not new)

    def keep_path(self, path: Path) -> Arrival:
        """The same for a file on this computer; what cannot be opened is refused, the others go on."""
        incoming = self._files.receive()
        try:
            with path.open("rb") as file:
                while piece := file.read(1024**2):
                    incoming.write(piece)
        except OSError as error:
            incoming.discard()
            name = shown_name(path.name)
            return Arrival(name, error=_unopened(name, error))
        except LocalChatError:
            incoming.discard()
            raise
        return self.keep(incoming, path.name)

    # --- what is seen of it ---

    def follow(self, arrivals: Sequence[Arrival]) -> Iterator[UploadEvent | Idle]:
        """Each file in turn until it is ready or has failed. Leaving it stops nothing."""
        for arrival in arrivals:
            yield Notice(f"Processing {arrival.filename}...")
            if arrival.document is None:
                assert arrival.error is not None
                yield Result(_refused(arrival.filename, arrival.error.code, arrival.error.message))
                continue
            if not arrival.known:
                size = arrival.document.size
                yield Progress(FileProgress(arrival.filename, arrival.document.id, "storing", size, size))
            yield from self._follow(arrival, arrival.document.id)
        yield UploadDone(self._documents.counts().documents)

    def progress(self, identity: str) -> FileProgress | None:
        """The latest of a document that is being worked on."""
        with self._changed:
            return self._progress.get(identity)

    def passages(self, identity: str, offset: int, limit: int) -> list[StoredPassage]:
        """In the order of the document; nothing while it is not ready."""
        document = self._documents.get(identity)
        return self._vectors.passages(identity, offset, limit) if document.status == "ready" else []

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

    # --- what is done to it ---

    def delete(self, identity: str) -> None:
        """The document, its passages and its original; work on it stops. Raises NotFound."""
        with self._keeping:
            document = self._documents.delete(identity)
            if document is None:
                raise NotFound("There is no such document. It may have been deleted.", "document_gone")
            self._files.remove(document.sha256)
        self._tell()
        # The worker does the same for a document that it has just stored and whose row is gone.
        self._vectors.delete(identity)

    def retry(self, identity: str) -> DocumentRow:
        """Queues it again. Raises NotFound, Conflict while it is being worked on."""
        document = self._documents.get(identity)
        if document.status in WORKING:
            raise Conflict(
                f"{document.filename} is being read already.", "document_is_read", filename=document.filename
            )
        self._documents.queue(identity)
        self._tell()
        return self._documents.get(identity)

    @contextmanager
    def still(self) -> Iterator[tuple[Path, Path]]:
        """The folders of the originals and of the passages; no document comes or goes while the block lasts.

        Reading and embedding go on meanwhile: only what would be written waits.
        """
        with self._keeping, self._vectors.still() as passages:
            yield self._files.folder, passages

    # --- inside ---

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
                yield Result(_refused(arrival.filename, "NotFound", f"{arrival.filename} was deleted."))
                return
            if document.status == "failed":
                yield Result(_refused(arrival.filename, document.error_code, document.error_message or "", identity))
                return
            if document.status == "ready":
                yield Result(self._added(arrival, document))
                return
            if document.status == "queued" and shown is None:
                shown = FileProgress(arrival.filename, identity, "queued", 0, self._documents.ahead_of(document))
                yield Progress(shown)
            elif not came:
                yield IDLE

    def _added(self, arrival: Arrival, document: DocumentRow) -> FileResult:
        if arrival.known and arrival.document is not None and arrival.document.status == "ready":
            other = "" if document.filename == arrival.filename else f" as {document.filename}"
            message = f"Already in your documents{other}; nothing was added twice."
        else:
            pages = f" from {_counted(document.pages, 'page')}" if document.pages else ""
            message = f"Added {_counted(document.passages, 'passage')}{pages}.{self._notes.get(document.id, '')}"
        return FileResult(
            arrival.filename, success=True, message=message, document_id=document.id, passages=document.passages
        )

    def _tell(self) -> None:
        with self._changed:
            self._change += 1
            self._changed.notify_all()

    def _work(self) -> None:
        done = 0
        idle_since = time.monotonic()
        while not self._closing.is_set():
            with self._changed:
                seen = self._change
            try:
                document = self._documents.next_queued()
                if document is not None:
                    self._bring_in(document)
                    done += 1
                if done and (document is None or done >= OPTIMIZE_EVERY):
                    done = 0
                    self._vectors.optimize()
            except Exception:
                log.exception("the queue of documents failed")
                document = None
            if document is not None:
                idle_since = time.monotonic()
                continue
            if time.monotonic() - idle_since > WARM_SECONDS:
                self._reader.stop()
            with self._changed:
                if self._change == seen and not self._closing.is_set():
                    self._changed.wait(WARM_SECONDS if self._reader.pid else None)

    def _bring_in(self, document: DocumentRow) -> None:
        identity = document.id
        report = _Reports(self, document)

        def cancelled() -> bool:
            return self._closing.is_set() or self._documents.find(identity) is None

        try:
            if not self._documents.move(identity, "reading"):
                return
            path = self._files.path(document.sha256)
            if not path.is_file():
                raise NotFound(
                    "The original of this document is gone from the data folder. Add it again.", "original_gone"
                )
            imported = self._importer.run(identity, path, document.filename, report, cancelled)
            self._note(identity, imported)
            if not self._documents.ready(identity, imported.pages, imported.passages):
                self._vectors.delete(identity)
        except Cancelled:
            pass
        except LocalChatError as error:
            # A reader that was stopped because we close has not failed.
            if not cancelled():
                log.info("a document was refused: %s", error.code)
                self._documents.fail(identity, error.code, error.message)
        except Exception:
            log.exception("a document could not be brought in")
            self._documents.fail(
                identity, "InternalError", "Something went wrong inside LocalChat. The log has the details; try again."
            )
        finally:
            with self._changed:
                self._progress.pop(identity, None)
            self._tell()

    def _note(self, identity: str, imported: Imported) -> None:
        if imported.pictures:
            pages = _counted(imported.pictures, "page")
            self._notes[identity] = f" {pages} without text could not be read: scanned pictures."

    def _report(self, identity: str, progress: FileProgress) -> None:
        with self._changed:
            self._progress[identity] = progress
        self._tell()

    def _load(self) -> None:
        """What the first question would have to wait for, and what a crash in the middle of a deletion left."""
        try:
            self._embedder.load()
            self._vectors.open()
            self._vectors.keep_only(self._documents.ids)
        except Exception:
            log.exception("the search could not be prepared")


class _Reports:
    """The importer's progress on one document, passed on at most ten times a second, and whenever a stage ends."""

    def __init__(self, library: Library, document: DocumentRow) -> None:
        self._library = library
        self._document = document
        self._stage: Stage | None = None
        self._at = 0.0
        self._lock = threading.Lock()

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        with self._lock:
            now = time.monotonic()
            if stage == self._stage and done < total and now - self._at < 0.1:
                return
            moved = stage == "embedding" and self._stage != "embedding"
            self._stage, self._at = stage, now
        document = self._document
        if moved:
            self._library._documents.move(document.id, "embedding")
        self._library._report(document.id, FileProgress(document.filename, document.id, stage, done, total))


def _refused(filename: str, code: str | None, message: str, identity: str | None = None) -> FileResult:
    return FileResult(filename, success=False, message=message, document_id=identity, code=code)


def _counted(count: int | None, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _unopened(name: str, error: OSError) -> NotFound:
    words = error.strerror or "it is gone"
    return NotFound(f"{name} could not be opened: {words}.", "file_not_opened", filename=name, words=words)
