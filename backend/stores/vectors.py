"""LanceDB: the passages of all documents with their vectors and their terms.

A document's passages are added in one commit, so that after a crash it has all of them or none.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from backend.errors import DamagedData, LocalChatError, from_storage
from backend.stores import passage_writes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

Result = TypeVar("Result")

TABLE: Final = "passages"
DIMENSIONS: Final = 384
IDENTITY = re.compile(r"[0-9a-f]{32}")
PASSAGE = re.compile(r"[0-9a-f]{32}-[0-9]+")
COLUMNS: Final = ["id", "document_id", "index", "text", "kind", "page", "heading", "start", "end"]


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """`heading`: path, outermost first. `start`, `end`: offsets in the document's text. `page` counts from 1."""

    id: str
    document_id: str
    index: int
    text: str
    kind: str
    page: int | None
    heading: list[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NewPassage:
    """`terms`: words for the full-text index, joined by spaces."""

    text: str
    kind: str
    page: int | None
    heading: Sequence[str]
    start: int
    end: int
    terms: str


@dataclass(frozen=True, slots=True)
class NewDocument:
    """vectors: (len(passages), 384), made by `embedder`."""

    document_id: str
    passages: Sequence[NewPassage]
    vectors: NDArray[np.float32]
    embedder: str


@dataclass(frozen=True, slots=True)
class Hit:
    """`score`: cosine, or BM25; `vector` is the passage's own."""

    passage: StoredPassage
    score: float
    vector: NDArray[np.float32]


class Vectors:
    """Opened on first use: importing lancedb takes a second. Every method may be called from any thread.

    Raises DiskFull, ReadOnlyData, DamagedData.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._changing = threading.RLock()
        self._opened: Any = None

    def open(self) -> None:
        self._table()

    @contextmanager
    def still(self) -> Iterator[Path]:
        """The folder, which nothing writes to while the block lasts; searches go on, and writers wait.

        Every file in it is written once and under a name of its own, but for the hint in `_versions`.
        """
        with self._changing, self._opening if self._opened is None else nullcontext():
            yield self._folder

    def replace(
        self, document_id: str, passages: Sequence[NewPassage], vectors: NDArray[np.float32], embedder: str
    ) -> None:
        """All passages of a document in the place of those it had, in one commit. vectors: (n, 384)."""
        self.replace_many([NewDocument(document_id, passages, vectors, embedder)])

    def replace_many(self, documents: Sequence[NewDocument]) -> None:
        """The same for several documents, all in one commit; a document without passages has none afterwards."""
        rows = passage_writes.rows(documents, _schema())
        condition = _among([document.document_id for document in documents])
        if condition is None:
            return
        with self._changing:
            self._try(lambda table: passage_writes.replace(table, rows, condition))

    def delete(self, document_id: str) -> None:
        """Nothing happens when there is nothing of it, so that no empty version is made."""
        self.delete_many([document_id])

    def delete_many(self, document_ids: Sequence[str]) -> None:
        """The same for several documents, in one commit."""
        condition = _among(document_ids)
        if condition is None or not self.exists():
            return
        with self._changing:
            if self._try(lambda table: table.count_rows(condition)):
                self._try(lambda table: table.delete(condition))

    def keep_only(self, document_ids: Callable[[], Iterable[str]]) -> int:
        """Deletes the passages of documents that no longer exist, which a crash may leave; how many those were."""
        if not self.exists():
            return 0
        stored = self._try(lambda table: table.search().select(["document_id"]).to_arrow())
        # Asked after the look at the passages: a document's row is there before its passages are.
        orphans = set(stored["document_id"].unique().to_pylist()) - set(document_ids())
        self.delete_many(sorted(orphans))
        return len(orphans)

    def nearest(self, vector: NDArray[np.float32], limit: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """By exact cosine, the best first."""

        def query(table: Any) -> Any:
            return table.search(vector, vector_column_name="vector").distance_type("cosine")

        return self._hits(query, "_distance", lambda distance: 1.0 - distance, limit, document_ids)

    def matching(self, terms: Sequence[str], limit: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """By BM25 of any of the terms, the best first."""
        if not terms:
            return []

        def query(table: Any) -> Any:
            return table.search(" ".join(terms), query_type="fts", fts_columns="terms")

        return self._hits(query, "_score", lambda score: score, limit, document_ids)

    def passages(self, document_id: str, offset: int = 0, limit: int = 100) -> list[StoredPassage]:
        """In the order of the document."""
        condition = _among([document_id])
        if condition is None or not self.exists():
            return []
        window = f"{condition} AND `index` >= {int(offset)} AND `index` < {int(offset) + int(limit)}"
        rows = self._try(lambda table: table.search().where(window).select(COLUMNS).limit(limit).to_list())
        return sorted((_stored(row) for row in rows), key=lambda passage: passage.index)

    def index_of(self, document_id: str, passage_id: str) -> int | None:
        """Which passage of its document it is, from 0; None when it is not there."""
        among = _among([document_id])
        if among is None or not PASSAGE.fullmatch(passage_id) or not self.exists():
            return None
        condition = f"{among} AND id = '{passage_id}'"
        rows = self._try(lambda table: table.search().where(condition).select(["index"]).limit(1).to_list())
        return rows[0]["index"] if rows else None

    def count(self, document_id: str | None = None) -> int:
        if not self.exists():
            return 0
        condition = None if document_id is None else _among([document_id])
        if document_id is not None and condition is None:
            return 0
        count: int = self._try(lambda table: table.count_rows(condition))
        return count

    def optimize(self) -> None:
        """Joins small files, brings the index up to date and cleans old versions away."""
        with self._changing:
            if self.exists():
                self._try(passage_writes.optimize)

    def size(self) -> int:
        """Bytes on the disk."""
        return passage_writes.size(self._folder)

    def _hits(
        self,
        query: Callable[[Any], Any],
        column: str,
        score: Callable[[float], float],
        limit: int,
        document_ids: Sequence[str] | None,
    ) -> list[Hit]:
        import numpy as np

        condition = None if document_ids is None else _among(document_ids)
        if not self.exists() or (document_ids is not None and condition is None):
            return []

        def run(table: Any) -> list[dict[str, Any]]:
            search = query(table).select([*COLUMNS, "vector", column]).limit(limit)
            if condition is not None:
                search = search.where(condition, prefilter=True)
            rows: list[dict[str, Any]] = search.to_list()
            return rows

        return [
            Hit(_stored(row), score(row[column]), np.asarray(row["vector"], dtype=np.float32)) for row in self._try(run)
        ]

    def exists(self) -> bool:
        """Whether anything was ever written; quick."""
        return self._opened is not None or (self._folder / f"{TABLE}.lance").is_dir()

    def _try(self, operation: Callable[[Any], Result]) -> Result:
        table = self._table()
        try:
            return operation(table)
        except Exception as error:
            raise _ours(error) from error

    def _table(self) -> Any:
        with self._opening:
            if self._opened is None:
                try:
                    self._opened = self._open_table()
                except Exception as error:
                    raise _ours(error) from error
            return self._opened

    def _open_table(self) -> Any:
        import lancedb
        from lancedb.index import FTS

        connection = lancedb.connect(self._folder)
        table = connection.create_table(TABLE, schema=_schema(), exist_ok=True)
        # With the table, so that new rows are found at once. A crash may come between the two.
        if not any(index.columns == ["terms"] for index in table.list_indices()):
            table.create_index(
                "terms",
                config=FTS(
                    # pipeline/terms.py has done the rest.
                    base_tokenizer="whitespace",
                    lower_case=False,
                    stem=False,
                    remove_stop_words=False,
                    ascii_folding=False,
                    max_token_length=None,
                ),
            )
        return table


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("index", pa.int32(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("page", pa.int32()),
            pa.field("heading", pa.list_(pa.string()), nullable=False),
            pa.field("start", pa.int64(), nullable=False),
            pa.field("end", pa.int64(), nullable=False),
            pa.field("terms", pa.string(), nullable=False),
            pa.field("embedder", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), DIMENSIONS), nullable=False),
        ]
    )


def _among(document_ids: Sequence[str]) -> str | None:
    """The SQL condition for these documents. Only what looks like an id of ours passes; None when none is left."""
    known = [identity for identity in dict.fromkeys(document_ids) if IDENTITY.fullmatch(identity)]
    if not known:
        return None
    quoted = ", ".join(f"'{identity}'" for identity in known)
    return f"document_id IN ({quoted})"


def _stored(row: dict[str, Any]) -> StoredPassage:
    return StoredPassage(**{name: row[name] for name in COLUMNS})


def _ours(error: Exception) -> Exception:
    """LanceDB speaks of the disk in the words of its own errors."""
    if isinstance(error, LocalChatError):
        return error
    translated = from_storage(error if isinstance(error, OSError) else OSError(str(error)))
    if translated is not None:
        return translated
    log.error("LanceDB failed: %s", error)
    if "orrupt" in str(error) or "not found" in str(error).lower():
        return DamagedData(
            "The passages in the data folder are damaged. Restore a backup, or move passages.lance away and add the "
            "documents again."
        )
    return error
