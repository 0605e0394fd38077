"""Words of a PDF broken into lines and drawn: what ReportLab's own paragraph does, for what a transcript needs of it.

ReportLab's paragraph parses markup, measures every word anew and carries each look that there is; that was 30 of the
50 ms of a conversation. Here words come with their fonts, and their widths are remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

# What stands before a word: nothing, so that it belongs to the one before; a space; nothing, though a line may end
# there; the end of a line.
JOINED, SPACED, LOOSE, ENDED = range(4)

# Chinese and Japanese lines end after any character, but neither before a closing sign nor after an opening one.
IDEOGRAPH: Final = re.compile("[(（「『【《〈“‘]*.[)）」』】》〉”’、。，．！？：；]*", re.DOTALL)


class Look(NamedTuple):
    """`face` is the name of a font that ReportLab knows; `colour` is None for the paragraph's own."""

    face: str
    colour: Any = None
    href: str = ""
    struck: bool = False


class Word(NamedTuple):
    """`width` is that of the text alone, in sizes of the font."""

    text: str
    width: float
    gap: int
    look: Look


Line = list[Word]


def words(stretches: Iterable[tuple[str, Look]], ideographic: frozenset[str]) -> list[Word]:
    """The words of stretches of text. Fonts in `ideographic` write without spaces."""
    found: list[Word] = []
    gap = JOINED
    for text, look in stretches:
        face = look.face
        for number, line in enumerate(text.split("\n")):
            if number:
                if gap == ENDED:
                    found.append(Word("", 0, ENDED, look))
                gap = ENDED
            for place, part in enumerate(line.replace("\t", " ").split(" ")):
                if place and gap != ENDED:
                    gap = SPACED
                if not part:
                    continue
                if face in ideographic:
                    for sign in IDEOGRAPH.findall(part):
                        found.append(Word(sign, _width(sign, face), gap or LOOSE, look))
                        gap = JOINED
                    gap = LOOSE
                else:
                    found.append(Word(part, _width(part, face), gap, look))
                    gap = JOINED
    return found


def verbatim(lines: Iterable[Sequence[tuple[str, Look]]]) -> list[Word]:
    """Lines as they are, spaces and all."""
    return [
        Word(text, _width(text, look.face), JOINED if place else ENDED, look)
        for line in lines
        for place, (text, look) in enumerate(line)
    ]


def broken(some: Sequence[Word], room: float) -> list[Line]:
    """Lines of at most `room` sizes of the font. Raises ValueError where that is less than a letter."""
    if room < 1:
        raise ValueError("no room for a letter")
    lines: list[Line] = []
    line: Line = []
    filled, at = 0.0, 0
    while at < len(some):
        first, end, width = some[at], at + 1, some[at].width
        while end < len(some) and some[end].gap == JOINED:
            width += some[end].width
            end += 1
        space = _width(" ", first.look.face) if line and first.gap == SPACED else 0.0
        if line and (first.gap == ENDED or filled + space + width > room):
            lines.append(line)
            line, filled, space = [], 0.0, 0.0
        if width <= room:
            line.extend(some[at:end])
        else:
            *whole, line = _cut(some[at:end], room)
            lines.extend(whole)
            width = sum(word.width for word in line)
        filled += space + width
        at = end
    return [*lines, line] if line else lines


def _cut(long: Sequence[Word], room: float) -> list[Line]:
    """What is wider than a line, in lines, cut between letters."""
    lines: list[Line] = [[]]
    filled = 0.0
    for word in long:
        start, width = 0, 0.0
        for place, letter in enumerate(word.text):
            wide = _width(letter, word.look.face)
            if filled + wide > room and filled:
                if place > start:
                    lines[-1].append(Word(word.text[start:place], width, LOOSE, word.look))
                lines.append([])
                start, width, filled = place, 0.0, 0.0
            width += wide
            filled += wide
        lines[-1].append(Word(word.text[start:], width, JOINED if lines[-1] else LOOSE, word.look))
    return lines


