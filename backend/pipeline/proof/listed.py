"""Figures of one sentence side by side, each with words of its own: whether a sentence gives one the words of another.

*640,000 from tickets, 215,000 from the shop*: a sentence of the shop's 640,000 has every word and figure of its
passage. Each piece of such a list is held against the piece that the figure stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.align import THE_SAME
from backend.pipeline.proof.number import LASTING, Number
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    from backend.pipeline.proof.align import Alignment, Prepared

PIECE: Final = re.compile(
    r"[,;:.!?—–]\s|[；，。：、（）()]|[和与及而则]|"
    r"\s(?:and|but|while|whereas|against|und|aber|gegen|gegenüber|während|sonst|et|mais|contre|puis|"
    r"y|e|pero|frente|mientras)\s"
)
"""What parts the pieces of a list. A comma or colon within a figure has no space behind it."""
WORKING_DAYS: Final = re.compile(
    r"\s*(?:(?:working|business) days?|Werktag|Arbeitstag|jours? ouvr|días? (?:hábil|laborable)|个?工作日)"
)
"""A figure that is followed by these has no unit that days could be compared with, but stands beside days."""
YEARS: Final = (1500, 2100)
"""Four digits between these are mostly a year, which belongs to whatever the sentence tells."""
_UNITS: Final = """
    euro euros eur dollar dollars pound pounds franken francs yuan cent cents céntimos centimes
    million millionen millions millones prozent percent kilometer kilometre kilometres
    元 万元 亿元 公里 公斤 小时 分钟
"""
UNITS: Final = frozenset(_UNITS.split())
"""Words of the figure, not words beside it."""


@dataclass(frozen=True, slots=True)
class Piece:
    words: tuple[Word, ...]
    figures: tuple[Number, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """`figure` is given words that stand beside `rival`, in sentence `source`; `worth` of these words, 1 a rare one."""

    figure: Number
    rival: Number
    source: int
    worth: float


def pieces(reading: Reading) -> list[Piece]:
    cuts = [0, *(match.end() for match in PIECE.finditer(reading.text)), len(reading.text) + 1]
    return [
        Piece(
            tuple(word for word in reading.words if start <= word.start < end),
            tuple(number for number in reading.numbers if start <= number.start < end and not number.weak),
            start,
        )
        for start, end in pairwise(cuts)
    ]


def claimed(prepared: Prepared, alignment: Alignment, passage: int) -> Claimed | None:
    """The figure whose words stand beside another of its kind wherever `passage` has it; of several the surest."""
    if not alignment.figures:
        return None
    own = prepared.passage_sources[passage]
    lists = {at: pieces(prepared.sources[at].reading) for at in own}
    surest: Claimed | None = None
    mine = pieces(alignment.reading)
    for figure in alignment.figures:
        if year(figure):
            continue
        beside = next((piece.words for piece in mine if figure in piece.figures), ())
        said = _Said(prepared, alignment, figure, [word for word in beside if word.lower not in UNITS])
        found = [
            said.claimed(parts, place, at)
            for at, parts in lists.items()
            for place, piece in enumerate(parts)
            if _has(piece, figure)
        ]
        least = min(found, key=lambda one: one.worth if one is not None else 0.0, default=None)
        if least is not None and (surest is None or least.worth > surest.worth):
            surest = least
    return surest


class _Said:
    """A figure of the sentence and the words beside it."""

    def __init__(self, prepared: Prepared, alignment: Alignment, figure: Number, words: Sequence[Word]) -> None:
        places = {id(word): at for at, word in enumerate(alignment.reading.words)}
        self._figure = figure
        self._figures = alignment.figures
        self._working = WORKING_DAYS.match(alignment.reading.text, figure.end) is not None
        self._similar = [prepared.similar[word.stem] for word in words]
        self._worth = [float(alignment.weights[places[id(word)]]) / prepared.rarest for word in words]
        self._vocabulary = prepared.vocabulary

    def claimed(self, parts: Sequence[Piece], home: int, source: int) -> Claimed | None:
        """Held against the pieces of a list of which `home` has the figure."""
        mine = self._among(parts[home].words)
        shared = self._among(
            word
            for at, part in enumerate(parts)
            if at != home and not any(self._instead(other, later=at > home) for other in part.figures)
            for word in part.words
        )
        best: Claimed | None = None
        for at, part in enumerate(parts):
            rival = next((other for other in part.figures if self._instead(other, later=at > home)), None)
            if at == home or rival is None or any(_has(part, figure) for figure in self._figures if not year(figure)):
                continue
            there = self._among(part.words)
            # What follows leaves out what was said before: only an earlier piece must have all that this one has.
            if at < home and mine - there:
                continue
            worth = sum(self._worth[word] for word in there - mine - shared)
            # A year is as good as a word.
            worth += sum(
                _has(part, figure) and not _has(parts[home], figure) for figure in self._figures if year(figure)
            )
            if worth > 0 and (best is None or worth > best.worth):
                best = Claimed(self._figure, rival, source, worth)
        return best

    def _among(self, there: Iterable[Word]) -> set[int]:
        columns = [self._vocabulary[word.stem] for word in there]
        if not columns:
            return set()
        return {at for at, row in enumerate(self._similar) if float(row[columns].max()) >= THE_SAME}

    def _instead(self, other: Number, *, later: bool) -> bool:
        if self._working and other.kind in LASTING:
            return True
        return rivals(self._figure, other) or (later and _bare(other))


def _has(piece: Piece, figure: Number) -> bool:
    return any(figure.same(other) for other in piece.figures)


def rivals(figure: Number, other: Number) -> bool:
    """Whether both measure the same sort of thing, so that one may stand in the place of the other."""
    if figure.percent != other.percent or year(other):
        return False
    return figure.kind == other.kind or {figure.kind, other.kind} <= LASTING


def _bare(other: Number) -> bool:
    """Without a unit, as what follows in a list may be: *five days for the one, two for the other*."""
    return other.kind is None and not other.percent and not year(other)


def year(figure: Number) -> bool:
    """A year, or a month of one, not how long something takes."""
    if figure.kind == "months" and figure.amount and figure.amount[0] >= YEARS[0] * 12:
        return True
    return (
        figure.kind is None
        and not figure.percent
        and figure.end - figure.start == 4
        and any(YEARS[0] <= value <= YEARS[1] and value == int(value) for value in figure.values)
    )
