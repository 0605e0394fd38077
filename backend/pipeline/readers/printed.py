"""Regions of a printed page → headings, paragraphs, list items, tables, listings and captions, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final

from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import Block, HeadingPath, Kind, Span
from backend.pipeline.readers.layout import BULLET, Piece, Region, regions
from backend.pipeline.readers.tables import CELL, is_figure, joined_titles

SENTENCE_END = re.compile(r"[.!?:;。！？…][\"'”’»)\]\d]*$")
TITLE = re.compile(r"(?=.*[^\W\d_]{2}).{2,200}(?<![.,;])$|(?=.*[^\W\d_]{2}).{2,80}(?<![,;])$")
"""Words, but no sentence."""
NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){1,4}\.?|\d{1,2}|[A-Z]\.|[IVX]{1,5}\.)\s+[^\W\d_a-z]")
DEPTH = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s")
CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|tab\.|chart|exhibit|listing|abb(?:ildung|\.)|tabelle|tableau|figura|tabla|图|表|圖)"
    r"\s*\d{1,3}(?:[.\-]\d{1,3})?\s*[.:|–—]",
    re.IGNORECASE,
)
NOTE = re.compile(r"(?:\*|†|‡|source:|note:|notes:|quelle:)\s*\S", re.IGNORECASE)
RUN_IN_END = re.compile(r"[.:]\s*$")
GLYPH_BULLET = re.compile(r"^[•‣▪●○◦·■□▶►✓✔➢➤❖⁃\uf0b7\uf0a7*»]\s")
FIGURES = re.compile(r"\d")
ALPHABET = re.compile(r"[^\W\d_]")
HEADING_SIZE: Final = 1.08
"""How much larger than the running text a heading is set."""

RECOGNISED_SIZE: Final = 1.3
"""The same where the sizes were measured in a picture, whose lines are as high as their letters happen to be."""


@dataclass(slots=True)
class Page:
    """What was measured: points from the left and top of the page. It is held so that its text lies level, which as it
    is shown may run `turned` × 90° counter-clockwise."""

    number: int
    width: float
    height: float
    pieces: list[Piece]
    recognised: bool = False
    turned: int = 0


@dataclass(slots=True)
class Line:
    pieces: list[Piece]
    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool
    mono: bool
    hyphen: bool

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def turned(
    box: tuple[float, float, float, float], quarter: int, width: float, height: float
) -> tuple[float, float, float, float]:
    """A box of the page turned so that text that runs `quarter` × 90° counter-clockwise lies level."""
    left, top, right, bottom = box
    if quarter == 1:
        return height - bottom, left, height - top, right
    if quarter == 2:
        return width - right, height - bottom, width - left, height - top
    return top, width - right, bottom, width - left


def line_of(pieces: list[Piece]) -> Line:
    main = max(pieces, key=lambda piece: len(piece.text))
    lettered = [piece for piece in pieces if ALPHABET.search(piece.text)] or pieces
    return Line(
        pieces,
        " ".join(piece.text for piece in pieces),
        min(piece.left for piece in pieces),
        max(piece.right for piece in pieces),
        min(piece.top for piece in pieces),
        max(piece.bottom for piece in pieces),
        main.size,
        all(piece.bold for piece in lettered),
        all(piece.mono for piece in lettered),
        pieces[-1].hyphen,
    )


def body_size(pages: Sequence[Page]) -> float:
    """The size in which most letters of these pages are set; 0 where there are none."""
    letters: dict[float, int] = {}
    for page in pages:
        for piece in page.pieces:
            size = round(piece.size * 2) / 2
            letters[size] = letters.get(size, 0) + len(piece.text)
    return max(letters, key=lambda size: letters[size]) if letters else 0.0


def page_blocks(page: Page, body: float, path: HeadingPath) -> Iterator[Block]:
    """The blocks of a page; `body` is the size of the document's running text, `path` the headings so far."""
    if not page.pieces:
        return
    own = body_size([page])
    if own < body and sum(len(piece.text) for piece in page.pieces) > 800:
        body = own
    bold = sum(len(p.text) for p in page.pieces if p.bold) > 0.5 * sum(len(p.text) for p in page.pieces)
    found: list[Block] = []
    builder = _Builder(page, body, bold, path)
    for region in regions(page.pieces):
        if region.table is not None:
            found.extend(builder.table(region, found))
        else:
            found.extend(builder.text(region))
    yield from _continued(found)


