"""Ruled tables in a picture: where lines across and lines down make a grid, and which text stands in which cell.

Places in the picture are points from its left and top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final, NamedTuple

from backend.pipeline.readers.layout import Piece, rows_of

SHORTEST: Final = 0.3
"""Inches of an unbroken line: the strokes of letters are shorter."""

SHORTEST_PART: Final = 0.08
"""Inches of a line's part that stands where others show a line to be."""

THICKEST: Final = 0.07
"""Inches of a line's thickness: what is thicker is a filled field."""

UNDERLINE: Final = 0.035
"""Inches of thickness up to which a line is rubbed out: under words it makes them unreadable for tesseract."""

AROUND: Final = 0.06
"""Inches within which the paper is looked for that a line is darker than."""

DARKER: Final = 36
"""Of 255: how much darker a line is than its paper. Hairlines come out of a scanner in light grey."""

SAME: Final = 0.06
"""Inches between two places that are one: lines of a scan lie a little askew."""

COVERED: Final = 0.7
"""Share of a cell's side that a line must cover to be its wall."""

MOST_CELLS: Final = 4000

MOST_LINES: Final = 500
"""Lines of one direction: a table has fewer, a weave of them is a pattern."""

MOST_POINTS: Final = 40_000_000
"""Of a picture whose lines are looked for, which takes ten bytes a point: a page at 600 dpi."""

LETTERS: Final = 48
"""Points of a line's height up to which cells are enlarged, and how much at most: small print is then read better."""

MOST_ENLARGED: Final = 3

INSET: Final = 0.015
SPACE: Final = 0.08
"""Inches that are left away along the lines of a cell, and that are left white between two cells of a stack: with more
of it more cells were misread."""

WHOLE: Final = 0.7
"""Share of a cell's height or width that is dark where a line runs along its edge."""

FILLED: Final = 0.5
"""Share of a cell's points that are dark, from which it holds a picture and no letters."""

LONGEST_CELL: Final = 800
"""Letters of a cell from which the lines divide columns of text."""


Word = tuple[str, float, float, float, float]
"""A word that was recognised, with its left, top, right and bottom."""


class Box(NamedTuple):
    """A rectangle of the picture."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell over the rows [row:below] and columns [column:beyond] of its table."""

    row: int
    column: int
    below: int
    beyond: int
    box: Box


@dataclass(frozen=True, slots=True)
class Ruled:
    box: Box
    rows: int
    columns: int
    cells: tuple[Cell, ...]


class _Line(NamedTuple):
    """`at`: across its direction; from `first` to `last` along it; `thick`: points."""

    at: float
    first: int
    last: int
    thick: int


def ruled_tables(grey: Any, dpi: float) -> list[Ruled]:
    """The ruled tables of a picture (an array of brightness, height × width, 0 to 255), from top to bottom."""
    if grey.size > MOST_POINTS:
        return []
    dark = _dark(grey, max(round(AROUND * dpi), 3))
    shortest, thickest, near = round(SHORTEST * dpi), round(THICKEST * dpi), max(round(SAME * dpi), 2)
    across = _lines(dark, shortest, thickest, near)
    if not 2 <= len(across) <= MOST_LINES:
        return []
    down = _lines(dark.T, shortest, thickest, 1)
    if not 0 < len(down) <= MOST_LINES:
        return []
    # Lines down are broken where double lines cross: short parts go on with a long one, and begin none.
    parts = _lines(dark.T, max(round(SHORTEST_PART * dpi), 2), thickest, 1)
    down = [_longer(line, parts, near) for line in down]
    found = []
    for horizontal, vertical in _networks(across, down, near):
        table = _grid(horizontal, vertical, near)
        if table is not None:
            found.append(table)
    return sorted(found, key=lambda table: table.box.top)


def unlined(grey: Any, dpi: float) -> Any:
    """The picture without its thin lines across: under a title, between two paragraphs, through a form."""
    import numpy as np

    if grey.size > MOST_POINTS:
        return grey
    result = grey.copy()
    for line in _lines(_dark(grey, max(round(AROUND * dpi), 3)), round(SHORTEST * dpi), round(UNDERLINE * dpi), 1):
        top, bottom = round(line.at - line.thick / 2) - 1, round(line.at + line.thick / 2) + 1
        if top > 0 and bottom < len(grey) - 1:
            part = slice(line.first, line.last)
            result[top : bottom + 1, part] = np.maximum(grey[top - 1, part], grey[bottom + 1, part])
    return result


