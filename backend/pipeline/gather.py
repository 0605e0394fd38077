"""Ranked passages → those for the model: neighbours joined, near-duplicates dropped, no document in a crowd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.pipeline.terms import grams, letters

SAME: Final = 0.85
"""Share of the shorter passage's grams that stand in the other: a copy with another date, or a page header, is one."""

MOST_OF_ONE: Final = 0.5
"""Of the places, those that one document takes while others have passages too."""

LONGEST: Final = 2_400
"""Bytes of a joined passage: two of common length. A longer one would cost the places of others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`index`: its number in the document; `start`, `end`: offsets in the document's text, which holds it exactly."""

    document_id: str
    index: int
    start: int
    end: int
    heading: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """`best`: the number of its best ranked piece among those given."""

    best: int
    document_id: str
    first: int
    last: int
    start: int
    end: int
    text: str


def gather(pieces: Sequence[Piece], limit: int, longest: int = LONGEST) -> list[Joined]:
    """At most `limit`, the best first. `pieces`: the best first; `longest`: bytes of a joined passage.

    A piece goes to the place of its better neighbour, if both stand under the same headings; one that repeats what is
    there already is left out. One document takes at most half of the places, unless the others have nothing.
    """
    chosen: list[Joined] = []
    seen: list[set[str]] = []
    held_back: list[tuple[int, set[str]]] = []
    share = max(1, int(limit * MOST_OF_ONE))
    for at, piece in enumerate(pieces):
        found = set(grams(letters(piece.text)))
        if any(_alike(found, other) for other in seen):
            continue
        if _join(chosen, pieces, at, longest):
            seen.append(found)
        elif len(chosen) < limit:
            if sum(one.document_id == piece.document_id for one in chosen) < share:
                chosen.append(_alone(at, piece))
                seen.append(found)
            else:
                held_back.append((at, found))
    for at, _ in held_back[: limit - len(chosen)]:
        if not _join(chosen, pieces, at, longest):
            chosen.append(_alone(at, pieces[at]))
    return sorted(chosen, key=lambda one: one.best)


def _alone(at: int, piece: Piece) -> Joined:
    return Joined(at, piece.document_id, piece.index, piece.index, piece.start, piece.end, piece.text)


def _join(chosen: list[Joined], pieces: Sequence[Piece], at: int, longest: int) -> bool:
    piece = pieces[at]
    for place, one in enumerate(chosen):
        if (
            one.document_id != piece.document_id
            or pieces[one.best].heading != piece.heading
            or len(one.text.encode()) + len(piece.text.encode()) > longest
        ):
            continue
        if piece.index == one.last + 1:
            gap = "\n\n" if piece.start - one.end != 1 else " "
            chosen[place] = replace(one, last=piece.index, end=piece.end, text=f"{one.text}{gap}{piece.text}")
            return True
        if piece.index == one.first - 1:
            gap = "\n\n" if one.start - piece.end != 1 else " "
            chosen[place] = replace(one, first=piece.index, start=piece.start, text=f"{piece.text}{gap}{one.text}")
            return True
    return False


def _alike(one: set[str], other: set[str]) -> bool:
    least = min(len(one), len(other))
    return least > 0 and len(one & other) >= SAME * least
