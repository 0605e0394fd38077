"""A sentence's clauses beside a passage's: does each stand in one place, or do they exchange what is said of whom?

*The mayor voted for Brandreth, the aldermen for Wick*: a sentence in which the mayor voted for Wick and the aldermen
for Brandreth has every word of it, but either of its clauses is torn between the same two places. The places are
clauses, what a semicolon or *while* parts, and whole sentences: what is said of Wick may take several clauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.homes import BLOCK
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.pipeline.proof.align import Alignment, Prepared

    Floats = NDArray[np.float32]

FOUND: Final = 0.5
THE_SAME: Final = 0.84
"""Similarity from which a word is that of the passage, in another form maybe: what is of like meaning only may stand in
another place without a fault."""
MOST_PARTS: Final = 80
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
    clauses = [
        place for at, source in enumerate(sources) for place in _places(source, source.clause_starts, opening=at == 0)
    ]
    if not clauses or len(clauses) > MOST_PARTS or not 0 < len(items.clauses) <= MOST_CLAUSES:
        return Parts()
    if len(items.weights) > MOST_ITEMS:
        return Parts()
    held = items.held(clauses)
    exchanged, said = items.exchanged(held)
    strange, name = items.strange(clauses, held)
    blocks = _blocks(sources)
    for wider in (blocks, [_Place(source.words, source.numbers, at == 0) for at, source in enumerate(sources)]):
        own = items.held(wider)
        worth, words = items.exchanged(own)
        if worth > exchanged:
            exchanged, said = worth, words
        gain, word = items.strange(wider, own) if wider is blocks else (0.0, "")
        if gain > strange:
            strange, name = gain, word
    shares = [float((held[:, own] @ items.weights[own]).max()) / total for own, total in items.clauses]
    whole = sum(total for _, total in items.clauses)
    mean = sum(share * total for share, (_, total) in zip(shares, items.clauses, strict=True)) / whole
    return Parts(exchanged, said, items.torn(held), strange, name, min(shares), mean)


@dataclass(frozen=True, slots=True)
class _Place:
    """`opening`: whether it is in the first sentence of its passage."""

    words: Sequence[Word]
    numbers: Sequence[Number]
    opening: bool


def _places(source: Reading, starts: Iterable[int], *, opening: bool) -> list[_Place]:
    """What stands from each start to the next."""
    found = []
    ahead: list[Word] = []
    for start, end in pairwise([*starts, len(source.text) + 1]):
        words = ahead + [word for word in source.words if start <= word.start < end]
        numbers = [number for number in source.numbers if start <= number.start < end]
        # *For the Ceibo, the thesis counts half*: what is named ahead belongs to what follows.
        ahead = words if words and not numbers and all(word.name for word in words) else []
        if not ahead and (words or numbers):
            found.append(_Place(words, numbers, opening))
    if ahead:
        found.append(_Place(ahead, [], opening))
    return found


def _blocks(sources: Iterable[Reading]) -> list[_Place]:
    return [
        place
        for at, source in enumerate(sources)
        for place in _places(source, [0, *(match.end() for match in BLOCK.finditer(source.text))], opening=at == 0)
    ]


class _Items:
    """A sentence's words, then its figures. `clauses`: of each its items and what they weigh together."""

    def __init__(self, prepared: Prepared, alignment: Alignment) -> None:
        import numpy as np

        reading = alignment.reading
        self._prepared = prepared
        self._reading = reading
        self._numbers = [number for number in reading.numbers if number.kind != "label"]
        worth = [alignment.figure_weight * (ORDINAL if number.weak else 1.0) for number in self._numbers]
        self.weights: Floats = np.append(alignment.weights, worth).astype(np.float32)
        self._names = np.append(alignment.names, [False] * len(worth)).astype(bool)
        self._similar = np.stack([prepared.similar[word.stem] for word in reading.words]) if reading.words else None
        clauses = [word.clause for word in reading.words]
        clauses += [reading.clause_at(number.start) for number in self._numbers]
        stems = [word.stem for word in reading.words]
        places = [{clause for other, clause in zip(stems, clauses, strict=False) if other == stem} for stem in stems]
        # What two clauses have tells neither apart.
        self._single = self.weights * np.array([len(one) == 1 for one in places] + [True] * len(worth))
        members = [[at for at, clause in enumerate(clauses) if clause == one] for one in range(len(reading.negated))]
        self.clauses = [(own, float(self.weights[own].sum())) for own in members if own]

    def held(self, places: Sequence[_Place]) -> Floats:
        """(places, items), how well each place has each item."""
        import numpy as np

        count = len(self._reading.words)
        held = np.zeros((len(places), len(self.weights)), dtype=np.float32)
        for row, place in zip(held, places, strict=True):
            if place.words and self._similar is not None:
                columns = [self._prepared.vocabulary[word.stem] for word in place.words]
                best = self._similar[:, columns].max(axis=1)
                row[:count] = np.where(best >= FOUND, best, 0)
            row[count:] = [any(mine.same(theirs) for theirs in place.numbers) for mine in self._numbers]
        return held

    def exchanged(self, held: Floats) -> tuple[float, str]:
        import numpy as np

        if len(held) > MOST_PARTS:
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
        return most / self._prepared.rarest, said

    def torn(self, held: Floats) -> float:
        import numpy as np

        most = 0.0
        for own, total in self.clauses:
            only = (np.maximum(held[:, None, own] - held[None, :, own], 0) * self.weights[own]).sum(axis=2)
            most = max(most, float(np.minimum(only, only.T).max()) / total)
        return most

    def strange(self, places: Sequence[_Place], held: Floats) -> tuple[float, str]:
        import numpy as np

        stems = {word.stem for word in self._reading.words}
        others = np.array([any(word.name and word.stem not in stems for word in place.words) for place in places])
        # A passage of one sentence is about what it begins with.
        first = places[0] if places and all(place.opening for place in places) else None
        opening = np.array([place is first if first is not None else place.opening for place in places])
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
