"""A transcript as PDF, set by ReportLab.

Of the light libraries it is the one whose paragraphs and tables break over pages by themselves, and it is BSD-licensed
(fpdf2 is LGPL and needs fontTools besides). What it writes in which font, `faces.py` tells.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from backend.services.transfer.faces import IDEOGRAPHIC, MONO, SANS, Faces
from backend.services.transfer.lines import Look, flowable, verbatim, words
from backend.services.transfer.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Runs,
    Table,
    blocks,
    plain,
)
from backend.services.transfer.transcript import QUOTED, UNPROVED, Entry, Transcript

# Colours as 0xRRGGBB: ReportLab takes its time to parse a name.
INK: Final = 0x1A1E1C
SOFT: Final = 0x5C645F
LINE: Final = 0xD5D8D3
TINT: Final = 0xF3F4F2
FAULT: Final = 0x9C3429
ACCENT: Final = 0x1A5C48

MOST_COLUMNS: Final = 14
"""A table of more is set as lines of text: its columns would be narrower than a word."""


def render(transcript: Transcript) -> bytes:
    from reportlab.platypus import SimpleDocTemplate
    from reportlab.platypus.doctemplate import LayoutError

    def build(*, simple: bool) -> bytes:
        file = io.BytesIO()
        document = SimpleDocTemplate(
            file,
            pagesize=(595.28, 841.89),  # A4 in points
            leftMargin=60,
            rightMargin=60,
            topMargin=60,
            bottomMargin=64,
            title=transcript.title,
            author="LocalChat",
            invariant=True,
        )
        setter = _Setter(simple=simple)
        footer = setter.footer(transcript.title)
        document.build(setter.story(transcript), onFirstPage=footer, onLaterPages=footer)
        return file.getvalue()

    try:
        return build(simple=False)
    except (LayoutError, ValueError):
        # A list nested off the page, a row taller than one: as plain paragraphs they fit. ValueError is what ReportLab
        # raises for room that is negative.
        return build(simple=True)


class _Setter:
    """Blocks → ReportLab's flowables. `simple`: answers as plain text."""

    def __init__(self, *, simple: bool) -> None:
        self._faces = Faces()
        self._simple = simple
        self._styles = _styles()

    def story(self, transcript: Transcript) -> list[Any]:
        from reportlab.platypus import HRFlowable, Spacer

        self._faces.learn(text for entry in transcript.entries for text in (entry.content, transcript.title))
        flow: list[Any] = [*self._text(transcript.title, "title"), *self._text(transcript.date, "date")]
        flow += [
            HRFlowable(width="100%", thickness=0.6, color=_colour(LINE), spaceBefore=6, spaceAfter=8),
            Spacer(1, 4),
        ]
        for entry in transcript.entries:
            flow += self._entry(entry)
        if notes := self._faces.notes():
            flow.append(Spacer(1, 14))
            for note in notes:
                flow += self._text(note, "note")
        return flow

    def footer(self, title: str) -> Any:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        shown = self._faces.known(title)
        while shown and stringWidth(shown, SANS, 7.5) > 380:
            shown = shown[: int(len(shown) * 0.9) - 1] + "…" if len(shown) > 10 else ""

        def draw(canvas: Any, document: Any) -> None:
            canvas.saveState()
            canvas.setFont(SANS, 7.5)
            canvas.setFillColor(_colour(SOFT))
            canvas.drawString(60, 38, shown)
            canvas.drawRightString(535, 38, str(document.page))
            canvas.restoreState()

        return draw

    def _entry(self, entry: Entry) -> list[Any]:
        flow = self._text(entry.speaker, "speaker")
        if entry.quotes:
            flow += self._text(QUOTED, "sources")
        for quote in entry.quotes:
            flow += self._text(quote, "words")
        if entry.is_question:
            flow += [
                line
                for part in plain(entry.content)
                if isinstance(part, Paragraph)
                for line in self._runs(part.runs, "question")
            ]
        else:
            parts = plain(entry.content) if self._simple else blocks(entry.content)
            flow += self._blocks(parts)
        if entry.state:
            flow += self._text(entry.state, "state")
        if entry.unproved:
            flow += self._text(UNPROVED, "sources")
        for reason in entry.unproved:
            flow += self._text(reason, "words")
        if entry.sources:
            flow += self._text("Sources", "sources")
        for source in entry.sources:
            place = Run(source.place, bold=True)
            flow += self._runs([Run(f"[{source.number}] "), place], "source")
            flow += self._text(source.words, "words")
        return flow

    def _blocks(self, parts: Sequence[Block], style: str = "normal", depth: int = 0) -> list[Any]:
        return [line for part in parts for line in self._block(part, style, depth)]

    def _block(self, part: Block, style: str, depth: int) -> list[Any]:  # noqa: PLR0911 - one kind each
        from reportlab.platypus import HRFlowable

        match part:
            case Paragraph(runs):
                return self._runs(runs, style)
            case Heading(level, runs):
                return self._runs(runs, f"heading{min(level, 4)}")
            case Code(text, _):
                return self._code(text)
            case Listing(start, items):
                return self._listing(start, items, style, depth)
            case Quote(inner):
                return self._quote(self._blocks(inner, "quote", depth + 1), depth)
            case Table(align, rows):
                return self._table(align, rows)
            case Rule():
                return [HRFlowable(width="100%", thickness=0.6, color=_colour(LINE), spaceBefore=6, spaceAfter=8)]

    def _listing(self, start: int | None, items: Sequence[Sequence[Block]], style: str, depth: int) -> list[Any]:
        from reportlab.platypus import ListFlowable, ListItem

        kind: dict[str, Any] = {"bulletType": "bullet", "bulletText": "•"}
        if start is not None:
            kind = {"bulletType": "1", "start": min(start, 10**9), "bulletFormat": "%s."}
        rows = [
            ListItem(self._blocks(item, "item" if style == "normal" else style, depth + 1) or self._text(" ", "item"))
            for item in items
        ]
        look = {
            "bulletFontName": SANS,
            "bulletFontSize": 9.5,
            "bulletColor": _colour(SOFT),
            "leftIndent": 20,
            "spaceAfter": 4,
        }
        return [ListFlowable(rows, **kind, **look)]

    def _quote(self, inner: list[Any], depth: int) -> list[Any]:
        from reportlab.platypus import Indenter

        # An Indenter moves the frame of the page, which lists and inner quotes are not set in.
        return inner if depth else [Indenter(left=14), *inner, Indenter(left=-14)]

    def _code(self, text: str) -> list[Any]:
        style = self._styles["code"]
        lines = [
            [(part, Look(face)) for face, part in self._faces.stretches(line or " ", MONO)]
            for line in text.expandtabs(4).split("\n")
        ]
        return [flowable()(verbatim(lines), style)]

    def _table(self, align: Sequence[str], rows: Sequence[Sequence[Runs]]) -> list[Any]:
        from reportlab.platypus import LongTable, Spacer

        if len(align) > MOST_COLUMNS:
            lines = [[run for cell in row for run in (*cell, Run(" | "))][:-1] for row in rows]
            return [line for runs in lines for line in self._runs(runs, "normal")]
        cells = [
            [
                self._runs(cell, f"{'head' if at == 0 else 'cell'}-{side or 'left'}")
                for cell, side in zip(row, align, strict=True)
            ]
            for at, row in enumerate(rows)
        ]
        look = [
            ("GRID", (0, 0), (-1, -1), 0.5, _colour(LINE)),
            ("BACKGROUND", (0, 0), (-1, 0), _colour(TINT)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 5),
            ("RIGHTPADDING", (0, 0), (-1, -1), 5),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
        widths = _widths(rows, 475)
        table = LongTable(cells, colWidths=widths, repeatRows=1, splitInRow=1, style=look, hAlign="LEFT")
        return [table, Spacer(1, 8)]

    def _text(self, text: str, style: str) -> list[Any]:
        return self._runs([Run(text)], style)

    def _runs(self, runs: Sequence[Run], style: str) -> list[Any]:
        look = self._styles[style]
        bold, italic = look.fontName.endswith("-Bold"), look.fontName.endswith("-Oblique")
        stretches = (stretch for run in runs for stretch in self._run(run, bold=bold, italic=italic))
        # A paragraph without words keeps its place.
        return [flowable()(words(stretches, IDEOGRAPHIC) or verbatim([[(" ", Look(SANS))]]), look)]

    def _run(self, run: Run, *, bold: bool, italic: bool) -> Iterator[tuple[str, Look]]:
        colour = _colour(ACCENT) if run.href else None
        font = MONO if run.code else SANS
        for face, text in self._faces.stretches(run.text, font, bold=run.bold or bold, italic=run.italic or italic):
            yield text, Look(face, colour, run.href, run.struck)


def _widths(rows: Sequence[Sequence[Runs]], room: float) -> list[float]:
    """Columns by the length of their longest cell, none narrower than a few letters."""
    columns = len(rows[0])
    longest = [max(min(sum(len(run.text) for run in row[at]), 60) for row in rows) + 3 for at in range(columns)]
    natural = [size * 6.0 for size in longest]
    if sum(natural) <= room:
        return natural
    least = min(40.0, room / columns)
    spare = room - least * columns
    return [least + spare * size / sum(longest) for size in longest]


@cache
def _colour(value: int) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(value)


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    base = ParagraphStyle("normal", fontName=SANS, fontSize=9.5, leading=14, textColor=_colour(INK), spaceAfter=6)

    def style(name: str, **changes: Any) -> Any:
        return ParagraphStyle(name, parent=changes.pop("parent", base), **changes)

    styles = {
        "normal": base,
        "title": style("title", fontName=f"{SANS}-Bold", fontSize=18, leading=23, spaceAfter=2),
        "date": style("date", textColor=_colour(SOFT), spaceAfter=0),
        "speaker": style(
            "speaker",
            fontName=f"{SANS}-Bold",
            fontSize=8.5,
            textColor=_colour(SOFT),
            spaceBefore=12,
            spaceAfter=3,
            keepWithNext=1,
        ),
        "question": style(
            "question", backColor=_colour(TINT), borderPadding=(5, 8, 6, 8), leftIndent=8, rightIndent=8, spaceAfter=8
        ),
        "state": style("state", fontName=f"{SANS}-Oblique", textColor=_colour(FAULT)),
        "item": style("item", spaceAfter=2),
        "quote": style("quote", textColor=_colour(SOFT)),
        "code": style(
            "code",
            fontName=MONO,
            fontSize=8,
            leading=11.5,
            backColor=_colour(TINT),
            borderPadding=(6, 6, 6, 6),
            leftIndent=6,
            rightIndent=6,
            spaceBefore=6,
            spaceAfter=12,
        ),
        "sources": style(
            "sources",
            fontName=f"{SANS}-Bold",
            fontSize=8,
            textColor=_colour(SOFT),
            spaceBefore=6,
            spaceAfter=2,
            keepWithNext=1,
        ),
        "source": style("source", fontSize=8, leading=11.5, spaceAfter=1, keepWithNext=1),
        "words": style("words", fontSize=8, leading=11.5, textColor=_colour(SOFT), leftIndent=18, spaceAfter=5),
        "note": style("note", fontSize=7.5, leading=10.5, textColor=_colour(SOFT), spaceAfter=2),
    }
    for level, size in ((1, 14), (2, 12.5), (3, 11), (4, 10)):
        styles[f"heading{level}"] = style(
            f"heading{level}",
            fontName=f"{SANS}-Bold",
            fontSize=size,
            leading=size * 1.35,
            spaceBefore=10,
            spaceAfter=4,
            keepWithNext=1,
        )
    for number, side in enumerate(("left", "center", "right")):
        cell = style(f"cell-{side}", fontSize=8.5, leading=12, spaceAfter=0, alignment=number)
        styles[f"cell-{side}"] = cell
        styles[f"head-{side}"] = style(f"head-{side}", parent=cell, fontName=f"{SANS}-Bold")
    return styles