class _Builder:
    def __init__(self, page: Page, body: float, bold: bool, path: HeadingPath) -> None:
        self.page, self.body, self.bold, self.path = page, body, bold, path

    def text(self, region: Region) -> Iterator[Block]:
        lines = [line_of(pieces) for pieces in region.lines]
        leading = _leading(lines, self.body)
        width = max(median(line.right - line.left for line in lines), 0.6 * (region.right - region.left))
        run: list[Line] = []
        for line in lines:
            if run and _begins(line, run, leading, width, recognised=self.page.recognised):
                yield from self.block(run)
                run = []
            run.append(line)
        yield from self.block(run)

    def block(self, run: list[Line]) -> Iterator[Block]:
        if all(line.mono for line in run) and not all(BULLET.match(line.text) for line in run):
            text, spans = self.joined(run, "\n")
            if ALPHABET.search(text):
                yield Block(text, "code", self.page.number, self.path.path, spans=spans)
                return
        cut = self.run_in(run)
        if cut:
            head, run = cut
            text, spans = self.joined([head], " ")
            above = self.path.enter(self.level(head, text), text)
            yield Block(text, "heading", self.page.number, above, spans=spans)
        text, spans = self.joined(run, " ")
        if not text:
            return
        if CAPTION.match(text):
            yield Block(text, "caption", self.page.number, self.path.path, spans=spans)
        elif not cut and self.is_heading(run, text):
            above = self.path.enter(self.level(run[0], text), text)
            yield Block(text, "heading", self.page.number, above, spans=spans)
        else:
            kind: Kind = "list" if BULLET.match(text) else "paragraph"
            if kind == "paragraph" and NOTE.match(text) and run[0].size < 0.9 * self.body:
                kind = "caption"
            yield Block(text, kind, self.page.number, self.path.path, spans=spans)

    def run_in(self, run: list[Line]) -> tuple[Line, list[Line]] | None:
        """A bold beginning of a paragraph, up to its full stop, is the paragraph's heading."""
        pieces = run[0].pieces
        if len(pieces) < 2 or not pieces[0].bold or pieces[1].bold or self.bold:
            return None
        head = [piece for piece in pieces[:1] if RUN_IN_END.search(piece.text) and TITLE.match(piece.text)]
        if not head or head[0].text.rstrip().endswith(":") or BULLET.match(run[0].text):
            return None
        return line_of(head), [line_of(pieces[1:]), *run[1:]]

    def is_heading(self, run: list[Line], text: str) -> bool:  # noqa: PLR0911 - a return a reason
        if titles.ADDRESS.search(text) or len(FIGURES.findall(text)) > len(ALPHABET.findall(text)):
            return False
        if not TITLE.match(text) or len(run) > 4 or GLYPH_BULLET.match(text) or text.endswith("-"):
            return False
        size = min(line.size for line in run) if len(run) > 1 else run[0].size
        if self.page.recognised:
            apart = len(run) == 1 and titles.is_title(text) and len(text.split()) <= 8 and text[:1].isupper()
            if apart and not FIGURES.search(text) and size >= self.body:
                return True
            larger = size > RECOGNISED_SIZE * self.body and len(text) > 3
            return larger or (len(run) == 1 and self.named(run[0], text))
        if size > HEADING_SIZE * self.body and not is_figure(text):
            return True
        if len(run) > 3 or len(text) > 120 or size < 0.88 * self.body:
            return False
        if all(line.bold for line in run) and not self.bold:
            return not text.endswith(":") or len(text) > 12
        return len(run) == 1 and self.named(run[0], text)

    def named(self, line: Line, text: str) -> bool:
        """A line that stands alone and is numbered or set in capitals like a heading."""
        if len(text) > 80 or line.right - line.left > 0.75 * self.page.width or text.endswith((":", ".")):
            return False
        if NUMBERED.match(text) and "." in text.split(maxsplit=1)[0] and len(text.split()) < 12:
            return True
        letters = ALPHABET.findall(text)
        return len(letters) >= 6 and len(letters) > 0.6 * len(text) and text.isupper() and text.upper() != text.lower()

    def level(self, line: Line, text: str) -> float:
        """Larger letters stand higher; among equals the bold, then the deeper numbers lower."""
        depth = DEPTH.match(text)
        lower = 0.01 * (depth[1].count(".")) if depth else 0.0
        step = 2 if self.page.recognised else 0.5
        return -round(line.size / step) * step + (0.0 if line.bold else 0.2) + lower

    def joined(self, run: Sequence[Line], joint: str) -> tuple[str, tuple[Span, ...]]:
        """The text of the lines and where each piece of it stands."""
        text = ""
        spans: list[Span] = []
        left = min(line.left for line in run)
        hyphen = True
        for line in run:
            if text and not hyphen:
                text += "" if joint == " " and _no_space(text, line.text) else joint
            if joint == "\n":
                text += " " * int((line.left - left) / max(0.6 * line.size, 1))
            for at, piece in enumerate(line.pieces):
                text += " " if at else ""
                spans.extend(self.spans(piece, len(text)))
                text += piece.text
            hyphen = line.hyphen and joint == " "
        return text, tuple(spans)

    def spans(self, piece: Piece, start: int) -> Iterator[Span]:
        """Of each word where they were measured one by one, else of the piece."""
        words = piece.text.split(" ")
        if len(words) != len(piece.words):
            yield self.span(piece, start, start + len(piece.text), piece.left, piece.right)
            return
        for word, (left, right) in zip(words, piece.words, strict=True):
            yield self.span(piece, start, start + len(word), left, right)
            start += len(word) + 1

    def span(self, piece: Piece, start: int, end: int, left: float, right: float) -> Span:
        width, height = self.page.width, self.page.height
        box = left, piece.top, right, piece.bottom
        if self.page.turned:
            box = turned(box, 4 - self.page.turned, width, height)
            width, height = (height, width) if self.page.turned % 2 else (width, height)
        left, top, right, bottom = box
        shares = (left / width, top / height, right / width, bottom / height)
        return Span(start, end, *(round(min(max(share, 0.0), 1.0), 4) for share in shares))

    def table(self, region: Region, before: Sequence[Block]) -> Iterator[Block]:
        grid = region.table or []
        texts = [[" ".join(piece.text for piece in cell) for cell in row] for row in grid]
        if not _tabular(texts):
            for row in grid:
                line = [piece for cell in row for piece in cell]
                if line:
                    yield from self.text(Region([line], None, region.left, region.right))
            return
        count = _title_rows(grid, texts)
        heading = self.path.path
        if before and before[-1].kind == "caption":
            heading = (*heading, before[-1].text.split(". ")[0].rstrip(".")[:160])
        lines: list[str] = []
        spans: list[Span] = []
        length = 0
        rows = list(zip(grid, texts, strict=True))
        if count > 1:
            above = joined_titles(texts[:count])
            lines.append(CELL.join(above).rstrip(" |"))
            spans.extend(self.title_spans(grid[:count], above))
            length = len(lines[0]) + 1
            rows = rows[count:]
        for cells, words in rows:
            told = CELL.join(words).rstrip(" |")
            at = length
            for cell, text in zip(cells, words, strict=True):
                start = at
                for piece in cell:
                    spans.extend(self.spans(piece, start))
                    start += len(piece.text) + 1
                at += len(text) + len(CELL)
            lines.append(told)
            length += len(told) + 1
        yield Block("\n".join(lines), "table", self.page.number, heading, headers=min(count, 1), spans=tuple(spans))

    def title_spans(self, grid: list[list[list[Piece]]], above: Sequence[str]) -> Iterator[Span]:
        at = 0
        for column, title in enumerate(above):
            for row in grid:
                for piece in row[column]:
                    place = title.find(piece.text)
                    if place >= 0:
                        yield from self.spans(piece, at + place)
            at += len(title) + len(CELL)


