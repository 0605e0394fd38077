"""The queue at work: one thread reads, one embeds, one writes, each on what the one before it has finished.

Passages of several files are embedded together, and what is whole at the same time is written in one commit: a
thousand small files cost what their passages cost. A document is in the store with all its passages or with none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from backend.engines.embedding import Embedding
from backend.errors import EngineError, GenerationError, LocalChatError
from backend.pipeline.chunk import Passage, chunk, title_of, with_heading
from backend.pipeline.readers import Attachment, Block, Notice
from backend.pipeline.readers.blocks import JOINT
from backend.pipeline.terms import VERSION, terms
from backend.services.reading import Reader
from backend.stores.boxes import PageBoxes, WordBox, pack
from backend.stores.documents import DocumentRow, Documents, Finished
from backend.stores.passage_tables import OtherEmbedder, PassageStore
from backend.stores.vectors import NewDocument, NewPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

Stage = Literal["reading", "embedding"]

POOL: Final = 128
"""Passages that wait while files are still being read, so that there are some of like length to choose from."""

MOST_POOL: Final = 512
"""Passages that are sorted by length together; those of the next file wait so much longer."""

PATIENCE_SECONDS: Final = 0.3
"""How long a passage waits for others to be embedded with."""

AHEAD: Final = 1024
"""Passages that wait for the embedder before the reader waits for it."""

JOBS: Final = 256
"""Documents at work at once."""

FULL_SECONDS: Final = 2.0
REPORT_SECONDS: Final = 0.1
OPTIMIZE_EVERY: Final = 20
"""Commits, each a few small files on the disk."""

CLEAN_SECONDS: Final = 35.0
"""After the last commit, when no search reads the versions before it any more."""

WARM_SECONDS: Final = 60.0
"""How long the reader's process stays after its last file."""

RETRY_SECONDS: Final = 3.0
"""Between two tries where the embedder runs in a program that does not answer."""


class InternalError(LocalChatError):
    """Of ours, and in the log."""

    def __init__(self) -> None:
        super().__init__("Something went wrong inside LocalChat. The log has the details; try again.")


class Shelf(Protocol):
    """What the importer asks of the library."""

    def original(self, document: DocumentRow) -> Path:
        """Of its newest version. Raises NotFound."""

    def password(self, identity: str) -> str | None: ...

    def attach(self, document: DocumentRow, attachments: Sequence[Attachment]) -> tuple[Sequence[str], list[Notice]]:
        """The ids of what a document carries, and what to say of the rest."""

    def finish(self, finished: Sequence[Finished], write: Callable[[Sequence[Finished]], None]) -> None:
        """Calls `write` with those that are still wanted, and then makes them ready."""

    def refuse(self, document: DocumentRow, error: LocalChatError) -> None: ...

    def report(self, document: DocumentRow, stage: Stage, done: int, total: int, seconds_left: float | None) -> None:
        """`done` of `total` pages while reading, passages while embedding."""

    def forget(self, identity: str) -> None:
        """Nothing more is reported of it."""


class Job:
    """A version of a document on its way. `total`: its passages, once all are read. `maker`: who embedded `parts`."""

    def __init__(self, document: DocumentRow) -> None:
        self.document = document
        self.passages: list[NewPassage] = []
        self.rows: list[int] = []
        self.parts: list[NDArray[np.float32]] = []
        self.maker: Embedding | None = None
        self.text: list[str] = []
        self.boxes: list[PageBoxes] = []
        self.notices: list[Notice] = []
        self.attachments: list[str] = []
        self.pages: int | None = None
        self.pictures = 0
        self.total: int | None = None
        self.dropped = False
        self.started = time.monotonic()
        self.read = (0, 1)
        self.stage: Stage | None = None
        self.reported = 0.0

    @property
    def whole(self) -> bool:
        return self.total is not None and len(self.rows) == self.total

    def finished(self) -> Finished:
        notices = list(self.notices)
        if self.pictures and not notices:
            pages = "1 page" if self.pictures == 1 else f"{self.pictures} pages"
            notices.append(Notice("ScannedPages", self.pictures, f"{pages} without text could not be read: scanned."))
        return Finished(
            self.document.id,
            self.document.newest,
            self.pages,
            len(self.passages),
            JOINT.join(self.text),
            [{"code": notice.code, "count": notice.count, "message": notice.message} for notice in notices],
            self.attachments,
            self.boxes,
        )

    def stored(self, usual: Embedding) -> NewDocument:
        """`usual` stands for the embedder where there was nothing to embed."""
        import numpy as np

        maker = self.maker or usual
        vectors = np.empty((len(self.passages), maker.dimensions), dtype=np.float32)
        if self.rows:
            vectors[self.rows] = np.concatenate(self.parts)
        return NewDocument(self.document.id, self.passages, vectors, maker.name)

    def seconds_left(self, rate: float | None) -> float | None:
        """By the pages that are read and the passages that are embedded so far; None while there is no telling."""
        done, total = self.read
        reading = 0.0
        passages = float(len(self.passages))
        if self.total is None:
            if not done:
                return None
            reading = (time.monotonic() - self.started) / done * (total - done)
            passages *= total / done
        if not rate:
            return None
        return round(max(reading, (passages - len(self.rows)) / rate), 1)


