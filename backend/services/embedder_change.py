"""A table for another embedder, filled in the background from the passages that are stored; then it answers.

Nothing is kept of how far it has come but the table itself: what it lacks is counted anew after every pass, so that a
run that was killed, documents that came and went meanwhile, and the way back to a table of before are one and the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from backend.engines.embedding import Embedding
from backend.errors import EngineError, GenerationError, LocalChatError
from backend.pipeline.chunk import with_heading
from backend.stores.passage_tables import Missing, PassageTables, Table

if TYPE_CHECKING:
    from backend.services.knowledge import Knowledge

log = logging.getLogger(__name__)

PART: Final = 128
"""Passages in one commit: what a killed run has to embed again at most."""

OPTIMIZE_EVERY: Final = 20
RETRY_SECONDS: Final = 3.0
STOP_SECONDS: Final = 0.9
RECENT: Final = 0.8
"""Of the speed so far, what stays with each batch."""

State = Literal["embedding", "preparing", "waiting", "failed", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` passages. `trouble`: why it waits, or has failed."""

    state: State = "embedding"
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    trouble: LocalChatError | None = None


class Change:
    """`knowledge` of the new table measures before the swap, so that the first question finds weights and indexes.

    commit: keeps that the table answers now, in one transaction.
    """

    def __init__(
        self,
        tables: PassageTables,
        table: Table,
        embedder: Embedding,
        *,
        knowledge: Knowledge,
        commit: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._tables = tables
        self._table = table
        self._embedder = embedder
        self._knowledge = knowledge
        self._commit = commit
        self._ended = ended
        self._progress = Progress()
        self._speed: float | None = None
        self._commits = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="embedder-change", daemon=True)

    @property
    def stopped(self) -> bool:
        return self._stopping.is_set()

    @property
    def progress(self) -> Progress:
        return self._progress

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What has been embedded stays. Idempotent."""
        self._stopping.set()
        self._embedder.close()
        self._knowledge.close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(STOP_SECONDS)

    # --- inside ---

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._pass():
                    self._progress = replace(self._progress, state="done", seconds_left=None)
                    self._ended()
                    return
            except EngineError as error:
                if isinstance(error, GenerationError) or not self._embedder.remote:
                    self._fail(error)
                    return
                log.info("the change of the embedder waits: %s", error.code)
                self._progress = replace(self._progress, state="waiting", seconds_left=None, trouble=error)
                self._stopping.wait(RETRY_SECONDS)
            except LocalChatError as error:
                self._fail(error)
                return
            except Exception:
                log.exception("the embedder could not be changed")
                self._fail(LocalChatError("Something went wrong inside LocalChat. The log has the details; try again."))
                return

    def _fail(self, error: LocalChatError) -> None:
        if not self._stopping.is_set():
            log.warning("the change of the embedder ended: %s", error.code)
            self._progress = replace(self._progress, state="failed", seconds_left=None, trouble=error)

    def _pass(self) -> bool:
        """Embeds what is missing now; True when nothing was and the table has taken over."""
        with self._tables.watched() as changed:
            missing = self._tables.missing(self._table)
            left = sum(one.passages for one in missing)
            done = self._tables.current.count() - left
            trouble = self._progress.trouble
            state: State = "embedding" if trouble is None else "waiting"
            self._progress = Progress(state, done, done + left, self._seconds(left), trouble)
            while missing and not self._stopping.is_set():
                rows = self._tables.rows(missing, PART)
                if not rows.num_rows:
                    # They changed since they were counted.
                    missing = missing[1:]
                    continue
                self._extend(rows, changed)
                missing = [one for one in _advanced(missing, rows) if one.document_id not in changed]
            if self._stopping.is_set() or left:
                return False
        target = self._tables.get(self._table)
        if target.exists:
            self._progress = replace(self._progress, state="preparing", seconds_left=None)
            target.optimize()
            # By whoever cannot be reached, nothing can be measured: that is done when he answers again.
            with suppress(EngineError):
                self._knowledge.refresh()
        if self._stopping.is_set():
            return False
        return self._tables.swap(self._table, self._commit)

    def _extend(self, rows: Any, changed: set[str]) -> None:
        import numpy as np

        texts = [
            with_heading(row["heading"], row["text"], row["title"] or "")
            for row in rows.select(["heading", "text", "title"]).to_pylist()
        ]
        vectors = np.empty((len(texts), self._embedder.dimensions), dtype=np.float32)
        started = time.monotonic()
        embedded = 0
        for places, part in self._embedder.embed_batches(texts, lambda _: not self._stopping.is_set()):
            vectors[places] = part
            embedded += len(places)
            now = time.monotonic()
            self._measure(len(places), now - started)
            started = now
            left = self._progress.total - self._progress.done - len(places)
            self._progress = Progress(
                "embedding", self._progress.done + len(places), self._progress.total, self._seconds(left)
            )
        if embedded < len(texts):
            return
        self._tables.extend(self._table, rows, vectors, changed)
        self._commits += 1
        if self._commits % OPTIMIZE_EVERY == 0:
            self._tables.get(self._table).optimize()

    def _measure(self, passages: int, seconds: float) -> None:
        speed = passages / max(seconds, 1e-6)
        self._speed = speed if self._speed is None else RECENT * self._speed + (1 - RECENT) * speed

    def _seconds(self, left: int) -> float | None:
        return None if self._speed is None else round(max(left, 0) / self._speed, 1)


def _advanced(missing: list[Missing], rows: Any) -> list[Missing]:
    """What is missing still, when these `rows` are there."""
    came = {row["values"]: row["counts"] for row in rows["document_id"].value_counts().to_pylist()}
    left = [replace(one, has=one.has + came.get(one.document_id, 0)) for one in missing]
    return [one for one in left if one.passages > 0]
