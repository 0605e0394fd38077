"""LanceDB: the passages of all documents with their vectors and their terms. `passages_search.py` looks for them.

A document's passages are added in one commit, so that after a crash it has all of them or none.
"""

from __future__ import annotations

import logging
import re
import shutil
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
ADDED: Final = {"title": "cast(NULL as string)", "terms_version": "cast(NULL as int)"}
"""Columns that the first tables had not, as SQL: they are added when such a table is opened."""

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
    """`terms`: words for the full-text index, joined by spaces, and the version of the rules that made them.

    `title` of the document: with the headings it is part of what is indexed and embedded, not of `text`.
    """

    text: str
    kind: str
    page: int | None
    heading: Sequence[str]
    start: int
    end: int
    terms: str
    terms_version: int = 0
    title: str | None = None


@dataclass(frozen=True, slots=True)
class NewDocument:
    """vectors: (len(passages), dimensions), made by `embedder`."""

    document_id: str
    passages: Sequence[NewPassage]
    vectors: NDArray[np.float32]
    embedder: str


class Vectors:
    """Opened on first use: importing lancedb takes a second. Every method may be called from any thread.

    Raises DiskFull, ReadOnlyData, DamagedData.
    """

    def __init__(self, folder: Path, table: str = TABLE, dimensions: int = DIMENSIONS) -> None:
        self._folder = folder
        self._name = table
        self._dimensions = dimensions
        self._opening = threading.Lock()
        self._changing = threading.RLock()
        self._indexing = threading.Lock()
        self._changes = 0
        self._opened: Any = None

    def open(self) -> None:
        self._table()

    @property
    def changes(self) -> int:
        """Raised before rows come, go or move, and after: as long as it stays the same and is even, nothing does.

        Quicker than to ask LanceDB for its version, and index after index may be built without it.
        """
        return self._changes

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._changing:
            nested = self._changes % 2
            self._changes += 1 - nested
            try:
                yield
            finally:
                self._changes += 1 - nested

    @contextmanager
    def still(self) -> Iterator[Path]:
        """The folder, which nothing writes to while the block lasts; searches go on, and writers wait.

        Every file in it is written once and under a name of its own, but for the hint in `_versions`.
        """
        with self._changing, self._indexing, self._opening if self._opened is None else nullcontext():
            yield self._folder

    def replace(
        self, document_id: str, passages: Sequence[NewPassage], vectors: NDArray[np.float32], embedder: str
    ) -> None:
        """All passages of a document in the place of those it had, in one commit. vectors: (n, dimensions)."""
        self.replace_many([NewDocument(document_id, passages, vectors, embedder)])

    def replace_many(self, documents: Sequence[NewDocument]) -> None:
        """The same for several documents, all in one commit; a document without passages has none afterwards."""
        rows = passage_writes.rows(documents, self._schema)
        condition = among([document.document_id for document in documents])
        if condition is None:
            return
        with self._change():
            self.run(lambda table: passage_writes.replace(table, rows, condition))

    def delete(self, document_id: str) -> None:
        """Nothing happens when there is nothing of it, so that no empty version is made."""
        self.delete_many([document_id])

    def delete_many(self, document_ids: Sequence[str]) -> None:
        """The same for several documents, in one commit."""
        condition = among(document_ids)
        if condition is None or not self.exists:
            return
        with self._changing:
            if self.run(lambda table: table.count_rows(condition)):
                with self._change():
                    self.run(lambda table: table.delete(condition))

    def keep_only(self, document_ids: Callable[[], Iterable[str]]) -> int:
        """Deletes the passages of documents that no longer exist, which a crash may leave; how many those were."""
        if not self.exists:
            return 0
        stored = self.run(lambda table: table.search().select(["document_id"]).to_arrow())
        # Asked after the look at the passages: a document's row is there before its passages are.
        orphans = set(stored["document_id"].unique().to_pylist()) - set(document_ids())
        self.delete_many(sorted(orphans))
        return len(orphans)

    def passages(self, document_id: str, offset: int = 0, limit: int = 100) -> list[StoredPassage]:
        """In the order of the document."""
        condition = among([document_id])
        if condition is None or not self.exists:
            return []
        window = f"{condition} AND `index` >= {int(offset)} AND `index` < {int(offset) + int(limit)}"
        rows = self.run(lambda table: table.search().where(window).select(COLUMNS).limit(limit).to_list())
        return sorted((stored(row) for row in rows), key=lambda passage: passage.index)

    def index_of(self, document_id: str, passage_id: str) -> int | None:
        """Which passage of its document it is, from 0; None when it is not there."""
        document = among([document_id])
        if document is None or not PASSAGE.fullmatch(passage_id) or not self.exists:
            return None
        condition = f"{document} AND id = '{passage_id}'"
        rows = self.run(lambda table: table.search().where(condition).select(["index"]).limit(1).to_list())
        return rows[0]["index"] if rows else None

    def count(self, document_id: str | None = None) -> int:
        if not self.exists:
            return 0
        condition = None if document_id is None else among([document_id])
        if document_id is not None and condition is None:
            return 0
        count: int = self.run(lambda table: table.count_rows(condition))
        return count

    def refresh_terms(self, version: int, make: Callable[[dict[str, Any]], str], most: int = 500) -> int:
        """Indexes passages anew whose terms older rules made; how many those were: 0 when all are done.

        `make`: a row with `title`, `heading` and `text` → its terms. Searches go on meanwhile.
        """
        import pyarrow as pa

        if not self.exists:
            return 0
        with self._changing:
            old = f"terms_version IS NULL OR terms_version < {int(version)}"
            rows = self.run(lambda table: table.search().where(old).limit(most).to_arrow())
            if not rows.num_rows:
                return 0
            columns_of = self._schema
            given = rows.select(["title", "heading", "text"]).to_pylist()
            changed = {
                "terms": pa.array([make(row) for row in given], pa.string()),
                "terms_version": pa.array([version] * rows.num_rows, pa.int32()),
            }
            table = pa.table([changed.get(name, rows[name]) for name in columns_of.names], schema=columns_of)
            with self._change():
                self.run(lambda opened: opened.merge_insert("id").when_matched_update_all().execute(table))
        return int(rows.num_rows)

    def optimize(self) -> None:
        """Joins small files, brings the index up to date and cleans old versions away; not while one is being built."""
        with self._changing:
            if self.exists and self._indexing.acquire(blocking=False):
                try:
                    with self._change():
                        self.run(passage_writes.optimize)
                finally:
                    self._indexing.release()

    def size(self) -> int:
        """Bytes on the disk."""
        return passage_writes.size(self._folder)

    def build(self, indexes: Callable[[Any], Result]) -> Result:
        """As `run`, for what may take minutes: passages come and go meanwhile, but `still` waits for its end."""
        with self._indexing:
            return self.run(indexes)

    def write(self, operation: Callable[[Any], Result]) -> Result:
        """As `run`, for what changes the table: no other change comes between."""
        with self._change():
            return self.run(operation)

    def drop(self) -> None:
        """The table and all that is in it. It may be written to again, and is empty then."""
        with self._change(), self._indexing, self._opening:
            self._opened = None
            shutil.rmtree(self._folder / f"{self._name}.lance", ignore_errors=True)

    def own_size(self) -> int:
        """Bytes of this table alone."""
        return passage_writes.size(self._folder / f"{self._name}.lance")

    @property
    def _schema(self) -> Any:
        return schema(self._dimensions)

    @property
    def exists(self) -> bool:
        """False while nothing was ever written: then nothing is opened either."""
        return self._opened is not None or (self._folder / f"{self._name}.lance").is_dir()

    def run(self, operation: Callable[[Any], Result]) -> Result:
        """What `operation` makes of the table, its errors as ours."""
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
        # A table of before has fewer columns, which `create_table` would not take for the same.
        there = (self._folder / f"{self._name}.lance").is_dir()
        table = connection.open_table(self._name) if there else connection.create_table(self._name, schema=self._schema)
        missing = {name: value for name, value in ADDED.items() if name not in table.schema.names}
        if missing:
            table.add_columns(missing)
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


def schema(dimensions: int = DIMENSIONS) -> Any:
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
            pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
            # Later ones, in the order of ADDED; a table of before has them empty.
            pa.field("title", pa.string()),
            pa.field("terms_version", pa.int32()),
        ]
    )


def among(document_ids: Sequence[str]) -> str | None:
    """The SQL condition for these documents. Only what looks like an id of ours passes; None when none is left."""
    known = [identity for identity in dict.fromkeys(document_ids) if IDENTITY.fullmatch(identity)]
    if not known:
        return None
    quoted = ", ".join(f"'{identity}'" for identity in known)
    return f"document_id IN ({quoted})"


def stored(row: dict[str, Any]) -> StoredPassage:
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
