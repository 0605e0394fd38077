"""What stands beside what: the words and figures of a passage as nodes, and whether a sentence joins them as they do.

A sentence that gives the shop's income to the donations has every word of its passage. What tells it is who stands
beside whom: swapping two of its nodes, or putting another figure or name of the passage in the place of one, brings it
closer to what stands there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.number import Number
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

NEAR: Final = 20.0
"""Characters at which a node counts a quarter."""
UNSPACED: Final = 3.0
"""How many letters a character of a script without spaces is worth."""
MOST_NODES: Final = 400
"""What has more is no sentence and no passage: its nodes are not compared."""
ANOTHER_CLAUSE: Final = 14.0
ANOTHER_SENTENCE: Final = 60.0
"""Characters that a border is worth."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """Words first, then figures. `near`: (nodes, nodes), 1 for what touches, 0 for the node itself."""

    columns: NDArray[np.int64]
    """(words,): each word's stem in the vocabulary."""
    words: tuple[Word, ...]
    figures: tuple[Number, ...]
    near: Floats


def nodes(readings: Sequence[Reading], starts: Sequence[int], vocabulary: dict[str, int] | None) -> Nodes:
    """The nodes of neighbouring sentences that begin at `starts`, characters from the start of their text."""
    import numpy as np

    words: list[Word] = []
    figures: list[Number] = []
    places: list[tuple[int, int, int, int]] = []
    later: list[tuple[int, int, int, int]] = []
    for at, (reading, start) in enumerate(zip(readings, starts, strict=True)):
        for word in reading.words:
            words.append(word)
            places.append((start + word.start, start + word.end, at, word.clause))
        for number in reading.numbers:
            if not number.weak:
                figures.append(number)
                later.append((start + number.start, start + number.end, at, reading.clause_at(number.start)))
    places += later
    columns = np.array([vocabulary[word.stem] for word in words] if vocabulary is not None else [], dtype=np.int64)
    if not places or len(places) > MOST_NODES:
        return Nodes(columns, (), (), np.zeros((0, 0), dtype=np.float32))
    begin, end, sentence, clause = (np.array(column, dtype=np.float32) for column in zip(*places, strict=True))
    gap = np.maximum(np.maximum(begin[:, None] - end[None, :], begin[None, :] - end[:, None]), 0)
    if sum(word.unspaced for word in words) * 2 > len(words):
        gap *= UNSPACED
    apart = np.abs(sentence[:, None] - sentence[None, :])
    gap += ANOTHER_SENTENCE * apart + ANOTHER_CLAUSE * np.where(apart > 0, 0, np.abs(clause[:, None] - clause[None, :]))
    near = ((NEAR / (NEAR + gap)) ** 2).astype(np.float32)
    np.fill_diagonal(near, 0)
    return Nodes(columns, tuple(words), tuple(figures), near)


@dataclass(frozen=True, slots=True)
class Instead:
    """Another figure or name of the passage that would fit better in the place of one of the sentence's."""

    said: int
    """Node of the sentence."""
    there: int
    """Node of the passage."""
    gain: float


NOTHING: Final = dict.fromkeys(
    (
        "joined", "joined_least", "swapped", "swapped_most", "figure_instead", "figure_instead_most", "name_instead",
        "name_instead_most", "figure_joined",
    ),
    0.0,
)  # fmt: skip