def _tabular(texts: list[list[str]]) -> bool:
    """Rows of cells, and not a form of two words in a corner."""
    filled = [sum(1 for cell in row if cell) for row in texts]
    return sum(1 for count in filled if count > 1) >= 2


def _title_rows(grid: list[list[list[Piece]]], texts: list[list[str]]) -> int:
    """How many of the first rows are titles: bold ones, or those without a figure above a row with figures."""
    count = 0
    for row in grid:
        pieces = [piece for cell in row for piece in cell]
        if not pieces or not all(piece.bold for piece in pieces):
            break
        count += 1
    if 0 < count < len(grid):
        return min(count, 3)
    for at, words in enumerate(texts[:3]):
        if any(is_figure(cell) for cell in words[1:] if cell):
            return at
    return 1 if len(texts) > 1 and all(texts[0][1:]) else 0


def _leading(lines: Sequence[Line], body: float) -> float:
    """The usual distance from one line to the next."""
    steps = [below.middle - above.middle for above, below in pairwise(lines)]
    usual = [step for step in steps if 0.7 * body < step < 2.2 * body]
    return median(usual) if usual else 1.3 * body


def _begins(  # noqa: PLR0911 - a return a reason
    line: Line, run: Sequence[Line], leading: float, width: float, *, recognised: bool
) -> bool:
    """Whether a paragraph begins with `line`, which stands under those of `run`."""
    above = run[-1]
    if line.mono != above.mono:
        return True
    tolerance = 0.35 if recognised else 0.1
    step = line.middle - above.middle
    if line.mono:
        return step > 2.2 * max(leading, line.size)
    if (
        abs(line.size - above.size) > tolerance * max(above.size, line.size)
        and min(len(line.text), len(above.text)) > 2
    ):
        return True
    if above.hyphen:
        return False
    if line.bold != above.bold and min(len(line.text), len(above.text)) > 2:
        return True
    if step < 0 or step > 1.3 * max(leading, line.size):
        return True
    item = BULLET.match(run[0].text)
    ended = SENTENCE_END.search(above.text) is not None
    short = above.right - above.left < 0.8 * width
    if BULLET.match(line.text):
        return bool(GLYPH_BULLET.match(line.text)) or item is not None or ended or short
    if item and line.left < run[0].left + 0.3 * line.size:
        return ended or short or (len(run) > 1 and run[1].left > run[0].left + 0.5 * line.size)
    indented = 0.8 * line.size < line.left - above.left < 6 * line.size and not item
    return ended and (short or indented)


def _no_space(before: str, after: str) -> bool:
    """Chinese and Japanese lines are joined without a space."""
    return _ideograph(before[-1:]) and _ideograph(after[:1])


def _ideograph(letter: str) -> bool:
    return letter != "" and ("\u3000" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef")


def _continued(blocks: Sequence[Block]) -> Iterator[Block]:
    """Paragraphs that go on in the next column are one."""
    held: Block | None = None
    for block in blocks:
        if (
            held is not None
            and held.kind in ("paragraph", "list")
            and block.kind == "paragraph"
            and held.heading == block.heading
            and not SENTENCE_END.search(held.text)
            and block.text[:1].islower()
            and len(held.text) > 40
        ):
            start = len(held.text) + 1
            moved = tuple(span._replace(start=span.start + start, end=span.end + start) for span in block.spans)
            held = replace(held, text=f"{held.text} {block.text}", spans=held.spans + moved)
            continue
        if held is not None:
            yield held
        held = block
    if held is not None:
        yield held
