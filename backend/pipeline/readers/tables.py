"""Rows of cells → table blocks: small tables whole, long ones in parts that each carry their column titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from backend.pipeline.readers.blocks import Block

CELL: Final = " | "

MOST_LETTERS: Final = 600
"""Of one part: with figures, which take many tokens, it still fits the embedder's 256."""

MOST_TITLES: Final = 250
"""Letters of column titles that are repeated above each part. Above wider ones each cell is told with its title."""

MOST_LABEL: Final = 80
MOST_TITLE_ROWS: Final = 4
YEAR = re.compile(r"(?:19|20)\d\d|(?:FY|Q[1-4]).*", re.IGNORECASE)
FIGURE = re.compile(r"[-+(]?[\s$€£¥]*[\d.,'\u00a0\u202f%\s]*\d[\d.,'%)\s\u00a0\u202f]*(?:[$€£¥%]|[A-Za-z]{1,3})?")

Row = tuple[int, Sequence[str]]
"""Its number, from 1, and its cells."""


def cell_text(text: str) -> str:
    return " ".join(text.split())


def is_figure(text: str) -> bool:
    return FIGURE.fullmatch(text.strip()) is not None


def table_blocks(titles: Sequence[str], above: Sequence[Row], rows: Iterable[Row], like: Block) -> Iterator[Block]:
    """Blocks of a table. `like` tells kind, page, sheet and headings.

    `titles`: one a column, "" for none. `above`: the rows that they were made of. A row is a line, its cells in their
    columns' order; one that is wider than a passage becomes lines of "title: cell", each part with the row's label.
    """
    titles = [cell_text(title) for title in titles]
    head = _line(titles)
    numbers = [above[0][0]] if above and head else []
    if len(head) > MOST_TITLES:
        if numbers:
            yield from _record(numbers[0], titles, [], like)
        for number, cells in rows:
            yield from _record(number, [cell_text(cell) for cell in cells], titles, like)
        return
    lines: list[str] = []
    at: list[int] = []
    waiting = bool(numbers)
    for number, cells in rows:
        texts = [cell_text(cell) for cell in cells]
        line = _line(texts)
        if not line:
            continue
        if lines and sum(map(len, lines)) + len(line) + len(head) > MOST_LETTERS:
            yield _part(head, numbers, lines, at, like)
            lines, at = [], []
        waiting = False
        if len(line) + len(head) > MOST_LETTERS and len([text for text in texts if text]) > 1:
            yield from _record(number, texts, titles, like)
            continue
        lines.append(line)
        at.append(number)
    if lines or waiting:
        yield _part(head, numbers, lines, at, like)


def _part(head: str, numbers: list[int], lines: list[str], at: list[int], like: Block) -> Block:
    text = "\n".join([head, *lines] if numbers else lines)
    rows = tuple(numbers + at)
    return replace(like, text=text, kind="table", row=(at or numbers)[0], rows=rows, headers=len(numbers))


def _record(number: int, cells: Sequence[str], titles: Sequence[str], like: Block) -> Iterator[Block]:
    """A wide row: its label, then its cells with their titles, in parts that each begin with the label."""
    label = next((cell for cell in cells if cell), "")
    lines = [label] if label else []
    for column, cell in enumerate(cells):
        if not cell or (column == 0 and cell == label):
            continue
        title = titles[column] if column < len(titles) else ""
        line = f"{title}: {cell}" if title and title != cell else cell
        if len(lines) > 1 and sum(map(len, lines)) + len(line) > MOST_LETTERS:
            yield _lines(number, lines, like)
            lines = [label[:MOST_LABEL]]
        lines.append(line)
    if lines:
        yield _lines(number, lines, like)


def _lines(number: int, lines: list[str], like: Block) -> Block:
    return replace(like, text="\n".join(lines), kind="table", row=number, rows=(number,) * len(lines))


def _line(cells: Sequence[str]) -> str:
    """Empty cells at the end are left away, those between are kept: the columns stay where they are."""
    return CELL.join(cells).rstrip(" |") if any(cells) else ""


def title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows are column titles, for tables that do not say so themselves: rows without figures
    above one with figures, else the first row if it fills its width. Years are titles too."""
    if len(rows) < 2:
        return 0
    for at, cells in enumerate(rows[: MOST_TITLE_ROWS + 1]):
        if any(cell and is_figure(cell) and not YEAR.fullmatch(cell) for cell in cells):
            width = max(_filled(row) for row in rows[: at + 1])
            if at <= 1 or all(_gappy(row, width) for row in rows[: at - 1]):
                return at
            return 1
    return 1 if _filled(rows[0]) >= 0.6 * max(_filled(row) for row in rows) else 0


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell)


def _gappy(cells: Sequence[str], width: int) -> bool:
    """A row above the last row of titles has fewer of them, or none over the labels."""
    return not cells[0] or _filled(cells) < width


def grid_blocks(grid: Sequence[Sequence[str]], like: Block, headers: int | None = None) -> Iterator[Block]:
    """A table of a text document, whose rows count from 1 within it. `row` is left out: it is no place there."""
    count = title_rows(grid) if headers is None else headers
    numbered = list(enumerate(grid, 1))
    titles = joined_titles([row for _, row in numbered[:count]])
    for block in table_blocks(titles, numbered[:count], numbered[count:], like):
        yield replace(block, row=None, rows=())


def joined_titles(rows: Sequence[Sequence[str]]) -> list[str]:
    """Column titles out of several rows: what stands above each other, read downward."""
    width = max((len(row) for row in rows), default=0)
    titles = []
    for column in range(width):
        parts: list[str] = []
        for row in rows:
            text = cell_text(row[column]) if column < len(row) else ""
            if text and text not in parts[-1:]:
                parts.append(text)
        titles.append(" ".join(parts))
    return titles
