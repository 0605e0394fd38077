"""Tables of HTML → rows of cells: spans resolved, columns that only make room left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

MOST_SPAN: Final = 200
"""Columns or rows of one cell: a hostile page writes a billion."""

SIGN = re.compile(r"[$€£¥(]{1,2}")
TAIL = re.compile(r"[%)]{1,2}")
SPACES = re.compile(r"[\s\u00a0\u200b]+")


class Cell:
    """One cell, wherever its spans put it."""

    def __init__(self, text: str) -> None:
        self.text = text


def html_grid(table: Any, hidden: Callable[[Any], bool]) -> list[list[str]]:
    """The texts of the cells. A cell over several columns is told in the first; in rows of titles in each."""
    rows: list[list[Cell | None]] = []
    down: dict[int, tuple[int, Cell]] = {}
    for row in table.iter("tr"):
        if hidden(row) or next(row.iterancestors("table")) is not table:
            continue
        cells: list[Cell | None] = []
        for item in row:
            if item.tag not in ("td", "th") or hidden(item):
                continue
            _fill(cells, down)
            cell = Cell(_text(item))
            across, deep = _span(item, "colspan"), _span(item, "rowspan")
            for column in range(len(cells), len(cells) + across):
                if deep > 1:
                    down[column] = (deep - 1, cell)
            cells.extend([cell] * across)
        _fill(cells, down)
        rows.append(cells)
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([None] * (width - len(row)))
        _join_signs(row)
    return _texts(rows, _columns(rows, width))


def _fill(cells: list[Cell | None], down: dict[int, tuple[int, Cell]]) -> None:
    """Cells that reach down from the rows above."""
    while len(cells) in down:
        left, cell = down.pop(len(cells))
        if left > 1:
            down[len(cells)] = (left - 1, cell)
        cells.append(cell)


def _text(item: Any) -> str:
    for line in item.iter("br", "p", "div", "li"):
        line.tail = " " + (line.tail or "")
    return SPACES.sub(" ", item.text_content()).strip()


def _span(item: Any, name: str) -> int:
    try:
        return min(max(int(item.get(name) or 1), 1), MOST_SPAN)
    except ValueError:
        return 1


def _join_signs(row: list[Cell | None]) -> None:
    """ "$" and "%" in cells of their own belong to the figure beside them."""
    for at, cell in enumerate(row):
        if cell is None:
            continue
        if SIGN.fullmatch(cell.text):
            follower = next(
                (other for other in row[at + 1 : at + 4] if other and other is not cell and other.text), None
            )
            if follower is not None and follower.text[:1].isdigit():
                follower.text, cell.text = cell.text + follower.text, ""
        elif TAIL.fullmatch(cell.text):
            before = next((other for other in row[max(at - 3, 0) : at][::-1] if other and other.text), None)
            if before is not None and before.text[-1:].isdigit():
                before.text, cell.text = before.text + cell.text, ""


def _columns(rows: list[list[Cell | None]], width: int) -> list[int]:
    """Columns that hold something of their own: not only what reaches over from a neighbour."""
    kept: list[int] = []
    for column in range(width):
        own = False
        for row in rows:
            cell = row[column]
            if cell is None or not cell.text:
                continue
            right = row[column + 1] if column + 1 < width else None
            if cell is not right and not any(row[other] is cell for other in kept[-1:]):
                own = True
                break
        if own:
            kept.append(column)
    return kept


def _texts(rows: list[list[Cell | None]], columns: list[int]) -> list[list[str]]:
    texts: list[list[str]] = []
    for at, row in enumerate(rows):
        line: list[str] = []
        seen: Cell | None = None
        for column in columns:
            cell = row[column]
            over_all = len({id(other) for other in row}) == 1
            repeated = cell is not None and cell is seen and at > 1 and not over_all
            line.append("" if cell is None or repeated else cell.text)
            seen = cell
        texts.append(line)
    return texts
