"""Where the words of a document are printed: a row for each page of `document_boxes`, six numbers a word, packed.

Places are kept in thousandths of the page (on A4 a fifth of a millimetre across), rounded outward, so that a box
holds its word.
"""

from __future__ import annotations

import math
import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

STEPS: Final = 1000
COLUMNS: Final = 6
"""Of a packed page, one after the other: letters from the word before, letters, left, top, right, bottom."""

MOST_LETTERS: Final = 65_535


class WordBox(NamedTuple):
    """Where letters [start:end] of a document's text are printed, as fractions of the page from its left and top."""

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageBoxes:
    """The boxes of a page, which hold letters of [first:last]. `packed`: see `pack`. `page` counts from 1."""

    page: int
    first: int
    last: int
    packed: bytes


def pack(page: int, boxes: Iterable[WordBox]) -> PageBoxes | None:
    """None where there are none. Some five bytes a word."""
    found = sorted(box for box in boxes if 0 < box.end - box.start <= MOST_LETTERS)
    if not found:
        return None
    first = found[0].start
    steps = [0, *(after.start - before.start for before, after in pairwise(found))]
    columns = [
        steps,
        [box.end - box.start for box in found],
        [_down(box.left) for box in found],
        [_down(box.top) for box in found],
        [_up(box.right) for box in found],
        [_up(box.bottom) for box in found],
    ]
    numbers = array("I", [number for column in columns for number in column])
    return PageBoxes(page, first, max(box.end for box in found), zlib.compress(_little(numbers).tobytes(), 6))


def unpack(page: PageBoxes) -> list[WordBox]:
    """In the order of the text."""
    numbers = array("I")
    numbers.frombytes(zlib.decompress(page.packed))
    _little(numbers)
    count = len(numbers) // COLUMNS
    found = []
    start = page.first
    for step, letters, *box in zip(*(numbers[at * count : (at + 1) * count] for at in range(COLUMNS)), strict=True):
        start += step
        left, top, right, bottom = (value / STEPS for value in box)
        found.append(WordBox(start, start + letters, left, top, right, bottom))
    return found


def keep(connection: sqlite3.Connection, document_id: str, pages: Sequence[PageBoxes]) -> None:
    """In the place of what the document had."""
    connection.execute("DELETE FROM document_boxes WHERE document_id = ?", (document_id,))
    connection.executemany(
        "INSERT INTO document_boxes (document_id, first, last, page, boxes) VALUES (?, ?, ?, ?, ?)",
        [(document_id, one.first, one.last, one.page, one.packed) for one in pages],
    )


def between(connection: sqlite3.Connection, document_id: str, start: int, end: int) -> list[PageBoxes]:
    """The pages on which letters of [start:end] stand, in the order of the text."""
    rows = connection.execute(
        "SELECT page, first, last, boxes FROM document_boxes WHERE document_id = ? AND first < ? AND last > ?"
        " ORDER BY first",
        (document_id, end, start),
    )
    return [PageBoxes(*row) for row in rows]


def first_letters(connection: sqlite3.Connection, document_id: str, start: int, end: int) -> list[tuple[int, int]]:
    """The pages on which letters of [start:end] stand, in the order of the text: (its first letter, the page)."""
    rows = connection.execute(
        "SELECT first, page FROM document_boxes WHERE document_id = ? AND first < ? AND last > ? ORDER BY first",
        (document_id, end, start),
    )
    return [(first, page) for first, page in rows]


def _down(share: float) -> int:
    return math.floor(share * STEPS)


def _up(share: float) -> int:
    return min(math.ceil(share * STEPS), STEPS)


def _little(numbers: array[int]) -> array[int]:
    """From this machine's order of bytes to the stored one, and back: a backup may come from another."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
