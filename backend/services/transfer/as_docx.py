"""A transcript as a Word document: real headings, lists, tables and links, so that it can be worked on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from backend.services.transfer.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
    blocks,
    plain,
)
from backend.services.transfer.transcript import Entry, Transcript

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement

MONO: Final = "Consolas"
TINT: Final = "F3F4F2"
LEVELS: Final = 3
"""List styles of the template: List Bullet, List Bullet 2, List Bullet 3."""


def render(transcript: Transcript) -> bytes:
    return _Writer(transcript).data()


class _Writer:
    def __init__(self, transcript: Transcript) -> None:
        self._document = _new_document()
        self._write(transcript)

    def data(self) -> bytes:
        file = io.BytesIO()
        self._document.save(file)
        return file.getvalue()

    def _write(self, transcript: Transcript) -> None:
        core = self._document.core_properties
        core.title, core.author, core.comments = transcript.title[:255], "LocalChat", ""
        self._paragraph("Title").add_run(transcript.title)
        self._paragraph("Subtitle").add_run(transcript.date)
        for entry in transcript.entries:
            self._entry(entry)

    def _entry(self, entry: Entry) -> None:
        self._paragraph("Heading 1").add_run(entry.speaker)
        self._blocks(plain(entry.content) if entry.is_question else blocks(entry.content))
        if entry.state:
            self._paragraph("State").add_run(entry.state)
        if entry.sources:
            self._paragraph("Sources").add_run("Sources")
        for source in entry.sources:
            place = self._paragraph("Source")
            place.add_run(f"[{source.number}] ")
            place.add_run(source.place).bold = True
            self._paragraph("Source Words").add_run(source.words)

    def _blocks(self, parts: Sequence[Block], depth: int = 0, style: str = "Normal") -> None:
        for part in parts:
            self._block(part, depth, style)

    def _block(self, part: Block, depth: int, style: str) -> None:
        match part:
            case Paragraph(runs):
                self._runs(self._paragraph(style), runs)
            case Heading(level, runs):
                # Heading 1 is the speaker.
                self._runs(self._paragraph(f"Heading {min(level + 1, 9)}"), runs)
            case Code(text, _):
                self._paragraph("Code").add_run(text)
            case Listing(start, items):
                self._listing(start, items, depth)
            case Quote(inner):
                self._blocks(inner, depth, "Quote")
            case Table(align, rows):
                self._table(align, rows)
            case Rule():
                self._paragraph("Rule")

    def _listing(self, start: int | None, items: Sequence[Sequence[Block]], depth: int) -> None:
        level = min(depth, LEVELS - 1)
        name = ("List Bullet" if start is None else "List Number") + (f" {level + 1}" if level else "")
        number = None if start is None else self._numbering(name, start)
        for item in items:
            first, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (Paragraph([]), item)
            paragraph = self._paragraph(name)
            if number is not None:
                properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
                properties.get_or_add_ilvl().val = 0
                properties.get_or_add_numId().val = number
            self._runs(paragraph, first.runs)
            self._blocks(rest, depth + 1, f"List Continue{f' {level + 1}' if level else ''}")

    def _numbering(self, style: str, start: int) -> int:
        """A numbering of its own for each list; otherwise the second would go on where the first ended."""
        definitions = self._document.part.numbering_part.element
        shown = self._document.styles[style].element.pPr.numPr.numId.val
        abstract = next(num for num in definitions.num_lst if num.numId == shown).abstractNumId.val
        num = definitions.add_num(abstract)
        num.add_lvlOverride(ilvl=0).add_startOverride(max(0, min(start, 32_767)))
        return int(num.numId)

    def _table(self, align: Sequence[str], rows: Sequence[Sequence[Sequence[Run]]]) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        sides = {"center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}
        table = self._document.add_table(len(rows), len(align))
        table._tbl.tblStyle_val = _style_ids()["Table Grid"]
        for at, (line, row) in enumerate(zip(table.rows, rows, strict=True)):
            for cell, runs, side in zip(line.cells, row, align, strict=True):
                paragraph = cell.paragraphs[0]
                paragraph._p.get_or_add_pPr().style = _style_ids()["Table Head" if at == 0 else "Table Words"]
                if side in sides:
                    paragraph.alignment = sides[side]
                self._runs(paragraph, runs)
        header = table.rows[0]._tr.get_or_add_trPr()
        header.append(_element("w:tblHeader", val="true"))
        self._paragraph("Table Words")

    def _runs(self, paragraph: Any, runs: Sequence[Run]) -> None:
        for run in runs:
            written = paragraph.add_run(run.text)
            if run.code:
                written._r.style = _style_ids()["Code Words"]
            if run.bold:
                written.bold = True
            if run.italic:
                written.italic = True
            if run.struck:
                written.font.strike = True
            if run.href:
                self._link(paragraph, written, run.href)

    def _link(self, paragraph: Any, run: Any, href: str) -> None:
        from docx.opc.constants import RELATIONSHIP_TYPE

        run._r.style = _style_ids()["Link"]
        relation = paragraph.part.relate_to(href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link = _element("w:hyperlink")
        link.set(_name("r:id"), relation)
        paragraph._p.append(link)
        link.append(run._r)

    def _paragraph(self, style: str) -> Any:
        paragraph = self._document.add_paragraph()
        if style != "Normal":
            paragraph._p.get_or_add_pPr().style = _style_ids()[style]
        return paragraph


def _new_document() -> Document:
    import docx

    return docx.Document(io.BytesIO(_template()))


@cache
def _style_ids() -> dict[str, str]:
    """Id by name. Setting a style by its name walks the whole style sheet, which was most of the time."""
    return {style.name: style.style_id for style in _new_document().styles}


@cache
def _template() -> bytes:  # noqa: PLR0915 - a style sheet, one style after the other
    """python-docx's own template with our styles: made once, since that takes longer than most conversations."""
    import docx
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.2)
    styles = document.styles
    ink, soft, fault = RGBColor(0x1A, 0x1E, 0x1C), RGBColor(0x5C, 0x64, 0x5F), RGBColor(0xA4, 0x36, 0x1F)

    normal = styles["Normal"]
    _font(normal, "Calibri", 11)
    normal.paragraph_format.space_after = Pt(8)
    normal.paragraph_format.line_spacing = 1.15
    for name, size in (("Title", 24), ("Subtitle", 11), ("Heading 1", 13), ("Heading 2", 14), ("Heading 3", 12.5)):
        _font(styles[name], "Calibri", size)
        styles[name].font.color.rgb = soft if name in ("Subtitle", "Heading 1") else ink
    styles["Subtitle"].font.italic = False
    for level in range(4, 10):
        _font(styles[f"Heading {level}"], "Calibri", 11.5)
        styles[f"Heading {level}"].font.color.rgb = ink
    styles["Heading 1"].paragraph_format.space_before = Pt(20)
    styles["Heading 1"].paragraph_format.space_after = Pt(4)
    styles["Quote"].font.color.rgb = soft

    def add(name: str, kind: Any, base: str) -> Any:
        style = styles.add_style(name, kind)
        style.base_style = styles[base]
        return style

    paragraph, character = WD_STYLE_TYPE.PARAGRAPH, WD_STYLE_TYPE.CHARACTER
    code = add("Code", paragraph, "Normal")
    _font(code, MONO, 9.5)
    code.paragraph_format.line_spacing = 1.0
    code.element.get_or_add_pPr().append(_element("w:shd", val="clear", color="auto", fill=TINT))
    words = styles.add_style("Code Words", character)
    _font(words, MONO, 10)
    link = styles.add_style("Link", character)
    link.font.underline = True
    link.font.color.rgb = RGBColor(0x1A, 0x5C, 0x48)
    state = add("State", paragraph, "Normal")
    state.font.italic = True
    state.font.color.rgb = fault
    sources = add("Sources", paragraph, "Normal")
    sources.font.bold = True
    sources.font.size = Pt(9.5)
    sources.font.color.rgb = soft
    sources.paragraph_format.space_after = Pt(2)
    sources.paragraph_format.keep_with_next = True
    source = add("Source", paragraph, "Normal")
    source.font.size = Pt(9.5)
    source.paragraph_format.space_after = Pt(0)
    source.paragraph_format.keep_with_next = True
    source_words = add("Source Words", paragraph, "Source")
    source_words.font.color.rgb = soft
    source_words.paragraph_format.keep_with_next = False
    source_words.paragraph_format.left_indent = Cm(0.7)
    source_words.paragraph_format.space_after = Pt(6)
    table = add("Table Words", paragraph, "Normal")
    table.font.size = Pt(10)
    table.paragraph_format.space_after = Pt(0)
    add("Table Head", paragraph, "Table Words").font.bold = True
    rule = add("Rule", paragraph, "Normal")
    border = _element("w:pBdr")
    border.append(_element("w:bottom", val="single", sz="6", space="1", color="BBBBBB"))
    rule.element.get_or_add_pPr().append(border)

    _lighten(document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _lighten(document: Document) -> None:
    """Without the template's hundred table styles and its picture, which each file would carry for nothing."""
    sheet = document.styles.element
    for style in list(sheet.style_lst):
        if (
            style.type is not None
            and style.type.name == "TABLE"
            and style.name_val not in ("Normal Table", "Table Grid")
        ):
            sheet.remove(style)
    package = document.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[key]


def _font(style: Any, name: str, size: float) -> None:
    from docx.shared import Pt

    style.font.name = name
    style.font.size = Pt(size)
    fonts = style.element.rPr.rFonts
    # The template's headings name theme fonts, which win over a plain name.
    for key in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(_name(f"w:{key}"), None)


def _element(tag: str, **values: str) -> BaseOxmlElement:
    from docx.oxml.parser import OxmlElement

    element = OxmlElement(tag)
    for key, value in values.items():
        element.set(_name(f"w:{key}"), value)
    return element


def _name(tag: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(tag))
