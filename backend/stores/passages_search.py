"""Looking for passages: by vector, by words, and a sample of them; and the indexes that keep this quick.

Where `passage_rows.Rows` are of the table as it is, every vector and every word is compared in memory. Where they are
not, because the table has just changed or is too large, LanceDB is asked: up to INDEXED_ROWS it compares every vector;
beyond, an IVF_FLAT index is built in the background, whose vectors are whole, so that only which partitions are looked
at is approximate. Measured in `tests/benchmarks/retrieval.py`.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backend.stores import passage_rows
from backend.stores.passage_rows import Rows
from backend.stores.vectors import COLUMNS, StoredPassage, Vectors, among, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INDEXED_ROWS: Final = 5_000
"""Passages from which on there is an index: comparing 10,000 one by one takes 10 ms of the processor, and 5 with it.
Up to PROBES partitions are all looked at, so that nothing is missed before there are 32,000."""

EXACT_ROWS: Final = 15_000
"""Passages that a filter leaves and that are compared one by one."""

PARTITION_ROWS: Final = 1_000
PROBES: Final = 32
"""Partitions that are looked at, of about PARTITION_ROWS vectors each."""

FILTER_ROWS: Final = 10_000
"""From here on the filter by document has an index of its own."""

WIDE_SHARE: Final = 0.25
"""Of the passages, those that a filter leaves and from which on it is applied to what was found, not before."""

SPARE: Final = 1.5
"""How many more are found for a filter than it should leave over."""

REMEMBERED: Final = 32
"""Filters whose passages are counted once for a version of the table."""

FETCHED: Final = [*(name for name in COLUMNS if name != "id"), "terms", "title"]
"""Of what is found: each column takes a third of a millisecond. An id says what two others say
(`passage_writes.rows`)."""

FRESH_SHARE: Final = 0.5
"""The vector index is made anew when this share of the passages came after it; until then new ones are compared one by
one, or were appended to its partitions by `optimize`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`score`: cosine, or BM25; `terms`, `title` as indexed; `vector`: the passage's own, None where its cosine is
    known."""

    passage: StoredPassage
    score: float
    vector: NDArray[np.float32] | None
    terms: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Sampled:
    """`vectors`: (n, 384), in the order of `passages`."""

    passages: list[StoredPassage]
    terms: list[str]
    titles: list[str | None]
    vectors: NDArray[np.float32]


class PassageSearch:
    """Each arm reads what it finds, so that two arms in two threads read side by side.

    Every method may be called from any thread. Raises DiskFull, ReadOnlyData, DamagedData."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._counted: dict[tuple[int, str], int] = {}
        self._reading = threading.Lock()
        self._rows: Rows | None = None

    def nearest(self, vector: NDArray[np.float32], limit: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """By cosine, the best first."""
        return self._hits(self._by_vector(vector), limit, document_ids)

    def matching(self, terms: Sequence[str], limit: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """By BM25 of any of the terms, the best first."""
        return self._hits(_by_words(terms), limit, document_ids) if terms else []

    @property
    def behind(self) -> bool:
        """Whether the rows in memory are not those of the table as it is, so that searches take longer."""
        return self._vectors.exists and self._current() is None

    def keep_ready(self) -> None:
        """Reads what changed of the table into memory, unless it changes meanwhile; searches go on."""
        changes = self._vectors.changes
        if not self.behind or changes % 2:
            return

        def run(table: Any) -> Rows | None:
            before = self._rows if self._rows is not None and self._rows.table is table else None
            packed, words = (None, None) if before is None else (before.packed, before.words)
            # What is behind helps no search, and both at once would take twice the memory.
            self._rows = before = None
            try:
                return passage_rows.read(table, changes, packed, words)
            except Exception:
                if changes == self._vectors.changes:
                    raise
                return None

        with self._reading:
            self._rows = self._vectors.run(run)
            passage_rows.give_back()

    def _current(self) -> Rows | None:
        """The rows in memory, if they are those of the table as it is."""
        rows, changes = self._rows, self._vectors.changes
        return rows if rows is not None and rows.changes == changes and changes % 2 == 0 else None

    def sample(self, most: int, seed: int) -> Sampled:
        """At most `most` passages, drawn evenly; the same for the same seed and store."""
        import numpy as np

        if not self._vectors.exists:
            return Sampled([], [], [], np.empty((0, 0), dtype=np.float32))

        def run(table: Any) -> Any:
            count = table.count_rows()
            offsets = range(count)
            if count > most:
                offsets = sorted(random.Random(seed).sample(range(count), most))  # type: ignore[assignment]  # noqa: S311
            return table.take_offsets(list(offsets)).select([*COLUMNS, "terms", "title", "vector"]).to_arrow()

        rows = self._vectors.run(run)
        return Sampled(
            [stored(row) for row in rows.select(COLUMNS).to_pylist()],
            rows["terms"].to_pylist(),
            rows["title"].to_pylist(),
            passage_rows.matrix(rows["vector"]),
        )

    def count(self) -> int:
        rows = self._current()
        return self._vectors.count() if rows is None else len(rows.numbers)

    def keep_quick(self) -> bool:
        """Builds what is missing of the indexes, which may take minutes; searches go on meanwhile. True if it did."""
        if not self._vectors.exists:
            return False
        return self._vectors.build(_index)

    def _by_vector(self, vector: NDArray[np.float32]) -> _Arm:
        def query(table: Any, condition: str | None) -> Any:
            search = table.search(vector, vector_column_name="vector").distance_type("cosine")
            # Few passages are compared one by one: partitions hold them or not by chance.
            if (
                condition is not None
                and table.count_rows() > EXACT_ROWS
                and self._count(table, condition) <= EXACT_ROWS
            ):
                return search.bypass_vector_index()
            return search.nprobes(PROBES)

        return _Arm(query, "_distance", lambda distance: 1.0 - distance, FETCHED, vector=vector)

    def _count(self, table: Any, condition: str) -> int:
        """Rows that meet it; people ask several questions of the same documents."""
        key = (table.version, condition)
        count = self._counted.get(key)
        if count is None:
            if len(self._counted) >= REMEMBERED:
                self._counted = {}
            count = self._counted[key] = table.count_rows(condition)
        return count

    def _hits(self, arm: _Arm, limit: int, document_ids: Sequence[str] | None) -> list[Hit]:
        if not self._vectors.exists:
            return []

        def run(table: Any) -> list[Hit]:
            rows = self._current()
            if rows is not None:
                hits = self._quick(rows, arm, limit, document_ids)
                if hits is not None:
                    return hits
            condition = None if document_ids is None else among(document_ids)
            if document_ids is not None and condition is None:
                return []
            if condition is not None and document_ids is not None:
                hits = self._filtered(table, arm, limit, condition, document_ids)
                if hits is not None:
                    return hits
            search = arm.query(table, condition).select([*arm.fetched, arm.column]).limit(limit)
            if condition is not None:
                search = search.where(condition, prefilter=True)
            read = search.to_arrow()
            return _made(read, map(arm.score, read[arm.column].to_pylist()))

        return self._vectors.run(run)

    def _quick(self, rows: Rows, arm: _Arm, limit: int, document_ids: Sequence[str] | None) -> list[Hit] | None:
        """What is found with the help of `rows`; None when the table changes meanwhile: a row may be gone then, and
        one that came is missing."""
        try:
            hits = _Quick(rows, arm, limit, document_ids).hits()
        except Exception:
            if self._current() is rows:
                raise
            return None
        return hits if self._current() is rows else None

    def _filtered(
        self, table: Any, arm: _Arm, limit: int, condition: str, document_ids: Sequence[str]
    ) -> list[Hit] | None:
        """Those of a wide filter out of the best of all, which is quicker than to find all that meet it first.

        None when the filter is narrow, or when too few of the best meet it, or when the table changes meanwhile.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        version, count = table.version, table.count_rows()
        inside = self._count(table, condition)
        if not _is_wide(count, inside):
            return None
        most = int(SPARE * limit * count / inside)
        search = (
            arm.query(table, condition).select(["document_id", arm.column]).with_row_id(with_row_id=True).limit(most)
        )
        rows = search.to_arrow()
        kept = rows.filter(pc.is_in(rows["document_id"], value_set=pa.array(list(document_ids), pa.string())))
        if kept.num_rows < limit and rows.num_rows == most:
            return None
        kept = kept.slice(0, limit)
        wanted = dict(zip(kept["_rowid"].to_pylist(), map(arm.score, kept[arm.column].to_pylist()), strict=True))
        try:
            read = table.take_row_ids(list(wanted)).select(arm.fetched).with_row_id().to_arrow()
        except Exception:
            if version == table.version:
                raise
            return None
        if version != table.version or read.num_rows != len(wanted):  # other rows may have these numbers now
            return None
        # They come in the table's own order.
        hits = dict(
            zip(
                read["_rowid"].to_pylist(),
                _made(read, (wanted[row] for row in read["_rowid"].to_pylist())),
                strict=True,
            )
        )
        return [hits[row] for row in wanted]


@dataclass(frozen=True, slots=True)
class _Arm:
    """`query`: a table and the condition that rows must meet → a query; `column`: where it puts `score`'s number;
    `fetched`: what is read of its passages; `vector`: what they are to be near to; `terms`: what they are to have."""

    query: Callable[[Any, str | None], Any]
    column: str
    score: Callable[[float], float]
    fetched: Sequence[str]
    vector: NDArray[np.float32] | None = None
    terms: Sequence[str] = ()


def _by_words(terms: Sequence[str]) -> _Arm:
    from lancedb.query import LanceFtsQueryBuilder, MatchQuery

    def query(table: Any, condition: str | None) -> Any:  # noqa: ARG001 - the words' index needs no help with it
        # As `table.search` makes it, which first asks the table a millisecond's questions about other kinds.
        return LanceFtsQueryBuilder(table, MatchQuery(" ".join(terms), "terms"))

    return _Arm(query, "_score", lambda score: score, [*FETCHED, "vector"], terms=terms)


@dataclass(frozen=True, slots=True)
class _Quick:
    """An arm's question, answered with the help of `rows`."""

    rows: Rows
    arm: _Arm
    limit: int
    document_ids: Sequence[str] | None

    def hits(self) -> list[Hit]:
        places, scores = self._places()
        return _made(self._read(places), scores) if len(places) else []

    def _places(self) -> tuple[NDArray[np.intp], list[float]]:
        """Places and scores, the best first."""
        import numpy as np

        mask = None if self.document_ids is None else self.rows.of(self.document_ids)
        if mask is not None and not mask.any():
            return np.empty(0, np.intp), []
        if self.arm.vector is not None and self.rows.packed is not None:
            places, cosines = self.rows.nearest(self.arm.vector, self.limit, mask)
            return places, cosines.tolist()
        if self.arm.vector is None and self.rows.words is not None:
            places, matches = self.rows.matching(self.arm.terms, self.limit, mask)
            return places, matches.tolist()
        if mask is None:
            return self._indexed(self.limit)
        inside = int(mask.sum())
        if _is_wide(len(mask), inside):
            most = int(SPARE * self.limit * len(mask) / inside)
            places, scores = self._indexed(most)
            kept = mask[places].nonzero()[0][: self.limit]
            if len(kept) == self.limit or len(places) < most:
                return places[kept], [scores[at] for at in kept]
        return self._indexed(self.limit, among(self.document_ids or ()))

    def _indexed(self, most: int, condition: str | None = None) -> tuple[NDArray[np.intp], list[float]]:
        """What LanceDB's index finds among the rows that meet the condition."""
        column = self.arm.column
        query = self.arm.query(self.rows.table, condition).select([column]).with_row_id(with_row_id=True).limit(most)
        found = (query if condition is None else query.where(condition, prefilter=True)).to_arrow()
        return self.rows.places(found["_rowid"].to_numpy()), list(map(self.arm.score, found[column].to_pylist()))

    def _read(self, places: NDArray[np.intp]) -> Any:
        """An Arrow table of what the arm fetches, in the order of `places`."""
        import numpy as np
        import pyarrow as pa

        found = self.rows.columns.take(pa.array(places))
        if "vector" in self.arm.fetched and self.rows.packed is not None:
            vectors = self.rows.packed.whole(places)
            column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
            found = found.append_column("vector", column)
        missing = [name for name in self.arm.fetched if name not in found.column_names]
        if missing:
            numbers = self.rows.numbers[places]
            read = self.rows.table.take_row_ids(numbers.tolist()).select(missing).with_row_id().to_arrow()
            # They come in the table's own order.
            order = np.argsort(read["_rowid"].to_numpy())[np.argsort(np.argsort(numbers))]
            for name in missing:
                found = found.append_column(name, read[name].take(pa.array(order)))
        return found


def _is_wide(count: int, inside: int) -> bool:
    """Whether a filter that leaves `inside` of `count` passages is applied to what was found."""
    return count > EXACT_ROWS and inside > max(EXACT_ROWS, WIDE_SHARE * count)


def _made(rows: Any, scores: Iterable[float]) -> list[Hit]:
    """Of rows with FETCHED, and with `vector` where it was asked for."""
    vectors = passage_rows.matrix(rows["vector"]) if "vector" in rows.column_names else [None] * rows.num_rows
    texts, titles = rows["terms"].to_pylist(), rows["title"].to_pylist()
    # A third of the time that a dictionary for each takes.
    passages = [
        StoredPassage(f"{document}-{index}", document, index, *others)
        for document, index, *others in zip(*(rows[name].to_pylist() for name in COLUMNS[1:]), strict=True)
    ]
    return list(map(Hit, passages, scores, vectors, texts, titles))


def _index(table: Any) -> bool:
    from lancedb.index import BTree, IvfFlat

    count = table.count_rows()
    indexes = {tuple(index.columns): index.name for index in table.list_indices()}
    built = False
    if count > FILTER_ROWS and ("document_id",) not in indexes:
        table.create_index("document_id", config=BTree())
        built = True
    if count > INDEXED_ROWS:
        name = indexes.get(("vector",))
        stats = table.index_stats(name) if name else None
        if stats is None or stats.num_unindexed_rows > FRESH_SHARE * count:
            partitions = max(1, count // PARTITION_ROWS)
            table.create_index("vector", config=IvfFlat(distance_type="cosine", num_partitions=partitions))
            built = True
    return built
