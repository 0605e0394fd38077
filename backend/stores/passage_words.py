"""The terms of every passage, in memory: which passages hold a term, how often, and their BM25.

LanceDB takes four to ten milliseconds to look up the words of a question among 100,000 passages, and as much again
with a filter. Here a term is a row of places and counts, three bytes for each passage that holds it, and what a filter
leaves out costs nothing. Formula and constants are those of LanceDB's index (Robertson and Zaragoza 2009; k1 1.2,
b .75), so that scores mean the same whichever has answered.

Passages come in blocks, so that those which did not change are not read again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SATURATION: Final = 1.2
LENGTH: Final = 0.75

PLACE_BITS: Final = 14
ROWS: Final = 1 << PLACE_BITS
"""Of a block: a place in it has two bytes, and what it takes to make one is given back before the next."""

COMMON: Final = 1 / 3
"""Terms of more than this share of a block's passages are kept as a count for each passage: they take less so, and a
fifth of the time."""


@dataclass(frozen=True, slots=True)
class Block:
    """Passages in the order of `numbers`, ascending: LanceDB's of their rows.

    terms (t,): numbers of the vocabulary, ascending. Term `terms[i]` stands in the passages
    `places[starts[i]:starts[i + 1]]`, as often as `counts` say. common: a COMMON term's number → its counts, (n,).
    lengths (n,): terms of a passage.
    """

    numbers: NDArray[np.uint64]
    terms: NDArray[np.int32]
    starts: NDArray[np.int32]
    places: NDArray[np.uint16]
    counts: NDArray[np.uint8]
    common: dict[int, NDArray[np.uint8]]
    lengths: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        own: list[NDArray[Any]] = [self.terms, self.starts, self.places, self.counts, self.lengths]
        return sum(array.nbytes for array in (*own, *self.common.values()))

    def holding(self, term: int) -> int:
        """How many of the passages have the term."""
        import numpy as np

        if (common := self.common.get(term)) is not None:
            return int(np.count_nonzero(common))
        part = self._part(term)
        size: int = part.stop - part.start
        return size

    def add(self, term: int, weight: float, damping: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """weight · count ÷ (count + damping) to the scores of the passages that have the term."""
        import numpy as np

        if (common := self.common.get(term)) is not None:
            counts = common.astype(np.float32)
            scores += weight * counts / (counts + damping)
        else:
            part = self._part(term)
            places, counts = self.places[part].astype(np.intp), self.counts[part].astype(np.float32)
            scores[places] += weight * counts / (counts + damping[places])

    def _part(self, term: int) -> slice:
        """Where `places` and `counts` are about the term."""
        at = int(self.terms.searchsorted(term))
        if at == len(self.terms) or self.terms[at] != term:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))


@dataclass(frozen=True, slots=True)
class Words:
    """`vocabulary`: term → its number. `average`: terms of a passage. The passages are those of the blocks in order."""

    vocabulary: dict[str, int]
    blocks: Sequence[Block]
    average: float

    def scores(self, terms: Iterable[str]) -> NDArray[np.float32]:
        """(passages,): BM25 for any of the terms; 0 where a passage has none."""
        import numpy as np

        wanted = [self.vocabulary[term] for term in dict.fromkeys(terms) if term in self.vocabulary]
        passages = sum(len(block.numbers) for block in self.blocks)
        weights = [_weight(sum(block.holding(term) for block in self.blocks), passages) for term in wanted]
        scores = np.zeros(passages, dtype=np.float32)
        first = 0
        for block in self.blocks:
            own = scores[first : first + len(block.numbers)]
            first += len(block.numbers)
            damping = SATURATION * (1 - LENGTH + LENGTH / self.average * block.lengths)
            for term, weight in zip(wanted, weights, strict=True):
                block.add(term, weight, damping, own)
        return scores


def words_of(
    numbers: NDArray[np.uint64], read: Callable[[int, int], Any], before: Words | None, most: int
) -> Words | None:
    """Of the rows with these `numbers`, ascending; None where they take more than `most` bytes.

    read: the first place of some rows and the one after the last → an Arrow array of their terms, spaces between them.
    before: of the same table, earlier: its blocks are taken over where their rows are still there.
    """
    import numpy as np

    vocabulary = {} if before is None else before.vocabulary
    kept: dict[int, Block] = {}
    for block in () if before is None else before.blocks:
        at = int(np.searchsorted(numbers, block.numbers[0]))
        # A small one is made again together with what came after it.
        if 2 * len(block.numbers) > ROWS and np.array_equal(numbers[at : at + len(block.numbers)], block.numbers):
            kept[at] = block
    blocks: list[Block] = []
    first = 0
    while first < len(numbers):
        if first in kept:
            blocks.append(kept[first])
        else:
            last = min([len(numbers), first + ROWS, *(at for at in kept if at > first)])
            blocks.append(_block(numbers[first:last], read(first, last), vocabulary))
        first += len(blocks[-1].numbers)
        if sum(block.nbytes for block in blocks) > most:
            return None
    total = sum(float(block.lengths.sum()) for block in blocks)
    return Words(vocabulary, blocks, max(total / max(len(numbers), 1), 1.0))


def _block(numbers: NDArray[np.uint64], column: Any, vocabulary: dict[str, int]) -> Block:
    import numpy as np
    import pyarrow.compute as pc

    split = pc.split_pattern(column, " ")
    passages = pc.list_parent_indices(split).to_numpy().astype(np.uint64)
    encoded = split.flatten().dictionary_encode()
    known = [vocabulary.setdefault(term, len(vocabulary)) for term in encoded.dictionary.to_pylist()]
    terms = np.array(known, dtype=np.uint64)[encoded.indices.to_numpy()]
    if (nothing := vocabulary.get("")) is not None:  # a passage without terms
        passages, terms = passages[terms != nothing], terms[terms != nothing]
    pairs, counts = np.unique(terms << np.uint64(PLACE_BITS) | passages, return_counts=True)
    own, starts, holding = np.unique(pairs >> np.uint64(PLACE_BITS), return_index=True, return_counts=True)
    places = (pairs & np.uint64((1 << PLACE_BITS) - 1)).astype(np.uint16)
    counts = np.minimum(counts, np.iinfo(np.uint8).max).astype(np.uint8)
    often = holding > COMMON * len(numbers)
    common: dict[int, NDArray[np.uint8]] = {}
    for term, start, size in zip(own[often], starts[often], holding[often], strict=True):
        common[int(term)] = np.zeros(len(numbers), dtype=np.uint8)
        common[int(term)][places[start : start + size]] = counts[start : start + size]
    seldom = np.repeat(~often, holding)
    return Block(
        numbers,
        own[~often].astype(np.int32),
        np.append(0, np.cumsum(holding[~often])).astype(np.int32),
        places[seldom],
        counts[seldom],
        common,
        np.bincount(passages.astype(np.intp), minlength=len(numbers)).astype(np.float32),
    )


def _weight(holding: int, passages: int) -> float:
    return (SATURATION + 1) * math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