class _Lines:
    """Words that find their place on the page; `style` is one of ReportLab's. Mixed into its Flowable."""

    def __init__(self, some: Sequence[Word], style: Any) -> None:
        super().__init__()
        self.style = style
        self.width = self.height = 0.0
        self.canv: Any = None
        self._words = some
        self._lines: list[Line] = []
        self._room = -1.0

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Sizes in points, as everywhere in ReportLab."""
        room = (width - self.style.leftIndent - self.style.rightIndent) / self.style.fontSize
        if room != self._room:
            self._room, self._lines = room, broken(self._words, room)
        self.width, self.height = width, len(self._lines) * self.style.leading
        return self.width, self.height

    def split(self, width: float, height: float) -> list[Any]:
        """What fits into `height` and the rest; nothing where that left a single line at the foot of a page."""
        self.wrap(width, height)
        fitting = int(height / self.style.leading)
        if fitting >= len(self._lines):
            return [self]
        if fitting < 2:
            return []
        return [self._part(self._lines[:fitting]), self._part(self._lines[fitting:])]

    def draw(self) -> None:
        self._draw_ground()
        style, size = self.style, self.style.fontSize
        text = self.canv.beginText()
        face, colour = "", None
        over: list[tuple[Look, float, float, float]] = []
        y = self.height - size
        for line in self._lines:
            stretches = list(_stretches(line))
            x = style.leftIndent
            if style.alignment:
                x += (self._room - sum(width for _, width, _ in stretches)) * size * style.alignment / 2
            for shown, width, look in stretches:
                if look.face != face:
                    face = look.face
                    text.setFont(face, size)
                if (wanted := look.colour or style.textColor) is not colour:
                    colour = wanted
                    text.setFillColor(colour)
                text.setTextOrigin(x, y)
                text.textLine(shown)
                if look.href or look.struck:
                    over.append((look, x, y, width * size))
                x += width * size
            y -= style.leading
        self.canv.drawText(text)
        for look, x, y, width in over:
            self._draw_over(look, x, y, width)

    def _part(self, lines: list[Line]) -> Any:
        part = type(self)([word for line in lines for word in line], self.style)
        part._lines, part._room = lines, self._room
        return part

    def _draw_ground(self) -> None:
        style = self.style
        if style.backColor is not None:
            top, right, bottom, left = style.borderPadding
            width = self.width - style.leftIndent - style.rightIndent
            self.canv.setFillColor(style.backColor)
            self.canv.rect(
                style.leftIndent - left, -bottom, width + left + right, self.height + top + bottom, stroke=0, fill=1
            )

    def _draw_over(self, look: Look, x: float, y: float, width: float) -> None:
        size = self.style.fontSize
        if look.href:
            self.canv.linkURL(look.href, (x, y - 0.25 * size, x + width, y + 0.9 * size), relative=1)
        if look.struck:
            self.canv.setLineWidth(0.06 * size)
            self.canv.setStrokeColor(look.colour or self.style.textColor)
            self.canv.line(x, y + 0.3 * size, x + width, y + 0.3 * size)


@cache
def flowable() -> Any:
    """The class of lines that ReportLab sets: flowable()(words, style)."""
    from reportlab.platypus import Flowable

    return type("Lines", (_Lines, Flowable), {})


def _stretches(line: Line) -> Iterator[tuple[str, float, Look]]:
    """(text, width, look) of neighbours of one look, which are drawn at once."""
    shown, width, look = "", 0.0, line[0].look
    for word in line:
        # The first word of a line leaves its space on the line before.
        space = " " if shown and word.gap == SPACED else ""
        if word.look is look or word.look == look:
            shown += space + word.text
            width += word.width + (_width(" ", look.face) if space else 0.0)
            continue
        if space and word.look.struck and not look.struck:
            # The space before is not struck out with it.
            shown, width, space = shown + space, width + _width(" ", look.face), ""
        yield shown, width, look
        look = word.look
        shown, width = space + word.text, word.width + (_width(" ", look.face) if space else 0.0)
    yield shown, width, look


@lru_cache(maxsize=20_000)
def _width(text: str, face: str) -> float:
    """Of `text`, in sizes of the font."""
    from reportlab.pdfbase.pdfmetrics import getFont

    return float(getFont(face).stringWidth(text, 1))
