"""A sentence's clauses beside a passage's: does each stand in one place, or do they exchange what is said of whom?

*The mayor voted for Brandreth, the aldermen for Wick*: a sentence in which the mayor voted for Wick and the aldermen
for Brandreth has every word of it, but either of its clauses is torn between the same two places. The places are
clauses, what a semicolon or *while* parts, and whole sentences: what is said of Wick may take several clauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.align import FOUND, THE_SAME
from backend.pipeline.proof.homes import BLOCK
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.pipeline.proof.align import Alignment, Prepared

    Floats = NDArray[np.float32]

MOST_PLACES: Final = 80
"""A passage with more of them is a table or a list, whose rows tell nothing of each other."""

MOST_CLAUSES: Final = 16
MOST_ITEMS: Final = 150
"""What has more is no sentence."""

ORDINAL: Final = 0.5
"""What the first and the third are worth, of a figure."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`exchanged`: the worth of what two clauses of the sentence have of each other's places, 1 for a rare word;
    `said`: a word of it. `torn`: the share of a clause that only another place has than the rest of it. `strange`: how
    much better the words around a name stand with another name; `name`: that name of the sentence. `worst`, `mean`:
    shares of the clauses that one clause of the passage has."""

    exchanged: float = 0.0
    said: str = ""
    torn: float = 0.0
    strange: float = 0.0
    name: str = ""
    worst: float = 1.0
    mean: float = 1.0


def parts(prepared: Prepared, alignment: Alignment, passage: int) -> Parts:
    """How the sentence's clauses stand in the passage's places."""
    sources = [prepared.sources[at].reading for at in prepared.passage_sources[passage]]
    items = _Items(prepared, alignment)
    if not 0 < len(items.clauses) <= MOST_CLAUSES or len(items.weights) > MOST_ITEMS:
        return Parts()
    if passage not in prepared.places:
        prepared.places[passage] = levels(sources, prepared.vocabulary, prepared.opening[passage])
    clauses, blocks, sentences = prepared.places[passage]
    if not len(clauses.opening) or len(clauses.opening) > MOST_PLACES:
        return Parts()
    items.meet(sources)
    held, in_blocks = items.held(clauses), items.held(blocks)
    exchanged, said = max(items.exchanged(one) for one in (held, in_blocks, items.held(sentences)))
    strange, name = max(items.strange(clauses, held), items.strange(blocks, in_blocks))
    shares = [float((held[:, own] @ items.weights[own]).max()) / total for own, total in items.clauses]
    whole = sum(total for _, total in items.clauses)
    mean = sum(share * total for share, (_, total) in zip(shares, items.clauses, strict=True)) / whole
    return Parts(exchanged, said, items.torn(held), strange, name, min(shares), mean)


@dataclass(frozen=True, slots=True)
class Level:
    """The places of a passage, of one size. `columns`: of the vocabulary, their words, those of place `rows[i]` from
    `starts[i]` on; `numbers`: of each place, which of the passage's; `names`: stems of its names; `opening`: whether it
    is in the beginning of the passage."""

    columns: NDArray[np.intp]
    starts: NDArray[np.intp]
    rows: NDArray[np.intp]
    numbers: Sequence[Sequence[int]]
    names: Sequence[frozenset[str]]
    opening: NDArray[np.bool_]


def levels(sources: Sequence[Reading], vocabulary: Mapping[str, int], opening: int) -> tuple[Level, Level, Level]:
    """Clauses, blocks and sentences. opening: how many of the sentences are the passage's beginning."""
    cuts = (
        [source.clause_starts for source in sources],
        [(0, *(match.end() for match in BLOCK.finditer(source.text))) for source in sources],
        [(0,) for _ in sources],
    )
    clauses, blocks, sentences = (_level(sources, starts, vocabulary, opening) for starts in cuts)
    return clauses, blocks, sentences


def _level(
    sources: Sequence[Reading], cuts: Sequence[Sequence[int]], vocabulary: Mapping[str, int], opening: int
) -> Level:
    import numpy as np

    places: list[tuple[list[Word], list[int], bool]] = []
    before = 0
    for at, (source, starts) in enumerate(zip(sources, cuts, strict=True)):
        ahead: list[Word] = []
        for start, end in pairwise([*starts, len(source.text) + 1]):
            words = ahead + [word for word in source.words if start <= word.start < end]
            numbers = [before + n for n, number in enumerate(source.numbers) if start <= number.start < end]
            # *For the Ceibo, the thesis counts half*: what is named ahead belongs to what follows.
            ahead = words if words and not numbers and all(word.name for word in words) else []
            if not ahead and (words or numbers):
                places.append((words, numbers, at < opening))
        if ahead:
            places.append((ahead, [], at < opening))
        before += len(source.numbers)
    rows = [row for row, (words, _, _) in enumerate(places) if words]
    sizes = [len(places[row][0]) for row in rows]
    return Level(
        np.array([vocabulary[word.stem] for words, _, _ in places for word in words], dtype=np.intp),
        np.cumsum([0, *sizes[:-1]]).astype(np.intp) if sizes else np.empty(0, np.intp),
        np.array(rows, dtype=np.intp),
        [numbers for _, numbers, _ in places],
        [frozenset(word.stem for word in words if word.name) for words, _, _ in places],
        np.array([begins for _, _, begins in places], dtype=bool),
    )


