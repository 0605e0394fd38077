"""What a search needs of every passage, in memory: its place in the table, whose it is, its vector, words and text.

LanceDB takes two milliseconds to begin a query, four to read 50 passages with their vectors, and a filter by document
costs it as much again. Kept here, of the table at one moment, a filter is a mask, and every vector is compared in two
milliseconds for 100,000 of them. A row's number in the table never means another row, so its vector and its words are
taken over when the table changes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from backend.stores.passage_words import Words, words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALL: Final = ("document_id", "index", "kind", "page", "start", "end", "title")
"""Columns that are always kept."""

SHARED: Final = ("document_id", "kind", "title")
"""Those that say the same of many passages: each text once."""

LARGE: Final = ("text", "heading", "terms")

MOST_VECTORS: Final = 300_000_000
"""Bytes of vectors that are kept: 260,000 of the built-in embedder. More are left to the index on the disk, which then
is as quick: all of 260,000 are compared in five milliseconds."""

MOST_TEXTS: Final = 200_000_000
"""Bytes of LARGE that are kept: of some 100,000 passages. Those of more are read from the disk when they are found."""

MOST_WORDS: Final = 250_000_000
"""Bytes of words: of more than a million passages. Those of more are left to the index on the disk."""

MEASURED: Final = 1_000
"""Passages that tell how long they are."""

BYTES: Final = 3
"""Of a number in a vector: with 24 bits of the largest one, a cosine differs by less than float32 rounds it."""

COARSE: Final = 16
"""Bits that are left out in the first look at all vectors."""

LARGEST: Final = 127 << COARSE

SPARE: Final = 2
"""How many more are looked at in full than are wanted. The first look is off by .0007 in one of three, and the 100th
of some thousand passages is further from the 50th than five times that."""

READ: Final = 4_096
"""Vectors read at once: 6 MB."""

REMEMBERED: Final = 4
"""Filters, of a byte for each passage."""

BLOCK: Final = 64


@dataclass(frozen=True, slots=True)
class Packed:
    """Vectors of length 1 as integers of 24 bits: `coarse` (n, d) int8, in steps of 2**16, and what is left in `fine`
    (n, d) int16; `scale` (n,) float32: what 1 is worth. So the first look reads a quarter of what float32 has.

    `numbers` (n,): LanceDB's of their rows, ascending.
    """

    numbers: NDArray[np.uint64]
    coarse: NDArray[np.int8]
    fine: NDArray[np.int16]
    scale: NDArray[np.float32]

    def whole(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """(len(places), d)."""
        import numpy as np

        numbers = (self.coarse[places].astype(np.int32) << COARSE) + self.fine[places]
        return numbers.astype(np.float32) * self.scale[places, None]

    def put(self, places: NDArray[np.intp], vectors: NDArray[np.float32]) -> None:
        import numpy as np

        scale = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), np.finfo(np.float32).tiny) / LARGEST
        numbers = np.rint(vectors / scale[:, None]).astype(np.int32)
        coarse = (numbers + (1 << (COARSE - 1))) >> COARSE
        self.coarse[places] = coarse
        self.fine[places] = numbers - (coarse << COARSE)
        self.scale[places] = scale


@dataclass(frozen=True, slots=True)
class Rows:
    """Of a LanceDB table after so many `changes`; a row's place counts from 0 in the order of LanceDB's `numbers`.

    `columns`: an Arrow table of SMALL and, unless they are too large, LARGE. `owners` (n,): which of `documents` it
    belongs to. `packed`, `words`: None where there are too many. `masks`: of the last filters.
    """

    table: Any
    changes: int
    numbers: NDArray[np.uint64]
    columns: Any
    owners: NDArray[np.int32]
    documents: dict[str, int]
    packed: Packed | None
    words: Words | None
    masks: dict[tuple[str, ...], NDArray[np.bool_]] = field(default_factory=dict)

    def places(self, numbers: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Of rows that are there."""
        import numpy as np

        return np.searchsorted(self.numbers, numbers)

    def of(self, document_ids: Sequence[str]) -> NDArray[np.bool_]:
        """(n,): whether a row belongs to one of these documents. Both arms ask it, and people ask several questions of
        the same documents: of a million rows it takes two milliseconds."""
        import numpy as np

        asked = tuple(document_ids)
        known = self.masks.get(asked)
        if known is not None:
            return known
        wanted = np.zeros(len(self.documents), dtype=bool)
        wanted[[self.documents[identity] for identity in document_ids if identity in self.documents]] = True
        mask: NDArray[np.bool_] = wanted[self.owners]
        if len(self.masks) >= REMEMBERED:
            self.masks.clear()
        self.masks[asked] = mask
        return mask

    def nearest(
        self, vector: NDArray[np.float32], limit: int, mask: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Places and cosines of the `limit` nearest, the best first; needs `packed`. vector: (d,), of length 1."""
        import numpy as np

        assert self.packed is not None
        chosen = np.flatnonzero(mask) if mask is not None and 4 * np.count_nonzero(mask) < len(self.numbers) else None
        near = _coarse(self.packed, vector, chosen)
        if chosen is None and mask is not None:
            near[~mask] = -np.inf
        found = _largest(near, SPARE * limit)
        found = found[near[found] > -np.inf]
        places = found if chosen is None else chosen[found]
        cosines = self.packed.whole(places) @ vector
        order = np.argsort(-cosines, kind="stable")[:limit]
        return places[order], cosines[order]

    def matching(
        self, terms: Sequence[str], limit: int, mask: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Places and BM25 of the `limit` best that have any of the terms, the best first; needs `words`."""
        import numpy as np

        assert self.words is not None
        scores = self.words.scores(terms)
        if mask is not None:
            scores *= mask
        found = _largest(scores, limit)
        found = found[scores[found] > 0]
        places = found[np.argsort(-scores[found], kind="stable")[:limit]]
        return places, scores[places]


def read(table: Any, changes: int, packed: Packed | None, words: Words | None) -> Rows:
    """Of the table as it is now: three seconds of the processor for 100,000 rows. `packed`, `words`: of the same table,
    earlier.

    Where it changes meanwhile they are of no use, or something that was found is not there any more.
    """
    import pyarrow.compute as pc

    found = _columns(table)
    give_back()
    numbers = found["_rowid"].combine_chunks().to_numpy()
    if not (numbers[:-1] < numbers[1:]).all():
        found = found.take(pc.sort_indices(found["_rowid"]))
        numbers = found["_rowid"].combine_chunks().to_numpy()
    width = table.schema.field("vector").type.list_size
    packed = _pack(table, numbers, width, packed) if BYTES * width * len(numbers) <= MOST_VECTORS else None

    def terms(first: int, last: int) -> Any:
        if "terms" in found.column_names:
            return found["terms"].slice(first, last - first).combine_chunks()
        rows = table.take_row_ids(numbers[first:last].tolist()).select(["terms"]).with_row_id().to_arrow()
        # They come in the table's own order.
        return rows["terms"].combine_chunks().take(pc.sort_indices(rows["_rowid"]))

    owners = found["document_id"].combine_chunks()
    documents = {identity: at for at, identity in enumerate(owners.dictionary.to_pylist())}
    words = words_of(numbers, terms, words, MOST_WORDS)
    columns = found.drop_columns(["_rowid"])
    return Rows(table, changes, numbers, columns, owners.indices.to_numpy(), documents, packed, words)


def _columns(table: Any) -> Any:
    """An Arrow table with the rows' numbers, in one piece."""
    import pyarrow as pa

    first = table.search().select(list(LARGE)).limit(MEASURED).to_arrow()
    texts = first.nbytes * table.count_rows() <= MOST_TEXTS * max(1, first.num_rows)
    names = [*SMALL, *(LARGE if texts else ())]
    found = table.search().select(names).with_row_id(with_row_id=True).to_arrow()
    columns = {}
    for name in found.column_names:
        column = found[name]
        columns[name] = (column.dictionary_encode() if name in SHARED else column).combine_chunks()
    return pa.table(columns)


def give_back() -> None:
    """What was freed, to the system: the C library keeps 150 MB of reading 100,000 passages, and Arrow as much."""
    import ctypes

    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def matrix(column: Any) -> NDArray[np.float32]:
    """(n, d) of an Arrow column of vectors: as Python's lists 100 of them take longer than a search."""
    import numpy as np

    vectors: NDArray[np.float32] = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return vectors.reshape(len(column), -1) if len(column) else np.empty((0, 0), np.float32)


def _pack(table: Any, numbers: NDArray[np.uint64], width: int, before: Packed | None) -> Packed:
    """The vectors of all rows; only those of new ones are read."""
    import numpy as np

    count = len(numbers)
    packed = Packed(
        numbers, np.empty((count, width), np.int8), np.empty((count, width), np.int16), np.empty(count, np.float32)
    )
    new = np.ones(count, dtype=bool)
    if before is not None and len(before.numbers):
        there = np.minimum(np.searchsorted(before.numbers, numbers), len(before.numbers) - 1)
        new = before.numbers[there] != numbers
        old = there[~new]
        packed.coarse[~new], packed.fine[~new] = before.coarse[old], before.fine[old]
        packed.scale[~new] = before.scale[old]
    missing = numbers[new]
    # As quick as one scan of all, which holds a lot of them in memory at once.
    for first in range(0, len(missing), READ):
        part = missing[first : first + READ].tolist()
        rows = table.take_row_ids(part).select(["vector"]).with_row_id().to_arrow()
        packed.put(np.searchsorted(numbers, rows["_rowid"].to_numpy()), matrix(rows["vector"]))
    return packed


def _coarse(packed: Packed, vector: NDArray[np.float32], chosen: NDArray[np.intp] | None) -> NDArray[np.float32]:
    """About in proportion to the cosine, of all rows or of the chosen ones."""
    import numpy as np
    from simsimd import cdist

    scale = max(float(np.abs(vector).max()), float(np.finfo(np.float32).tiny)) / 127
    question = np.rint(vector / scale).astype(np.int8)
    rows = packed.coarse if chosen is None else packed.coarse[chosen]
    scales = packed.scale if chosen is None else packed.scale[chosen]
    if not len(rows):
        return np.empty(0, np.float32)
    products = np.asarray(cdist(question[None], rows, "dot", out_dtype="f32"))[0]
    near: NDArray[np.float32] = products * scales
    return near


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Places of the `count` largest values, or of some more, in no order.

    As many blocks as there are wanted have a best that is no less than the limit; to find it among the blocks' bests
    takes a tenth of the time of finding it among all.
    """
    import numpy as np

    whole = len(values) // BLOCK
    if whole <= count:
        return np.arange(len(values)) if len(values) <= count else np.argpartition(values, len(values) - count)[-count:]
    bests = values[: whole * BLOCK].reshape(whole, BLOCK).max(axis=1)
    limit = np.partition(bests, whole - count)[whole - count]
    return np.flatnonzero(values >= limit)
