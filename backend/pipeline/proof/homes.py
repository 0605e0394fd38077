"""Where a figure or a name of the sentence stands in the passage, and whether its words stand beside another one.

A block is a sentence, or what a semicolon or *while* parts from the rest. *The Eco programme takes 9.5 litres; …; the
Intensive programme takes 14*: a sentence of the Eco programme's 14 litres has fewer words where 14 stands than where
another figure of its kind does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.align import THE_SAME
from backend.pipeline.proof.listed import pieces, rivals, year
from backend.pipeline.proof.number import LASTING, Number
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    from backend.pipeline.proof.align import Alignment, Prepared

BLOCK: Final = re.compile(r"[;；。]\s*|\s(?:while|whereas|während|wohingegen|tandis qu|alors qu|mientras)")
DATE_WITHIN: Final = 5
"""Characters between the day and the month of a date."""


@dataclass(frozen=True, slots=True)
class Block:
    words: tuple[Word, ...]
    figures: tuple[Number, ...]
    source: int


@dataclass(frozen=True, slots=True)
class Away:
    """`said`, from the sentence, stands in another block than its words; `there` stands with them, in `source`.

    `worth`: of the words that the other block has more, 1 a rare one.
    """

    said: Number
    there: Number
    source: int
    worth: float


def blocks(reading: Reading, source: int) -> list[Block]:
    cuts = [0, *(match.end() for match in BLOCK.finditer(reading.text)), len(reading.text) + 1]
    return [
        Block(
            tuple(word for word in reading.words if start <= word.start < end),
            tuple(number for number in reading.numbers if start <= number.start < end and _measures(number)),
            source,
        )
        for start, end in pairwise(cuts)
    ]


class Homes:
    """The blocks of a passage, and which words of the sentence each of them has."""

    def __init__(self, prepared: Prepared, alignment: Alignment, passage: int) -> None:
        self._alignment = alignment
        self._worth = [float(weight) / prepared.rarest for weight in alignment.weights]
        self._blocks = [
            block for at in prepared.passage_sources[passage] for block in blocks(prepared.sources[at].reading, at)
        ]
        rows = [prepared.similar[word.stem] for word in alignment.reading.words]
        self._held: list[set[int]] = []
        for block in self._blocks:
            columns = [prepared.vocabulary[word.stem] for word in block.words]
            self._held.append(
                {at for at, row in enumerate(rows) if float(row[columns].max()) >= THE_SAME} if columns else set()
            )

    def figure(self) -> Away | None:
        """The figure whose words stand with another of its kind, all that stand with it and more."""
        reading = self._alignment.reading
        figures = [number for number in reading.numbers if _measures(number) and not _day(number, reading)]
        if not figures:
            return None
        parts = pieces(reading)
        surest: Away | None = None
        for figure in figures:
            if year(figure):
                continue
            elsewhere = {
                id(word) for part in parts if part.figures and figure not in part.figures for word in part.words
            }
            counted = {at for at, word in enumerate(reading.words) if id(word) not in elsewhere}
            homes = [at for at, block in enumerate(self._blocks) if any(figure.same(one) for one in block.figures)]
            if not homes:
                continue
            home = max(homes, key=lambda at: self._sum(self._held[at] & counted))
            for at, rival in self._others(figure, figures, homes):
                here, there = self._held[home] & counted, self._held[at] & counted
                worth = self._sum(there - here)
                if not here - there and worth > 0 and (surest is None or worth > surest.worth):
                    surest = Away(figure, rival, self._blocks[at].source, worth)
        return surest

    def name(self) -> float:
        """The same for names: the worth of the words that stand with another name, less of those that do not."""
        words, names = self._alignment.reading.words, self._alignment.names
        stems = {word.stem for word in words}
        most = 0.0
        for run in _runs([bool(name) for name in names]):
            own = set(run)
            homes = [at for at, held in enumerate(self._held) if held & own]
            if not homes:
                continue
            home = self._held[max(homes, key=lambda at: self._sum(self._held[at] - own))]
            for at, block in enumerate(self._blocks):
                if at not in homes and any(word.name and word.stem not in stems for word in block.words):
                    there = self._held[at]
                    if not home - there - own:
                        most = max(most, self._sum(there - home))
        return most

    def _others(self, figure: Number, figures: Sequence[Number], homes: Sequence[int]) -> Iterator[tuple[int, Number]]:
        for at, block in enumerate(self._blocks):
            if at in homes:
                continue
            for one in block.figures:
                if rivals(figure, one) and not any(one.same(said) for said in figures):
                    yield at, one
                    break

    def _sum(self, words: set[int]) -> float:
        return sum(self._worth[at] for at in words)


def _measures(number: Number) -> bool:
    """A single hour counts as others do: *within an hour*."""
    return (not number.weak or number.kind in LASTING) and number.kind not in {"label", "identifier", "month"}


def _day(number: Number, reading: Reading) -> bool:
    return number.kind is None and any(
        other.kind == "month" and max(other.start - number.end, number.start - other.end) <= DATE_WITHIN
        for other in reading.numbers
    )


def _runs(named: Sequence[bool]) -> Iterator[list[int]]:
    """Names that stand side by side are one."""
    run: list[int] = []
    for at, name in enumerate([*named, False]):
        if name:
            run.append(at)
        elif run:
            yield run
            run = []
