"""A printed page → regions in reading order: columns are found by the white between them, tables by their rows.

The same for what PDFium measured and for what tesseract recognised. Places are points from the page's left and top.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

GAP: Final = 0.9
"""White within a line, in letter sizes, from which its two sides may belong to different columns or cells."""

BULLET = re.compile(
    r"^(?:[•‣▪●○◦·■□▶►✓✔➢➤❖⁃\u2013\u2014\uf0b7\uf0a7*o»-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,4}[.)]"
    r"|\d{1,2}(?:\.\d{1,2}){1,3}:)(?=\s+\S)"
)
MARKER = re.compile(
    r"[•‣▪●○◦·■□▶►✓✔➢➤❖⁃\u2013\u2014\uf0b7\uf0a7*o-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\d+(?:\.\d+)*\.?"
)
PROSE_LETTERS: Final = 22
"""Letters of the middle line of a column from which it is running text and no cells."""

NARROWEST: Final = 0.75
"""White between columns, in letter sizes."""


@dataclass(slots=True)
class Piece:
    """A line of print or a part of one that stands apart. `size`: of its letters. `hyphen`: its last word goes on.

    `grid`: the rows of cells of a table whose lines were seen, which stands as a whole where this piece stands.
    `words`: where each word of `text` begins and ends (left, right), if they were measured one by one.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool = False
    mono: bool = False
    hyphen: bool = False
    grid: list[list[list[Piece]]] | None = None
    words: tuple[tuple[float, float], ...] = ()

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(slots=True)
class Region:
    """Lines that are read downward, or a table: a grid of cells, each made of pieces."""

    lines: list[list[Piece]] = field(default_factory=list)
    table: list[list[list[Piece]]] | None = None
    left: float = 0.0
    right: float = 0.0


def regions(pieces: Sequence[Piece]) -> list[Region]:
    """The regions of a page in reading order."""
    pieces = with_markers([piece for piece in pieces if piece.text.strip()])
    return _merged(_read(pieces, 0)) if pieces else []


def rows_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces that share a line of print, from left to right; the lines from top to bottom."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.middle, piece.left)):
        row = rows[-1] if rows else None
        if row and _same_line(row[0] if row[0].size >= piece.size else row[-1], piece):
            row.append(piece)
        else:
            rows.append([piece])
    for row in rows:
        row.sort(key=lambda piece: piece.left)
    return rows


def _same_line(one: Piece, other: Piece) -> bool:
    height = min(one.bottom - one.top, other.bottom - other.top)
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > 0.6 * height and abs(one.middle - other.middle) < 0.5 * max(one.size, other.size)


def with_markers(pieces: list[Piece]) -> list[Piece]:
    """Bullets and numbers that stand before a text are a part of it."""
    joined: list[Piece] = []
    for row in rows_of(pieces):
        for piece in row:
            last = joined[-1] if joined else None
            if (
                last is not None
                and piece.grid is None
                and MARKER.fullmatch(last.text)
                and _same_line(last, piece)
                and 0 <= piece.left - last.right < 3.5 * piece.size
                and not MARKER.fullmatch(piece.text)
                and (not re.match(r"[\d.,%$€£(-]+$", piece.text))
            ):
                joined[-1] = Piece(
                    f"{last.text} {piece.text}", last.left, min(last.top, piece.top), piece.right,
                    max(last.bottom, piece.bottom), piece.size, piece.bold, piece.mono, piece.hyphen,
                    words=last.words + piece.words if last.words and piece.words else (),
                )  # fmt: skip
            else:
                joined.append(piece)
    return joined


def _read(pieces: list[Piece], depth: int) -> list[Region]:
    gutter = _gutter(pieces) if depth < 6 and len(pieces) > 3 else None
    if gutter is None:
        return _leaf(pieces)
    found: list[Region] = []
    for band, crossing in _bands(pieces, gutter):
        if crossing:
            found.extend(_read(band, depth + 1) if len(band) < len(pieces) else _leaf(band))
            continue
        left = [piece for piece in band if piece.right <= gutter]
        right = [piece for piece in band if piece.right > gutter]
        if not left or not right:
            found.extend(_read(band, depth + 1))
        elif _is_table(left, right):
            found.extend(_table(band))
        else:
            found.extend(_read(left, depth + 1))
            found.extend(_read(right, depth + 1))
    return found