def joined(
    mine: Nodes, there: Nodes, similar: Floats, weights: Floats, same: NDArray[np.bool_]
) -> tuple[dict[str, float], Instead | None]:
    """How the sentence's nodes stand together in the passage, and the figure that would fit better, if there is one.

    `similar`: (nodes of the sentence, nodes of the passage), 0 to 1; `same`: (figures of the sentence, figures of the
    passage). `weights`: (nodes of the sentence,).
    """
    import numpy as np

    count = len(mine.near)
    words = len(mine.words)
    known = similar.max(axis=1, initial=0.0) >= 0.5
    if count < 2 or not known.any():
        return dict(NOTHING), None
    # reach[g, k]: how near node g of the passage stands to what is node k of the sentence.
    reach = (there.near[:, None, :] * similar[None, :, :]).max(axis=2)
    strong = np.where(similar >= 0.5, similar, 0)
    # pairs[i, k]: the same for nodes of the sentence; the best of the places where i stands.
    pairs = (strong[:, :, None] * reach[None, :, :]).max(axis=1)
    pairs = np.minimum(pairs, pairs.T)
    np.fill_diagonal(pairs, 0)
    link = mine.near * weights[None, :] * known[None, :]
    total = float((link * weights[:, None] * known[:, None]).sum()) or 1.0
    values = dict(NOTHING)
    values["joined"] = float((link * pairs * weights[:, None]).sum()) / total
    own = (link * pairs).sum(axis=1)
    full = link.sum(axis=1)
    share = np.where(full > 0, own / np.maximum(full, 1e-6), 1.0)
    values["joined_least"] = float(share[known].min(initial=1.0))
    # What swapping the places of i and k in the passage would bring.
    crossed = link @ pairs.T
    straight = np.diag(crossed)
    scale = np.maximum(full[:, None] + full[None, :], 1e-6)
    gain = (crossed + crossed.T - straight[:, None] - straight[None, :]) / scale
    # Swapping neighbours changes nothing that could be wrong.
    gain *= known[:, None] & known[None, :]
    values["swapped"] = float(max(gain.max(initial=0.0), 0))
    if count > words:
        values["swapped_most"] = float(max(gain[words:, words:].max(initial=0.0), 0))
        values["figure_joined"] = float(share[words:].min(initial=1.0))
    # What a figure belongs to are words, and what a name belongs to are other words: a date's parts and a first name
    # hold together wherever they stand.
    kept = link.copy()
    kept[words:, words:] = 0
    names = np.array([word.name for word in mine.words] + [False] * (count - words), dtype=bool)
    kept[np.ix_(names, names)] = 0
    compared = _Compared(mine, there, kept, pairs, reach)
    values |= compared.names(known)
    worst = compared.figures(same, values)
    return values, worst


class _Compared:
    """What would fit better in the place of a figure or a name. `kept`: how much each node belongs to each."""

    def __init__(self, mine: Nodes, there: Nodes, kept: Floats, pairs: Floats, reach: Floats) -> None:
        import numpy as np

        self._mine, self._there, self._kept, self._pairs, self._reach = mine, there, kept, pairs, reach
        self._full = np.maximum(kept.sum(axis=1), 1e-6)
        self._share = (kept * pairs).sum(axis=1) / self._full
        # fits[i, g]: how well node g of the passage would stand where the sentence has i.
        self._fits = kept @ reach.T / self._full[:, None]

    def figures(self, same: NDArray[np.bool_], values: dict[str, float]) -> Instead | None:
        mine, there = self._mine, self._there
        words, there_words = len(mine.words), len(there.words)
        worst: Instead | None = None
        said_there = [bool(column.any()) for column in same.T] if same.size else [False] * len(there.figures)
        for at, figure in enumerate(mine.figures):
            node = words + at
            for other, rival in enumerate(there.figures):
                if said_there[other] or rival.kind != figure.kind or rival.percent != figure.percent:
                    continue
                better = float(self._fits[node, there_words + other] - self._share[node])
                if worst is None or better > worst.gain:
                    worst = Instead(node, there_words + other, better)
                raw = self._kept[node] * (self._reach[there_words + other] - self._pairs[node])
                values["figure_instead_most"] = max(values["figure_instead_most"], float(raw.max(initial=0.0)))
        if worst is not None:
            values["figure_instead"] = worst.gain
        return worst

    def names(self, known: NDArray[np.bool_]) -> dict[str, float]:
        import numpy as np

        mine, there = self._mine, self._there
        named = [at for at, word in enumerate(mine.words) if word.name and known[at] and self._full[at] > 0.01]
        stems = {word.stem for word in mine.words}
        rivals = [at for at, word in enumerate(there.words) if word.name and word.stem not in stems]
        if not named or not rivals:
            return {}
        better = self._fits[np.ix_(named, rivals)] - self._share[named][:, None]
        raw = self._kept[named][:, None, :] * (self._reach[rivals][None, :, :] - self._pairs[named][:, None, :])
        return {"name_instead": float(max(better.max(), -1.0)), "name_instead_most": float(max(raw.max(), 0.0))}
