"""Page headers and footers: what stands at the edge of a page and says nothing that its number does not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from backend.pipeline.readers.layout import Piece, rows_of
from backend.pipeline.readers.printed import NOTE, Page, body_size

MOST_ROWS: Final = 5
ROWS: Final = 4
"""Lines at the top and at the bottom of a page that are compared with other pages'."""

EDGE: Final = 0.085
"""Share of the page's height that is margin: half an inch to an inch of common paper."""

NUMBER_EDGE: Final = 0.12
"""The same for a line that is nothing but a page's number."""

WIDE_EDGE: Final = 0.15
"""The same for a running title with the page's number beside it."""

SHORT: Final = 6
"""Pages of a document that is too short for its headers to repeat; there their place alone tells them."""

PAGE_NUMBER = re.compile(
    r"(?:page|seite|p\.)?[-–—\s|]*(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/|von|de)\s*\d{1,4})?[-–—\s|]*", re.I
)
ADDRESS = re.compile(r"(?:[\w ]{1,20}:\s*)?(?:https?://|www\.)\S+(?:\s+\d{1,4}(?:/\d{1,4})?)?", re.I)
"""Where a page was printed or taken from, as browsers and archives write it under it."""

FIGURES = re.compile(r"\d+")


class Furniture:
    """Sees every page before the first is handed on, as far ahead as there are pages waiting."""

    def __init__(self, total: int) -> None:
        self._short = total <= SHORT
        self._seen: dict[tuple[str, int], int] = {}
        self._total = total

    def see(self, page: Page) -> None:
        for row, place in self._edges(page):
            key = _key(row, place)
            self._seen[key] = self._seen.get(key, 0) + 1

    def without(self, page: Page) -> Page:
        dropped = {id(piece) for row, place in self._edges(page) for piece in row if self._repeats(row, place)}
        rows = [row for row in rows_of(page.pieces) if not all(id(piece) in dropped for piece in row)]
        for inward in (rows, rows[::-1]):
            for row in self._margin(inward, page):
                dropped.update(id(piece) for piece in row)
        return replace(page, pieces=[piece for piece in page.pieces if id(piece) not in dropped])

    def _edges(self, page: Page) -> list[tuple[list[Piece], int]]:
        """The first and last lines that stand in the outer sixth of the page, with the place of each in steps."""
        rows = rows_of(page.pieces)
        outer = page.height / 6
        return [
            (row, round(row[0].middle / page.height * 60))
            for row in [*rows[:ROWS], *rows[max(ROWS, len(rows) - ROWS) :]]
            if row[0].bottom < outer or row[0].top > page.height - outer
        ]

    def _repeats(self, row: list[Piece], place: int) -> bool:
        text, _ = _key(row, place)
        times = sum(self._seen.get((text, place + step), 0) for step in (-1, 0, 1))
        return times >= 3 if self._total > 3 else times >= 2 and self._total == 2 and len(text) < 120

    def _margin(self, rows: list[list[Piece]], page: Page) -> list[list[Piece]]:
        """The first of `rows`, which come from an edge inward, that stand in the margin with white between them and
        the text, in letters no larger than the text's. The page's number stands there on any page."""
        inside = 0
        while inside < min(len(rows) - 1, MOST_ROWS) and _depth(rows[inside], page) < EDGE * page.height:
            inside += 1
        first = " ".join(piece.text for piece in rows[0]).strip() if rows else ""
        if len(rows) > 1 and PAGE_NUMBER.fullmatch(first) and _depth(rows[0], page) < NUMBER_EDGE * page.height:
            inside = max(inside, 1) if self._short else 1
        elif not self._short:
            return []
        if self._short and not inside and len(rows) > 1 and _numbered(rows[0]):
            white = _white(rows[0], rows[1])
            if _depth(rows[0], page) < WIDE_EDGE * page.height and white > 1.2 * max(p.size for p in rows[0]):
                return rows[:1]
        if inside == 0:
            return []
        margin = rows[:inside]
        letters = sum(len(piece.text) for row in margin for piece in row)
        white = _white(rows[inside - 1], rows[inside])
        size = max(piece.size for row in margin for piece in row)
        address = ADDRESS.fullmatch(first) and white > 2 * size
        if inside == 1 and (address or PAGE_NUMBER.fullmatch(first)):
            return margin
        apart = letters < 200 and white > 0.7 * size and size <= 1.25 * body_size([page])
        return margin if apart and not NOTE.match(first) else []


def _numbered(row: list[Piece]) -> bool:
    """A running title with the page's number at one end of its line."""
    return len(row) > 1 and any(PAGE_NUMBER.fullmatch(piece.text.strip()) for piece in (row[0], row[-1]))


def _depth(row: list[Piece], page: Page) -> float:
    """How far from the nearer edge of the page a line ends."""
    return min(row[0].bottom, page.height - row[0].top)


def _white(one: list[Piece], other: list[Piece]) -> float:
    return max(other[0].top - one[0].bottom, one[0].top - other[0].bottom)


def _key(row: list[Piece], place: int) -> tuple[str, int]:
    return FIGURES.sub("#", " ".join(piece.text for piece in row)), place