class _Items:
    """A sentence's words, then its figures. `clauses`: of each its items and what they weigh together."""

    def __init__(self, prepared: Prepared, alignment: Alignment) -> None:
        import numpy as np

        reading = alignment.reading
        self._rarest = prepared.rarest
        self._reading = reading
        self._numbers = [number for number in reading.numbers if number.kind != "label"]
        worth = [alignment.figure_weight * (ORDINAL if number.weak else 1.0) for number in self._numbers]
        self.weights: Floats = np.append(alignment.weights, worth).astype(np.float32)
        self._names = np.append(alignment.names, [False] * len(worth)).astype(bool)
        self._similar = np.stack([prepared.similar[word.stem] for word in reading.words]) if reading.words else None
        clauses = [word.clause for word in reading.words]
        clauses += [reading.clause_at(number.start) for number in self._numbers]
        self._stems = [word.stem for word in reading.words]
        of_stem: dict[str, set[int]] = {}
        for stem, clause in zip(self._stems, clauses, strict=False):
            of_stem.setdefault(stem, set()).add(clause)
        # What two clauses have tells neither apart.
        self._single = self.weights * np.array([len(of_stem[stem]) == 1 for stem in self._stems] + [True] * len(worth))
        members = [[at for at, clause in enumerate(clauses) if clause == one] for one in range(len(reading.negated))]
        self.clauses = [(own, float(self.weights[own].sum())) for own in members if own]
        self._same: NDArray[np.bool_] = np.zeros((len(worth), 0), dtype=bool)

    def meet(self, sources: Iterable[Reading]) -> None:
        """Compares the figures with those of a passage, once for all its places."""
        import numpy as np

        theirs = [number for source in sources for number in source.numbers]
        same = [[mine.same(one) for one in theirs] for mine in self._numbers]
        self._same = np.array(same, dtype=bool).reshape(len(self._numbers), len(theirs))

    def held(self, level: Level) -> Floats:
        """(places, items), how well each place has each item."""
        import numpy as np

        count = len(self._reading.words)
        held = np.zeros((len(level.opening), len(self.weights)), dtype=np.float32)
        if self._similar is not None and len(level.columns):
            best = np.maximum.reduceat(self._similar[:, level.columns], level.starts, axis=1)
            held[level.rows, :count] = np.where(best >= FOUND, best, 0).T
        if len(self._numbers):
            for row, numbers in zip(held, level.numbers, strict=True):
                if numbers:
                    row[count:] = self._same[:, numbers].any(axis=1)
        return held

    def exchanged(self, held: Floats) -> tuple[float, str]:
        import numpy as np

        if len(held) > MOST_PLACES or len(self.clauses) < 2:
            return 0.0, ""
        has = held >= THE_SAME
        # only[p, q, i]: what item i is worth where place p has it and place q has not.
        only = (has[:, None, :] & (held[None, :, :] < FOUND)) * self._single
        torn = []
        for own, _ in self.clauses:
            worth = only[:, :, own].sum(axis=2)
            torn.append(np.minimum(worth, worth.T))
        most, said = 0.0, ""
        for one, other in combinations(range(len(torn)), 2):
            both = np.minimum(torn[one], torn[other])
            if float(both.max()) > most:
                most = float(both.max())
                p, q = np.unravel_index(int(both.argmax()), both.shape)
                said = self._strongest(only[p, q], self.clauses[other][0])
        return most / self._rarest, said

    def torn(self, held: Floats) -> float:
        import numpy as np

        most = 0.0
        for own, total in self.clauses:
            only = (np.maximum(held[:, None, own] - held[None, :, own], 0) * self.weights[own]).sum(axis=2)
            most = max(most, float(np.minimum(only, only.T).max()) / total)
        return most

    def strange(self, level: Level, held: Floats) -> tuple[float, str]:
        import numpy as np

        stems = frozenset(self._stems)
        others = np.array([bool(names - stems) for names in level.names])
        opening = level.opening
        if opening.all():
            # A passage of one sentence is about what it begins with.
            opening = np.arange(len(opening)) == 0
        most, name = 0.0, ""
        for own, _ in self.clauses:
            named = [at for at in own if self._names[at]]
            rest = [at for at in own if not self._names[at]]
            if not named or not rest or not others.any():
                continue
            shares = held[:, rest] @ self.weights[rest] / float(self.weights[rest].sum())
            homes = held[:, named].max(axis=1) >= FOUND
            away = others & ~homes
            # What the passage is about is named at its beginning, and holds for all of it.
            if (
                homes.any()
                and not (homes & opening).any()
                and away.any()
                and (gain := float(shares[away].max() - shares[homes].max())) > most
            ):
                words = [self._reading.words[at] for at in named]
                most, name = gain, self._reading.text[words[0].start : words[0].end]
        return most, name

    def _strongest(self, worth: Floats, own: Sequence[int]) -> str:
        """The item of most worth, as the sentence has it."""
        at = max(own, key=lambda item: float(worth[item]))
        words = self._reading.words
        item = words[at] if at < len(words) else self._numbers[at - len(words)]
        return self._reading.text[item.start : item.end]