def _gutter(pieces: list[Piece]) -> float | None:
    """The middle of the white that divides most lines from each other and that fewest lines cross."""
    size = median(piece.size for piece in pieces)
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    step = 2.0
    count = int((right - left) / step) + 2
    crossed, before, after = [0] * (count + 1), [0] * (count + 1), [0] * (count + 1)
    for piece in pieces:
        first, last = int((piece.left - left) / step), min(int((piece.right - left) / step) + 1, count)
        crossed[max(first, 0)] += 1
        crossed[last] -= 1
        before[last] += 1
        after[max(first, 0)] += 1
    levels: list[tuple[int, int, int]] = []
    over = ended = 0
    starts = len(pieces)
    for at in range(count):
        over += crossed[at]
        ended += before[at]
        starts -= after[at]
        levels.append((over, ended, starts))
    # Titles and the like over the columns end here and there: a few lines more or less are the same white.
    slack = int(0.04 * len(pieces))
    best: tuple[float, float, float] | None = None
    at = 0
    while at < count:
        low, end = levels[at][0], at
        while end < count and levels[end][0] == low:
            end += 1
        first, last = at, end
        while first > 0 and levels[first - 1][0] <= low + slack:
            first -= 1
        while last < count and levels[last][0] <= low + slack:
            last += 1
        width = (last - first) * step
        sides = min(levels[at][1], levels[end - 1][2])
        if sides >= 2 and width >= NARROWEST * size and low <= sides:
            score = sides - 1.5 * low + min(width / size, 4) / 4
            if best is None or score > best[0]:
                best = (score, left + at * step, left + end * step)
        at = end
    if best is None or best[0] <= 0:
        return None
    return (best[1] + best[2]) / 2


def _bands(pieces: list[Piece], gutter: float) -> list[tuple[list[Piece], bool]]:
    """The pieces from top to bottom, cut where lines cross the gutter: (pieces, whether they are such lines)."""
    crossing = sorted((p for p in pieces if p.left < gutter < p.right), key=lambda piece: piece.middle)
    others = sorted((p for p in pieces if not p.left < gutter < p.right), key=lambda piece: piece.middle)
    bands: list[tuple[list[Piece], bool]] = []
    at = 0
    for piece in crossing:
        between = []
        while at < len(others) and others[at].middle < piece.middle and not _same_line(others[at], piece):
            between.append(others[at])
            at += 1
        if between:
            bands.append((between, False))
        beside = []
        while at < len(others) and _same_line(others[at], piece):
            beside.append(others[at])
            at += 1
        if bands and bands[-1][1]:
            bands[-1][0].extend([piece, *beside])
        else:
            bands.append(([piece, *beside], True))
    if at < len(others):
        bands.append((others[at:], False))
    return bands


def _is_table(left: list[Piece], right: list[Piece]) -> bool:
    """Whether the two sides are cells of the same rows and not columns of text."""
    if any(piece.grid for piece in (*left, *right)):
        return False
    running = [column for column in _stacks([*left, *right]) if len(column) >= 4 and _prose(column)]
    if len(running) > 1 or (_prose(left) and _prose(right)):
        return False
    few, many = (left, right) if len(left) <= len(right) else (right, left)
    rows = sum(1 for piece in few if any(_level(piece, other) for other in many))
    # A column of text beside a margin of short lines: some of them stand level by chance.
    if running and (len(running[0]) > 2 * len(few) or len(few) < 3):
        return False
    return rows >= 2 and rows >= (0.8 if running else 0.6) * len(few)


def _level(one: Piece, other: Piece) -> bool:
    """Whether two pieces stand on the same line of print, as cells of a row do."""
    close = 0.15 * min(one.size, other.size)
    return min(abs(one.bottom - other.bottom), abs(one.middle - other.middle), abs(one.top - other.top)) < close


def _stacks(pieces: list[Piece]) -> list[list[Piece]]:
    """The pieces by the columns that white of the whole height divides."""
    found: list[list[Piece]] = []
    edge = -1e9
    for piece in sorted(pieces, key=lambda piece: piece.left):
        if piece.left > edge + 0.5 * piece.size or not found:
            found.append([])
        found[-1].append(piece)
        edge = max(edge, piece.right)
    return found


def _prose(pieces: list[Piece]) -> bool:
    return len(pieces) > 1 and median(len(piece.text) for piece in pieces) >= PROSE_LETTERS and _fill(pieces) > 0.7


def _fill(pieces: list[Piece]) -> float:
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    return median(piece.right - piece.left for piece in pieces) / max(width, 1.0)


def _leaf(pieces: list[Piece]) -> list[Region]:
    """Lines without columns, and the tables between them whose lines were seen."""
    found: list[Region] = []
    held: list[list[Piece]] = []
    for row in rows_of(pieces):
        beside = [piece for piece in row if piece.grid is None]
        if beside:
            held.append(beside)
        if len(beside) < len(row):
            found.extend(_runs(held))
            held = []
            found.extend(Region([], piece.grid, piece.left, piece.right) for piece in row if piece.grid is not None)
    return [*found, *_runs(held)]


def _runs(rows: list[list[Piece]]) -> list[Region]:
    """Lines of which some runs, in pieces that stand under each other, are tables."""
    found: list[Region] = []
    held: list[list[Piece]] = []
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and (len(rows[end]) > 1 or (end > at and _inside(rows, at, end))):
            end += 1
        while end > at and len(rows[end - 1]) == 1:
            end -= 1
        table = _grid(rows[at:end]) if end - at > 1 else None
        if table is None:
            held.extend(rows[at : max(end, at + 1)])
        else:
            if held:
                found.append(_region(held))
                held = []
            found.append(table)
        at = max(end, at + 1)
    if held:
        found.append(_region(held))
    return found