class Importer:
    """Works on the queue from `start` until `close`. `embedding`: the embedder of the table that answers now."""

    def __init__(
        self,
        documents: Documents,
        shelf: Shelf,
        reader: Reader,
        embedding: Callable[[], Embedding],
        vectors: PassageStore,
    ) -> None:
        self._documents = documents
        self._shelf = shelf
        self._reader = reader
        self._embedding = embedding
        self._vectors = vectors
        self._changed = threading.Condition()
        self._closing = False
        self._news = True
        self._jobs: dict[str, Job] = {}
        self._reading: Job | None = None
        self._waiting: deque[tuple[Job, int]] = deque()
        self._since = 0.0
        self._whole: deque[Job] = deque()
        self._rate: float | None = None
        self.trouble: EngineError | None = None
        self._threads = [
            threading.Thread(target=self._until_closed, args=(step,), name=name, daemon=True)
            for name, step in (("reading", self._read_next), ("embedding", self._embed_next), ("storing", self._store))
        ]
        self._commits = 0
        self._clean_at: float | None = None

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self, seconds: float) -> None:
        """What is unfinished stays in the queue. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._reader.stop()
        end = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        self._reader.stop()

    def tell(self) -> None:
        """There may be something in the queue."""
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def drop(self, identity: str) -> None:
        """The work on this document is not wanted any more; what has been read of it is thrown away."""
        with self._changed:
            job = self._jobs.pop(identity, None)
            if job is None:
                return
            job.dropped = True
            if job is self._reading:
                # Under the lock, so that the reader cannot be at the next file already.
                self._reader.stop()
            self._changed.notify_all()
        self._shelf.forget(identity)

    # --- reading ---

    def _until_closed(self, step: Callable[[], None]) -> None:
        while not self._closing:
            try:
                step()
            except Exception:
                log.exception("the queue of documents failed")
                time.sleep(1)  # the disk may be gone for a moment

    def _read_next(self) -> None:
        document = self._next_document()
        if document is None:
            return
        job = Job(document)
        with self._changed:
            before = self._jobs.get(document.id)
            if before is not None:
                before.dropped = True
            self._jobs[document.id] = self._reading = job
        try:
            # It may have been deleted, or have changed, since it was chosen.
            if self._documents.move(document.id, "reading", document.newest):
                self._read(job)
            else:
                self._end(job)
        except LocalChatError as error:
            # A reader that was stopped because nobody wants the file has not failed.
            self._fail(job, error)
        except Exception:
            log.exception("a document could not be read")
            self._fail(job, InternalError())

    def _next_document(self) -> DocumentRow | None:
        """Waits for one; None when there may be one now, or when the app closes."""
        with self._changed:
            while not self._closing and (len(self._waiting) > AHEAD or len(self._jobs) > JOBS):
                self._changed.wait()
            self._news = False
        document = None if self._closing else self._documents.next_queued()
        if document is not None:
            return document
        with self._changed:
            self._reading = None
            self._changed.notify_all()
            warm = self._reader.pid is not None
            if not self._news and not self._closing:
                self._changed.wait_for(lambda: self._news or self._closing, WARM_SECONDS if warm else None)
            if warm and not self._news:
                self._reader.stop()
        return None

    def _read(self, job: Job) -> None:
        path = self._shelf.original(job.document)
        count = 0
        count_tokens = self._embedding().count
        title = title_of(job.document.filename, count_tokens)
        for passage in chunk(self._blocks(job, path), count_tokens, title):
            new = _new(passage, title)
            with self._changed:
                if job.dropped:
                    return
                if not self._waiting:
                    self._since = time.monotonic()
                    self._changed.notify_all()
                job.passages.append(new)
                self._waiting.append((job, count))
                if len(self._waiting) == POOL:
                    self._changed.notify_all()
                while len(self._waiting) > AHEAD and not (job.dropped or self._closing):
                    self._changed.wait()
            count += 1
        with self._changed:
            if not job.dropped:
                job.total = count
                self._pass_on(job)

    def _blocks(self, job: Job, path: Path) -> Iterator[Sequence[Block]]:
        document = job.document
        for batch in self._reader.read(path, document.filename, self._shelf.password(document.id)):
            job.pages, job.pictures = batch.pages, batch.pictures
            job.read = (batch.done, batch.total)
            job.text.extend(block.text for block in batch.blocks)
            job.boxes.extend(_boxes(batch.blocks))
            job.notices.extend(batch.notices)
            if batch.attachments:
                identities, notices = self._shelf.attach(document, batch.attachments)
                job.attachments.extend(identities)
                job.notices.extend(notices)
            self._report(job, "reading", batch.done, batch.total)
            yield batch.blocks

    # --- embedding ---

    def _embed_next(self) -> None:
        taken = self._take()
        embedder = self._embedding()
        texts = [_embedded(job.passages[row]) for job, row in taken]
        started = time.monotonic()
        try:
            for rows, vectors in embedder.embed_batches(texts, lambda row: not taken[row][0].dropped):
                self.trouble = None
                self._measure(len(rows), time.monotonic() - started)
                self._keep([taken[row] for row in rows], vectors, embedder)
                if self._closing:
                    return
                started = time.monotonic()
        except Exception as error:
            # Gone for a while, not for good: whatever is read waits, and loses nothing.
            if embedder.remote and isinstance(error, EngineError) and not isinstance(error, GenerationError):
                self._wait_for_embedder(taken, error)
                return
            if not isinstance(error, LocalChatError):
                log.exception("passages could not be embedded")
            for job in dict.fromkeys(job for job, _ in taken):
                if not job.whole:
                    self._fail(job, error if isinstance(error, LocalChatError) else InternalError())

    def _wait_for_embedder(self, taken: list[tuple[Job, int]], error: EngineError) -> None:
        log.info("passages wait for their embedder: %s", error.code)
        self.trouble = error
        with self._changed:
            done = {job: set(job.rows) for job, _ in taken}
            left = [(job, row) for job, row in taken if not job.dropped and row not in done[job]]
            self._waiting.extendleft(reversed(left))
            for job in dict.fromkeys(job for job, _ in left):
                job.reported = 0.0
            self._changed.notify_all()
        for job in dict.fromkeys(job for job, _ in left):
            self._report(job, "embedding", len(job.rows), job.total or len(job.passages))
        with self._changed:
            self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)

    def _measure(self, passages: int, seconds: float) -> None:
        rate = passages / max(seconds, 1e-6)
        self._rate = rate if self._rate is None else 0.9 * self._rate + 0.1 * rate

    def _take(self) -> list[tuple[Job, int]]:
        """Waits until there are enough passages, or no more to come soon."""
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                enough = len(self._waiting) >= POOL or self._reading is None or now - self._since > PATIENCE_SECONDS
                if self._waiting and enough:
                    taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_POOL))]
                    self._since = now
                    self._changed.notify_all()
                    return taken
                self._changed.wait(PATIENCE_SECONDS if self._waiting else None)
        return []

    def _keep(self, chosen: list[tuple[Job, int]], vectors: NDArray[np.float32], maker: Embedding) -> None:
        jobs: dict[Job, list[int]] = {}
        for at, (job, _) in enumerate(chosen):
            jobs.setdefault(job, []).append(at)
        for job, places in jobs.items():
            with self._changed:
                if job.dropped:
                    continue
                if job.maker is not None and job.maker.name != maker.name:
                    self._embed_again(job)
                job.maker = maker
                job.rows.extend(chosen[at][1] for at in places)
                job.parts.append(vectors[places])
                self._pass_on(job)
            if job.total is not None:
                self._report(job, "embedding", len(job.rows), job.total)

    def _embed_again(self, job: Job) -> None:
        """What it has was made by an embedder whose table does not answer any more."""
        self._waiting.extend((job, row) for row in job.rows)
        job.rows, job.parts, job.maker = [], [], None
        self._changed.notify_all()

    def _pass_on(self, job: Job) -> None:
        if job.whole:
            self._whole.append(job)
            self._changed.notify_all()

    # --- storing ---

    def _store(self) -> None:
        jobs = self._whole_jobs()
        if jobs:
            self._write(jobs)
            self._commits += 1
            self._clean_at = time.monotonic() + CLEAN_SECONDS
        idle = not jobs and self._clean_at is not None and time.monotonic() >= self._clean_at
        if idle or self._commits >= OPTIMIZE_EVERY:
            self._commits = 0
            if idle:
                self._clean_at = None
            self._vectors.optimize()

    def _whole_jobs(self) -> list[Job]:
        """Waits for documents that are whole; none when it is time to clean."""
        with self._changed:
            while not self._whole and not self._closing:
                left = None if self._clean_at is None else self._clean_at - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            # What could not be written before the end is read again at the next start.
            jobs = [] if self._closing else [job for job in self._whole if not job.dropped]
            self._whole.clear()
            return jobs

    def _write(self, jobs: Sequence[Job]) -> None:
        by_id = {job.document.id: job for job in jobs}

        def write(wanted: Sequence[Finished]) -> None:
            usual = self._embedding()
            self._vectors.replace_many([by_id[one.id].stored(usual) for one in wanted])

        try:
            self._shelf.finish([job.finished() for job in jobs], write)
        except OtherEmbedder:
            now = self._embedding().name
            with self._changed:
                stale = [job for job in jobs if job.maker is not None and job.maker.name != now]
                for job in stale:
                    if not job.dropped:
                        self._embed_again(job)
            if rest := [job for job in jobs if job not in stale]:
                self._write(rest)
            return
        except Exception as error:
            if len(jobs) > 1:
                # One of them may be the cause: each stands for itself.
                for job in jobs:
                    self._write([job])
                return
            if isinstance(error, LocalChatError):
                self._fail(jobs[0], error)
                return
            log.exception("a document could not be stored")
            self._fail(jobs[0], InternalError())
            return
        for job in jobs:
            self._end(job)

    # --- each of them ---

    def _fail(self, job: Job, error: LocalChatError) -> None:
        with self._changed:
            unwanted = job.dropped or self._closing
            job.dropped = True
        if not unwanted:
            log.info("a document was refused: %s", error.code)
            self._refuse(job.document, error)
        self._end(job)

    def _refuse(self, document: DocumentRow, why: LocalChatError) -> None:
        """On a disk so full that not even this can be written the queue waits for room."""
        while not self._closing:
            try:
                self._shelf.refuse(document, why)
                return
            except LocalChatError as error:
                log.warning("a refusal could not be kept: %s", error.code)
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, FULL_SECONDS)

    def _end(self, job: Job) -> None:
        with self._changed:
            newest = self._jobs.get(job.document.id) is job
            if newest:
                del self._jobs[job.document.id]
            self._changed.notify_all()
        if newest:
            self._shelf.forget(job.document.id)

    def _report(self, job: Job, stage: Stage, done: int, total: int) -> None:
        """At most ten times a second, and whenever a stage ends."""
        with self._changed:
            now = time.monotonic()
            if job.dropped or (stage == job.stage and done < total and now - job.reported < REPORT_SECONDS):
                return
            moved = stage == "embedding" and job.stage != "embedding"
            job.stage, job.reported = stage, now
        if moved:
            self._documents.move(job.document.id, "embedding", job.document.newest)
        self._shelf.report(job.document, stage, done, total, job.seconds_left(self._rate))


def _embedded(passage: NewPassage) -> str:
    return with_heading(passage.heading, passage.text, passage.title or "")


def _boxes(blocks: Sequence[Block]) -> Iterator[PageBoxes]:
    """Packed as soon as they are read: of a long scan they would take more memory than its text."""
    pages: dict[int, list[WordBox]] = {}
    for block in blocks:
        if block.page is not None and block.spans:
            pages.setdefault(block.page, []).extend(
                WordBox(block.start + span.start, block.start + span.end, *span[2:]) for span in block.spans
            )
    for page, found in pages.items():
        packed = pack(page, found)
        if packed is not None:
            yield packed


def _new(passage: Passage, title: str) -> NewPassage:
    words = " ".join(terms(with_heading(passage.heading, passage.text, title)))
    return NewPassage(
        passage.text,
        passage.kind,
        passage.page,
        passage.heading,
        passage.start,
        passage.end,
        words,
        VERSION,
        title or None,
    )