def _dark(grey: Any, around: int) -> Any:
    """Which points are clearly darker than the lightest ones around them: lines and letters, not filled fields."""
    import numpy as np

    paper = _highest(_highest(grey, around).T, around).T
    return grey.astype(np.int16) + DARKER < paper


def _highest(values: Any, width: int) -> Any:
    """The highest value within `width` points along each row."""
    import numpy as np

    half = width // 2
    padded = np.pad(values, ((0, 0), (half, half)), mode="edge")
    result, reach = padded, 1
    while reach * 2 <= 2 * half + 1:
        result = np.maximum(result[:, :-reach], result[:, reach:])
        reach *= 2
    rest = 2 * half + 1 - reach
    return np.maximum(result[:, : values.shape[1]], result[:, rest : rest + values.shape[1]])


def _lines(dark: Any, shortest: int, thickest: int, near: int) -> list[_Line]:
    """Lines along the rows of a mask: its long runs, those of neighbouring rows joined."""
    import numpy as np

    edges = np.diff(np.pad(dark, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    long = ends - starts >= shortest
    open_: list[list[int]] = []  # top, bottom, first, last
    closed: list[list[int]] = []
    for row, start, end in zip(rows[long].tolist(), starts[long].tolist(), ends[long].tolist(), strict=True):
        still: list[list[int]] = []
        for line in open_:
            (still if row - line[1] <= 1 else closed).append(line)
        open_ = still
        touching = [line for line in open_ if start < line[3] + near and end > line[2] - near]
        if not touching:
            open_.append([row, row, start, end])
            continue
        kept = touching[0]
        for other in touching[1:]:
            kept[0], kept[2], kept[3] = min(kept[0], other[0]), min(kept[2], other[2]), max(kept[3], other[3])
            open_.remove(other)
        kept[1], kept[2], kept[3] = row, min(kept[2], start), max(kept[3], end)
    lines = []
    for top, bottom, first, last in closed + open_:
        tilted = 0.02 * (last - first)
        if bottom - top + 1 <= thickest + tilted:
            lines.append(_Line((top + bottom) / 2, first, last, bottom - top + 1))
    return lines


def _longer(line: _Line, parts: Sequence[_Line], near: int) -> _Line:
    """A line with the parts that stand before and after it."""
    along = sorted((part for part in parts if abs(part.at - line.at) <= 2), key=lambda part: part.first)
    first, last = line.first, line.last
    for part in reversed(along):
        if part.first < first <= part.last + near:
            first = part.first
    for part in along:
        if part.last > last >= part.first - near:
            last = part.last
    return line._replace(first=first, last=last)


def _networks(across: Sequence[_Line], down: Sequence[_Line], near: int) -> Iterable[tuple[list[_Line], list[_Line]]]:
    """Lines that meet each other, directly or through others: (those across, those down)."""
    group = list(range(len(across) + len(down)))

    def root(at: int) -> int:
        while group[at] != at:
            group[at] = group[group[at]]
            at = group[at]
        return at

    for i, one in enumerate(across):
        for j, other in enumerate(down):
            meets = (
                one.first - near <= other.at <= one.last + near and other.first - near <= one.at <= other.last + near
            )
            if meets:
                group[root(len(across) + j)] = root(i)
    found: dict[int, tuple[list[_Line], list[_Line]]] = {}
    for at, line in enumerate([*across, *down]):
        found.setdefault(root(at), ([], []))[at >= len(across)].append(line)
    return [lines for lines in found.values() if len(lines[0]) >= 2 and lines[1]]


def _grid(across: list[_Line], down: list[_Line], near: int) -> Ruled | None:
    left, right = min(line.first for line in across), max(line.last for line in across)
    top, bottom = min(line.at for line in across), max(line.at for line in across)
    down = [line for line in down if line.last > top + near and line.first < bottom - near]
    ys = _places([line.at for line in across], near)
    # Many tables have no line at their left and right ends: there it ends where its lines across do.
    xs = _places([left, *(line.at for line in down), right], near)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 2 or columns < 2 or rows * columns > MOST_CELLS:
        return None
    owner = list(range(rows * columns))

    def root(at: int) -> int:
        while owner[at] != at:
            at = owner[at]
        return at

    for row in range(rows):
        for column in range(columns):
            at = row * columns + column
            if column + 1 < columns and not _wall(down, xs[column + 1], ys[row], ys[row + 1], near):
                owner[root(at + 1)] = root(at)
            if row + 1 < rows and not _wall(across, ys[row + 1], xs[column], xs[column + 1], near):
                owner[root(at + columns)] = root(at)
    joined: dict[int, list[int]] = {}
    for at in range(rows * columns):
        joined.setdefault(root(at), []).append(at)
    cells = []
    for members in joined.values():
        first, last = min(at // columns for at in members), max(at // columns for at in members) + 1
        begin, end = min(at % columns for at in members), max(at % columns for at in members) + 1
        if (last - first) * (end - begin) != len(members):
            return None  # a frame around something, or a drawing: no cells
        box = Box(round(xs[begin]), round(ys[first]), round(xs[end]), round(ys[last]))
        cells.append(Cell(first, begin, last, end, box))
    if len(cells) < 4 or len({cell.row for cell in cells}) < 2 or len({cell.column for cell in cells}) < 2:
        return None
    box = Box(round(left), round(top), round(right), round(bottom))
    return Ruled(box, rows, columns, tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))))