def _inside(rows: list[list[Piece]], first: int, at: int) -> bool:
    """Whether a line of one piece may continue a cell: it is no wider than one of the row above, and another row
    of cells follows soon."""
    piece = rows[at][0]
    above = next(row for row in reversed(rows[first:at]) if len(row) > 1)
    near = any(abs(piece.left - cell.left) < piece.size and piece.right < cell.right + 3 * piece.size for cell in above)
    return near and any(len(row) > 1 for row in rows[at + 1 : at + 3])


def _grid(rows: list[list[Piece]]) -> Region | None:
    """A table out of these lines, if their pieces stand in columns; None if they only have wide spaces."""
    pieces = [piece for row in rows for piece in row]
    columns = _columns(pieces)
    cells = sum(1 for row in rows if len(row) > 1)
    if len(columns) < 2 or cells < 2 or (cells < 3 and len(columns) < 3):
        return None
    misfits = sum(1 for row in rows if len({_column(piece, columns) for piece in row}) < len(row))
    over = sum(
        1 for piece in pieces if sum(1 for edge in columns if piece.left < edge[1] and piece.right > edge[0]) > 1
    )
    if misfits > 0.2 * len(rows) or over > 0.15 * len(pieces):
        return None
    table = _table(pieces)
    return table[0] if table[0].table is not None else None


def _region(rows: list[list[Piece]]) -> Region:
    pieces = [piece for row in rows for piece in row]
    return Region(rows, None, min(piece.left for piece in pieces), max(piece.right for piece in pieces))


def _lines(pieces: list[Piece]) -> Region:
    rows = rows_of(pieces)
    return Region(rows, None, min(piece.left for piece in pieces), max(piece.right for piece in pieces))


def _table(pieces: list[Piece]) -> list[Region]:
    """A grid out of pieces: columns by the white between them, rows by their lines.

    A line that has nothing in the first column and follows closely continues the cells above it.
    """
    columns = _columns(pieces)
    if len(columns) < 2:
        return [_lines(pieces)]
    lines = rows_of(pieces)
    steps = [below[0].middle - above[0].middle for above, below in pairwise(lines)]
    usual = median(steps) if steps else 0.0
    grid: list[list[list[Piece]]] = []
    last: list[Piece] | None = None
    for line in lines:
        cells: list[list[Piece]] = [[] for _ in columns]
        for piece in line:
            cells[_column(piece, columns)].append(piece)
        filled = [at for at, cell in enumerate(cells) if cell]
        close = last is not None and line[0].top - max(piece.bottom for piece in last) < 0.45 * line[0].size
        tight = last is not None and line[0].middle - last[0].middle < 0.85 * usual
        continues = (
            bool(grid)
            and close
            and len(filled) < len(columns)
            and all(grid[-1][at] for at in filled)
            and (0 not in filled or tight or line[0].text[:1].islower())
            and (0 not in filled or len(filled) == 1)
            and not all(piece.text[:1].isdigit() for piece in line)
        )
        if continues:
            for at in filled:
                grid[-1][at].extend(cells[at])
        else:
            grid.append(cells)
        last = line
    if len(grid) < 2:
        return [_lines(pieces)]
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    return [Region([], grid, left, right)]


def _columns(pieces: list[Piece]) -> list[tuple[float, float]]:
    """The intervals that the cells of each column cover. Cells over several columns are left out of the count."""
    size = median(piece.size for piece in pieces)
    edges = sorted((piece.left, piece.right) for piece in pieces)
    columns: list[list[float]] = []
    for left, right in sorted(edges, key=lambda edge: edge[1] - edge[0]):
        touching = [column for column in columns if left < column[1] + 0.2 * size and right > column[0] - 0.2 * size]
        if len(touching) > 1:
            continue
        if touching:
            touching[0][0] = min(touching[0][0], left)
            touching[0][1] = max(touching[0][1], right)
        else:
            columns.append([left, right])
    return sorted((column[0], column[1]) for column in columns)


def _column(piece: Piece, columns: list[tuple[float, float]]) -> int:
    shared = [min(piece.right, right) - max(piece.left, left) for left, right in columns]
    return next(
        (at for at, overlap in enumerate(shared) if overlap > 0), max(range(len(shared)), key=shared.__getitem__)
    )


def _merged(found: list[Region]) -> list[Region]:
    """Neighbouring regions of lines over the same width are one: a line that crossed a gutter is no paragraph's end."""
    merged: list[Region] = []
    for region in found:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.table is None
            and region.table is None
            and last.lines[-1][0].middle < region.lines[0][0].middle
            and min(last.right, region.right) - max(last.left, region.left)
            > 0.5 * min(last.right - last.left, region.right - region.left)
        ):
            last.lines.extend(region.lines)
            last.left, last.right = min(last.left, region.left), max(last.right, region.right)
        else:
            merged.append(region)
    return merged
