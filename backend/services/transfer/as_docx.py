"""A transcript as a Word document: real headings, lists, tables and links, so that it can be worked on.

python-docx makes the style sheet and the rest of the package, once. The body is written as WordprocessingML here:
through python-docx's element objects a conversation took 60 ms, thirty times what parsing its Markdown takes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

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
from backend.services.transfer.transcript import QUOTED, UNPROVED, Entry, Transcript

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement

MONO: Final = "Consolas"
TINT: Final = "F3F4F2"
LEVELS: Final = 3
"""List styles of the template: List Bullet, List Bullet 2, List Bullet 3."""

WIDTH: Final = 9072
"""Between the margins, in twentieths of a point."""

BODY: Final = "word/document.xml"
LINKS: Final = "word/_rels/document.xml.rels"
NUMBERS: Final = "word/numbering.xml"
CORE: Final = "docProps/core.xml"
CHANGING: Final = (BODY, LINKS, NUMBERS, CORE)
"""The parts of the package that differ from one document to the next."""

LINK_TYPE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
BREAKS: Final = str.maketrans(
    {"\n": '</w:t><w:br/><w:t xml:space="preserve">', "\t": '</w:t><w:tab/><w:t xml:space="preserve">'}
)


def render(transcript: Transcript) -> bytes:
    writer = _Writer()
    writer.write(transcript)
    return writer.packed(transcript.title)


class _Writer:
    def __init__(self) -> None:
        self._template = _template()
        self._styles = self._template.styles
        self._body: list[str] = []
        self._links: dict[str, str] = {}
        self._numbers: list[str] = []

    def write(self, transcript: Transcript) -> None:
        self._words("Title", transcript.title)
        self._words("Subtitle", transcript.date)
        for entry in transcript.entries:
            self._entry(entry)

    def packed(self, title: str) -> bytes:
        links = "".join(
            f'<Relationship Id="{key}" Type="{LINK_TYPE}" Target={quoteattr(href)} TargetMode="External"/>'
            for href, key in self._links.items()
        )
        template = self._template
        file = io.BytesIO()
        file.write(template.unchanging)
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
            for name, words in (
                (BODY, "".join(self._body)),
                (LINKS, links),
                (NUMBERS, "".join(self._numbers)),
                (CORE, escape(title[:255])),
            ):
                before, after = template.around[name]
                package.writestr(name, before + words + after)
        return file.getvalue()

    def _entry(self, entry: Entry) -> None:
        self._words("Heading 1", entry.speaker)
        if entry.quotes:
            self._words("Sources", QUOTED)
        for quote in entry.quotes:
            self._words("Quote", quote)
        self._blocks(plain(entry.content) if entry.is_question else blocks(entry.content))
        if entry.state:
            self._words("State", entry.state)
        if entry.unproved:
            self._words("Sources", UNPROVED)
        for reason in entry.unproved:
            self._words("Source Words", reason)
        if entry.sources:
            self._words("Sources", "Sources")
        for source in entry.sources:
            self._paragraph("Source", self._runs([Run(f"[{source.number}] "), Run(source.place, bold=True)]))
            self._words("Source Words", source.words)

    def _blocks(self, parts: Sequence[Block], depth: int = 0, style: str = "Normal") -> None:
        for part in parts:
            self._block(part, depth, style)

    def _block(self, part: Block, depth: int, style: str) -> None:
        match part:
            case Paragraph(runs):
                self._paragraph(style, self._runs(runs))
            case Heading(level, runs):
                # Heading 1 is the speaker.
                self._paragraph(f"Heading {min(level + 1, 9)}", self._runs(runs))
            case Code(text, _):
                self._words("Code", text)
            case Listing(start, items):
                self._listing(start, items, depth)
            case Quote(inner):
                self._blocks(inner, depth, "Quote")
            case Table(align, rows):
                self._table(align, rows)
            case Rule():
                self._paragraph("Rule", "")

    def _listing(self, start: int | None, items: Sequence[Sequence[Block]], depth: int) -> None:
        level = min(depth, LEVELS - 1)
        name = ("List Bullet" if start is None else "List Number") + (f" {level + 1}" if level else "")
        number = (
            ""
            if start is None
            else f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{self._numbering(name, start)}"/></w:numPr>'
        )
        for item in items:
            first, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (Paragraph([]), item)
            self._paragraph(name, self._runs(first.runs), number)
            self._blocks(rest, depth + 1, f"List Continue{f' {level + 1}' if level else ''}")

    def _numbering(self, style: str, start: int) -> int:
        """A numbering of its own for each list; otherwise the second would go on where the first ended."""
        number = self._template.numbers + len(self._numbers) + 1
        self._numbers.append(
            f'<w:num w:numId="{number}"><w:abstractNumId w:val="{self._template.countings[style]}"/>'
            f'<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{max(0, min(start, 32_767))}"/></w:lvlOverride></w:num>'
        )
        return number

    def _table(self, align: Sequence[str], rows: Sequence[Sequence[Sequence[Run]]]) -> None:
        width = WIDTH // len(align)
        put = self._body.append
        put(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="{self._styles["Table Grid"]}"/><w:tblW w:type="auto" w:w="0"/>'
            '<w:tblLook w:firstColumn="1" w:firstRow="1" w:lastColumn="0" w:lastRow="0" w:noHBand="0" w:noVBand="1" '
            f'w:val="04A0"/></w:tblPr><w:tblGrid>{f"""<w:gridCol w:w="{width}"/>""" * len(align)}</w:tblGrid>'
        )
        for at, row in enumerate(rows):
            put('<w:tr><w:trPr><w:tblHeader w:val="true"/></w:trPr>' if at == 0 else "<w:tr>")
            for runs, side in zip(row, align, strict=True):
                put(f'<w:tc><w:tcPr><w:tcW w:type="dxa" w:w="{width}"/></w:tcPr>')
                justified = f'<w:jc w:val="{side}"/>' if side in ("center", "right") else ""
                self._paragraph("Table Head" if at == 0 else "Table Words", self._runs(runs), justified)
                put("</w:tc>")
            put("</w:tr>")
        put("</w:tbl>")
        # Two tables without a paragraph between them would be one.
        self._paragraph("Table Words", "")

    def _words(self, style: str, text: str) -> None:
        self._paragraph(style, _run(text, ""))

    def _paragraph(self, style: str, runs: str, properties: str = "") -> None:
        """`runs` and `properties` are XML, the properties those that follow the style in the schema's order."""
        if style != "Normal":
            properties = f'<w:pStyle w:val="{self._styles[style]}"/>{properties}'
        self._body.append(f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{runs}</w:p>")

    def _runs(self, runs: Sequence[Run]) -> str:
        return "".join(self._linked(run) if run.href else _run(run.text, self._look(run)) for run in runs)

    def _linked(self, run: Run) -> str:
        key = self._links.setdefault(run.href, f"rId{self._template.relations + len(self._links) + 1}")
        return f'<w:hyperlink r:id="{key}">{_run(run.text, self._look(run))}</w:hyperlink>'

    def _look(self, run: Run) -> str:
        style = "Link" if run.href else "Code Words" if run.code else ""
        return (
            (f'<w:rStyle w:val="{self._styles[style]}"/>' if style else "")
            + ("<w:b/>" if run.bold else "")
            + ("<w:i/>" if run.italic else "")
            + ("<w:strike/>" if run.struck else "")
        )


def _run(text: str, look: str) -> str:
    words = escape(text).translate(BREAKS)
    return f'<w:r>{f"<w:rPr>{look}</w:rPr>" if look else ""}<w:t xml:space="preserve">{words}</w:t></w:r>'


@dataclass(frozen=True, slots=True)
class _Template:
    """An empty document with our styles, taken apart.

    unchanging: a zip of the parts that every document shares. around: what stands before and after the words of each
    CHANGING part. styles: ids by name. countings: of each style of a numbered list, the abstract numbering.
    numbers, relations: the highest numbering and relation there are.
    """

    unchanging: bytes
    around: dict[str, tuple[str, str]]
    styles: dict[str, str]
    countings: dict[str, int]
    numbers: int
    relations: int


@cache
def _template() -> _Template:
    document = _styled()
    definitions = document.part.numbering_part.element
    abstract = {num.numId: num.abstractNumId.val for num in definitions.num_lst}
    countings = {
        style.name: abstract[style.element.pPr.numPr.numId.val]
        for style in document.styles
        if style.name.startswith("List Number")
    }
    file = io.BytesIO()
    document.save(file)
    unchanging = io.BytesIO()
    texts = {}
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(unchanging, "w", zipfile.ZIP_DEFLATED) as shared:
        for name in whole.namelist():
            if name in CHANGING:
                texts[name] = whole.read(name).decode()
            else:
                shared.writestr(name, whole.read(name))
    return _Template(
        unchanging=unchanging.getvalue(),
        around={
            BODY: _around(texts[BODY], "<w:sectPr"),
            LINKS: _around(texts[LINKS], "</Relationships>"),
            NUMBERS: _around(texts[NUMBERS], "</w:numbering>"),
            CORE: _around(texts[CORE], "</dc:title>"),
        },
        styles={style.name: style.style_id for style in document.styles},
        countings=countings,
        numbers=max(abstract),
        relations=max(int(key.removeprefix("rId")) for key in document.part.rels),
    )


def _around(text: str, mark: str) -> tuple[str, str]:
    """`text` up to `mark`, and from there."""
    at = text.index(mark)
    return text[:at], text[at:]


def _styled() -> Document:  # noqa: PLR0915 - a style sheet, one style after the other
    """python-docx's own template with our styles."""
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
    # The schema wants the shading before the spacing that stands there already; Word is strict about it.
    code.element.get_or_add_pPr().insert(0, _element("w:shd", val="clear", color="auto", fill=TINT))
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

    core = document.core_properties
    core.title, core.author, core.comments = "", "LocalChat", ""
    _lighten(document)
    return document


def _lighten(document: Document) -> None:
    """Without the template's hundred table styles, its picture, and the second style sheet that Word 2010 alone reads
    (430 kB of XML), all of which each file would carry for nothing."""
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
    for key, relation in list(document.part.rels.items()):
        if relation.reltype.endswith("/stylesWithEffects"):
            del document.part.rels[key]


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
