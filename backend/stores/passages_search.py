"""Looking for passages: by vector, by words, and a sample of them; and the indexes that keep this quick.

Up to EXACT_ROWS every vector is compared. Beyond, an IVF_FLAT index is built in the background: the vectors in it are
whole, so that only which partitions are looked at is approximate, and no refining is needed. Measured against the exact
order in `tests/benchmarks/retrieval.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backend.stores.vectors import COLUMNS, StoredPassage, Vectors, among, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT_ROWS: Final = 15_000
"""Passages that are compared one by one: 10 ms for 10,000 of them, against 5 with an index."""

PARTITION_ROWS: Final = 1_000
PROBES: Final = 32
"""Partitions that are looked at, of about PARTITION_ROWS vectors each."""

FILTER_ROWS: Final = 10_000
"""From here on the filter by document has an index of its own."""

FRESH_SHARE: Final = 0.5
"""The vector index is made anew when this share of the passages came after it; until then new ones are compared one by
one, or were appended to its partitions by `optimize`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`score`: cosine, or BM25; `vector` is the passage's own; `terms`, `title` as indexed."""

    passage: StoredPassage
    score: float
    vector: NDArray[np.float32]
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
    """Every method may be called from any thread. Raises DiskFull, ReadOnlyData, DamagedData."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def nearest(self, vector: NDArray[np.float32], limit: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """By cosine, the best first."""

        def query(table: Any, condition: str | None) -> Any:
            search = table.search(vector, vector_column_name="vector").distance_type("cosine")
            if table.count_rows() <= EXACT_ROWS:
                return search
            # Few passages are compared one by one: partitions hold them or not by chance.
            if condition is not None and table.count_rows(condition) <= EXACT_ROWS:
                return search.bypass_vector_index()
            return search.nprobes(PROBES)

        return self._hits(query, "_distance", lambda distance: 1.0 - distance, limit, document_ids)

    def matching(self, terms: Sequence[str], limit: int, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """By BM25 of any of the terms, the best first."""
        if not terms:
            return []

        def query(table: Any, condition: str | None) -> Any:  # noqa: ARG001 - the words' index needs no help with it
            return table.search(" ".join(terms), query_type="fts", fts_columns="terms")

        return self._hits(query, "_score", lambda score: score, limit, document_ids)

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
            _matrix(rows),
        )

    def count(self) -> int:
        return self._vectors.count()

    def keep_quick(self) -> bool:
        """Builds what is missing of the indexes, which may take minutes; searches go on meanwhile. True if it did."""
        if not self._vectors.exists:
            return False
        return self._vectors.build(_index)

    def _hits(
        self,
        query: Callable[[Any, str | None], Any],
        column: str,
        score: Callable[[float], float],
        limit: int,
        document_ids: Sequence[str] | None,
    ) -> list[Hit]:
        condition = None if document_ids is None else among(document_ids)
        if not self._vectors.exists or (document_ids is not None and condition is None):
            return []

        def run(table: Any) -> Any:
            search = query(table, condition).select([*COLUMNS, "terms", "title", "vector", column]).limit(limit)
            if condition is not None:
                search = search.where(condition, prefilter=True)
            return search.to_arrow()

        rows = self._vectors.run(run)
        matrix = _matrix(rows)
        others = rows.drop_columns(["vector"]).to_pylist()
        return [
            Hit(stored(row), score(row[column]), matrix[at], row["terms"], row["title"])
            for at, row in enumerate(others)
        ]


def _matrix(rows: Any) -> NDArray[np.float32]:
    """(n, 384) of an Arrow table's `vector`: as Python's lists 100 vectors take longer than the search."""
    import numpy as np

    column = rows["vector"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    matrix: NDArray[np.float32] = flat.reshape(rows.num_rows, -1) if rows.num_rows else np.empty((0, 0), np.float32)
    return matrix


def _index(table: Any) -> bool:
    from lancedb.index import BTree, IvfFlat

    count = table.count_rows()
    indexes = {tuple(index.columns): index.name for index in table.list_indices()}
    built = False
    if count > FILTER_ROWS and ("document_id",) not in indexes:
        table.create_index("document_id", config=BTree())
        built = True
    if count > EXACT_ROWS:
        name = indexes.get(("vector",))
        stats = table.index_stats(name) if name else None
        if stats is None or stats.num_unindexed_rows > FRESH_SHARE * count:
            partitions = max(1, count // PARTITION_ROWS)
            table.create_index("vector", config=IvfFlat(distance_type="cosine", num_partitions=partitions))
            built = True
    return built