def _places(values: list[float], near: int) -> list[float]:
    """The values, those that are near each other as one."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= near:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def _wall(lines: Sequence[_Line], at: float, first: float, last: float, near: int) -> bool:
    covered = sum(
        max(0.0, min(line.last, last) - max(line.first, first)) for line in lines if abs(line.at - at) <= near
    )
    return covered >= COVERED * (last - first)


@dataclass(frozen=True, slots=True)
class Stack:
    """The cells of a table under each other, as one column of text. `places`: of each cell, where its part begins and
    ends in the stack before that was enlarged by `factor`, and how far it was moved to the left and up."""

    picture: Any
    factor: int
    places: tuple[tuple[Cell, int, int, int, int], ...]


def stacked(grey: Any, table: Ruled, dpi: float) -> Stack | None:
    """The written cells of a table, light letters on dark turned round. None when too few of them hold anything."""
    import numpy as np
    from PIL import Image

    inset, space = max(round(INSET * dpi), 1), max(round(SPACE * dpi), 4)
    parts: list[tuple[Cell, Any, int, int]] = []
    for cell in table.cells:
        left, top = cell.box.left + inset, cell.box.top + inset
        part = grey[top : cell.box.bottom - inset, left : cell.box.right - inset]
        if part.size == 0:
            continue
        paper = float(np.median(part))
        if paper < 128:
            part, paper = 255 - part, 255 - paper
        ink = _cleared(part < paper - DARKER)
        rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
        if not len(rows) or ink.mean() > FILLED:
            continue
        part = part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        white = np.minimum(part * (255 / max(paper, 1.0)), 255).astype(np.uint8)
        parts.append((cell, white, left + int(columns[0]), top + int(rows[0])))
    if len(parts) < 4:
        return None
    # The lowest cells are a single line high.
    letters = sorted(part.shape[0] for _, part, _, _ in parts)[len(parts) // 4]
    factor = min(max(round(LETTERS / letters), 1), MOST_ENLARGED)
    width = max(part.shape[1] for _, part, _, _ in parts) + 2 * space
    height = sum(part.shape[0] + space for _, part, _, _ in parts) + space
    picture = np.full((height, width), 255, np.uint8)
    places, y = [], space
    for cell, part, left, top in parts:
        picture[y : y + part.shape[0], space : space + part.shape[1]] = part
        places.append((cell, y, y + part.shape[0], left - space, top - y))
        y += part.shape[0] + space
    if factor > 1:
        size = width * factor, height * factor
        picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
    return Stack(picture, factor, tuple(places))


def _cleared(ink: Any) -> Any:
    """Without what is left of the cell's lines at its edges."""
    for side in (ink, ink[::-1], ink.T, ink.T[::-1]):
        for line in side[: len(side) // 4]:
            if line.mean() < WHOLE:
                break
            line[:] = False
    return ink


def pieces_of_table(table: Ruled, stack: Stack, lines: Sequence[Sequence[Word]], scale: float) -> list[Piece]:
    """A table as one piece with its grid, and the lines over its whole width before and after it; its cells' words
    were recognised in `stack`. Empty when it is no table: a drawing, or columns of text between rules."""
    written: dict[Cell, list[Piece]] = {}
    for line in lines:
        words = [scaled(word, 1 / stack.factor) for word in line]
        middle = median((word[2] + word[4]) / 2 for word in words)
        place = next((place for place in stack.places if place[1] <= middle <= place[2]), None)
        if place is not None:
            written.setdefault(place[0], []).append(_piece(words, place, scale))
    if any(sum(len(piece.text) for piece in pieces) > LONGEST_CELL for pieces in written.values()):
        return []
    cells = [cell for cell in table.cells if cell in written]
    before: list[Piece] = []
    while cells and cells[0].beyond - cells[0].column == table.columns:
        before.extend(written.pop(cells.pop(0)))
    after: list[Piece] = []
    while cells and cells[-1].beyond - cells[-1].column == table.columns:
        after[:0] = written.pop(cells.pop())
    first = min((cell.row for cell in cells), default=0)
    grid = _rows([cell for cell in table.cells if cell.row >= first], written, table.columns, scale)
    if sum(1 for row in grid if sum(1 for cell in row if cell) > 1) < 2:
        return []
    inside = [piece for pieces in written.values() for piece in pieces]
    box = table.box
    top = max((piece.bottom for piece in before), default=box.top * scale)
    bottom = min((piece.top for piece in after), default=box.bottom * scale)
    text = " ".join(piece.text for piece in inside)
    size = median(piece.size for piece in inside)
    whole = Piece(text, box.left * scale, top, box.right * scale, bottom, size, grid=grid)
    return [*before, whole, *after]


def scaled(word: Word, scale: float) -> Word:
    text, left, top, right, bottom = word
    return text, left * scale, top * scale, right * scale, bottom * scale


def _piece(words: Sequence[Word], place: tuple[Cell, int, int, int, int], scale: float) -> Piece:
    _, _, _, right, down = place
    return Piece(
        " ".join(word[0] for word in words),
        (min(word[1] for word in words) + right) * scale,
        (min(word[2] for word in words) + down) * scale,
        (max(word[3] for word in words) + right) * scale,
        (max(word[4] for word in words) + down) * scale,
        median(word[4] - word[2] for word in words) * 1.15 * scale,
        words=tuple(((word[1] + right) * scale, (word[3] + right) * scale) for word in words),
    )


def _rows(
    cells: Sequence[Cell], written: dict[Cell, list[Piece]], columns: int, scale: float
) -> list[list[list[Piece]]]:
    """The rows of cells. A cell over several rows is told in each; one over several columns in each of them where it is
    a title, else in its first."""
    first = min(cell.row for cell in cells)
    titles = max(cell.below for cell in cells if cell.row == first)
    grid: list[list[list[Piece]]] = []
    for row in range(first, max(cell.below for cell in cells)):
        line: list[list[Piece]] = [[] for _ in range(columns)]
        present = [cell for cell in cells if cell.row <= row < cell.below]
        for cell in present:
            for column in range(cell.column, cell.beyond if row < titles else cell.column + 1):
                line[column] = written.get(cell, [])
        if any(line):
            alone = all(cell.below - cell.row == 1 for cell in present)
            width = {cell.column: (cell.box.right - cell.box.left) * scale for cell in present}
            grid.extend(_parted(line, width) if alone else [line])
    return grid


def _parted(row: list[list[Piece]], width: dict[int, float]) -> list[list[list[Piece]]]:
    """The rows that stand between two lines across. `width`: of each column's cell.

    Each has its label, and one column holds nothing but figures, or ends each line where more would have fit.
    """
    lines = rows_of([piece for cell in row for piece in cell])
    labels = {id(piece) for piece in row[0]}
    if len(lines) < 2 or not all(any(id(piece) in labels for piece in line) for line in lines):
        return [row]
    values = list(enumerate(row))[1:]
    figures = any(len(cell) > 1 and all(_figures(piece.text) for piece in cell) for _, cell in values)
    items = any(
        len(cell) >= max(3, len(lines))
        and all(_would_fit(above, below, width[column]) for above, below in pairwise(cell))
        for column, cell in values
    )
    if not figures and not items:
        return [row]
    return [[[piece for piece in cell if any(piece is other for other in line)] for cell in row] for line in lines]


def _would_fit(above: Piece, below: Piece, width: float) -> bool:
    """Whether the first word of a line would have had room in the line above it."""
    word = len(below.text.split(maxsplit=1)[0]) + 1
    return (above.right - above.left) + word * (below.right - below.left) / len(below.text) < width - 0.5 * below.size


def _figures(text: str) -> bool:
    return sum(map(str.isdigit, text)) > sum(map(str.isalpha, text))
