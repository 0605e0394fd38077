"""One file through the pipeline: read → chunk → embed → store. Reading goes on while passages are embedded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from backend.engines.embedder import Embedder
from backend.pipeline.chunk import Passage, chunk, title_of, with_heading
from backend.pipeline.readers import Block
from backend.pipeline.terms import VERSION, terms
from backend.services.reading import Reader
from backend.services.relay import Relay
from backend.stores.vectors import NewPassage, Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Stage = Literal["reading", "embedding"]
Progress = Callable[[Stage, int, int], None]
"""stage, done, total: pages while reading, passages while embedding."""

SLICE: Final = 32
"""Passages that are embedded between two looks at whether the work is still wanted: half a second."""

POOL: Final = 128
"""Passages that wait while a file is still being read, so that there are some of like length to choose from."""


class Cancelled(Exception):
    """The document was deleted, or LocalChat closes."""


@dataclass(frozen=True, slots=True)
class Imported:
    """`pages`: None where the format has none. `pictures`: pages without text, which cannot be found."""

    pages: int | None
    passages: int
    pictures: int


class Importer:
    """Brings one file at a time into the store."""

    def __init__(self, reader: Reader, embedder: Embedder, vectors: Vectors) -> None:
        self._reader = reader
        self._embedder = embedder
        self._vectors = vectors

    def run(
        self, document_id: str, path: Path, filename: str, progress: Progress, cancelled: Callable[[], bool]
    ) -> Imported:
        """Raises Cancelled, DocumentError, EngineUnavailable, StorageError; the store then has nothing of it."""
        reading = _Reading(self._reader, path, filename, self._embedder, progress)
        relay = Relay(reading.passages(), "reading")
        try:
            new, vectors = self._embed(relay, reading, progress, cancelled)
        finally:
            if not reading.ended:
                self._reader.stop()  # wakes the thread that waits for it
            relay.join(1)
        self._vectors.replace(document_id, new, vectors, self._embedder.name)
        return Imported(reading.pages, len(new), reading.pictures)

    def _embed(
        self, relay: Relay[NewPassage], reading: _Reading, progress: Progress, cancelled: Callable[[], bool]
    ) -> tuple[list[NewPassage], NDArray[np.float32]]:
        import numpy as np

        passages: list[NewPassage] = []
        waiting: list[int] = []
        rows: list[int] = []
        parts: list[NDArray[np.float32]] = []

        def embed(least: int) -> None:
            # Those of like length together, since a batch is padded to its longest; the order of work is free.
            waiting.sort(key=lambda at: len(passages[at].text))
            while len(waiting) >= least:
                chosen = waiting[-SLICE:]
                del waiting[-SLICE:]
                parts.append(self._embedder.embed([_embedded(passages[at]) for at in chosen]))
                rows.extend(chosen)
                if reading.total is not None:
                    progress("embedding", len(rows), reading.total)
                if cancelled():
                    raise Cancelled

        for arrived in relay.batches():
            if cancelled():
                raise Cancelled
            waiting.extend(range(len(passages), len(passages) + len(arrived)))
            passages.extend(arrived)
            # While more are coming, few would be padded for nothing.
            embed(POOL)
        embed(1)
        vectors = np.empty((len(passages), self._embedder.dimensions), dtype=np.float32)
        vectors[rows] = np.concatenate(parts)
        return passages, vectors


def _embedded(passage: NewPassage) -> str:
    return with_heading(passage.heading, passage.text, passage.title or "")


class _Reading:
    """The blocks of a file as passages, on the relay's thread."""

    def __init__(self, reader: Reader, path: Path, filename: str, embedder: Embedder, progress: Progress) -> None:
        self._reader = reader
        self._path = path
        self._filename = filename
        self._embedder = embedder
        self._progress = progress
        self.pages: int | None = None
        self.pictures = 0
        self.total: int | None = None
        self.ended = False

    def passages(self) -> Iterator[NewPassage]:
        count = 0
        try:
            title = title_of(self._filename, self._embedder.count)
            for passage in chunk(self._batches(), self._embedder.count, title):
                count += 1
                yield _new(passage, title)
            self.total = count
        finally:
            self.ended = True

    def _batches(self) -> Iterator[Sequence[Block]]:
        for batch in self._reader.read(self._path, self._filename):
            self.pages, self.pictures = batch.pages, batch.pictures
            self._progress("reading", batch.done, batch.total)
            yield batch.blocks


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
