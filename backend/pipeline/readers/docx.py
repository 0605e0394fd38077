"""Word documents through python-docx, whose XML tree is walked once: in order, with pages, tables and text boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from backend.errors import TooLarge
from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import Batch, Block, HeadingPath, Kind, batches
from backend.pipeline.readers.formats import Format, Source, damaged, opened
from backend.pipeline.readers.tables import grid_blocks

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
HEADING_NAME = re.compile(r"heading (\d)", re.IGNORECASE)
SKIPPED: Final = frozenset(
    {W + "del", W + "moveFrom", W + "instrText", W + "delText", W + "pPr", W + "rPr", MC + "Fallback", W + "sdtPr"}
)


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph takes from its style, its ancestors' included. `level`: of a heading, from 0."""

    level: int | None
    kind: Kind
    bold: bool


@dataclass(slots=True)
class Paragraph:
    text: str = ""
    page: int = 1
    letters: int = 0
    bold_letters: int = 0
    boxes: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(source: Source, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises DamagedDocument, TooLarge."""
    import docx

    try:
        document = docx.Document(opened(source))
        blocks = list(_Walk(document).blocks())
        title = (document.core_properties.title or "").strip() or None
    except MemoryError:
        raise TooLarge(f"{filename} needs more memory than LocalChat allows for one file. Split it.") from None
    except Exception as error:
        # Damage comes as KeyError, BadZipFile, XMLSyntaxError, ValueError and more; nothing is wrong on our side.
        raise damaged(filename) from error
    pages = max((block.page or 0 for block in blocks), default=0) or None
    yield from batches(blocks, pages=pages, title=title)


class _Walk:
    def __init__(self, document: Any) -> None:
        self.body = document.element.body
        self.page = 1
        self.path = HeadingPath()
        self.styles = _styles(document)
        self.notes = _notes(document)
        self.default = next((name for name, style in self.styles.items() if name.lower() == "normal"), "")

    def blocks(self) -> Iterator[Block]:
        yield from self.container(self.body)

    def container(self, parent: Any) -> Iterator[Block]:
        """The paragraphs and tables of a body, a content control or a text box."""
        for child in parent:
            if child.tag == W + "p":
                yield from self.paragraph(child)
            elif child.tag == W + "tbl":
                yield from self.table(child)
            elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml", W + "smartTag"):
                yield from self.container(child)

    def paragraph(self, element: Any) -> Iterator[Block]:
        found = self.content(element)
        text = "\n".join(" ".join(line.split()) for line in found.text.split("\n")).strip()
        style = self.style(element)
        if text:
            kind, level = self.kind(element, style, text, found)
            heading = self.path.enter(level, text) if kind == "heading" else self.path.path
            yield Block(text, kind, found.page, heading)
        for note in found.notes:
            yield Block(note, "paragraph", found.page, self.path.path)
        for box in found.boxes:
            yield from self.container(box)
        if self.breaks_after(element):
            self.page += 1

    def kind(self, element: Any, style: Style, text: str, found: Paragraph) -> tuple[Kind, float]:
        properties = element.find(W + "pPr")
        outline = properties.find(W + "outlineLvl") if properties is not None else None
        level = _number(outline, 9) if outline is not None else style.level
        text = " ".join(text.split())
        if level is not None and level < 9 and len(text) <= 300:
            return "heading", level
        if style.kind != "paragraph":
            return style.kind, 0
        bold = found.letters > 0 and found.bold_letters >= 0.9 * found.letters
        # A line of a table of contents ends in its page number.
        listing = "\t" in found.text.strip() and text[-1:].isdigit()
        stands_out = (bold or style.bold or titles.announces(text)) and titles.is_title(text)
        listed = properties is not None and properties.find(W + "numPr") is not None
        if stands_out and not listing and (not listed or bold):
            return "heading", titles.level(text)
        return ("list" if listed or text[:1] in "•▪●○◦\uf0b7" else "paragraph"), 0

    def style(self, element: Any) -> Style:
        name = element.find(f"{W}pPr/{W}pStyle")
        return self.styles.get(name.get(W + "val") if name is not None else self.default, PLAIN)

    def breaks_after(self, element: Any) -> bool:
        section = element.find(f"{W}pPr/{W}sectPr")
        if section is None:
            return False
        kind = section.find(W + "type")
        return kind is None or kind.get(W + "val") != "continuous"

    def content(self, element: Any) -> Paragraph:
        """The words of a paragraph. Its page is where it begins."""
        found = Paragraph(page=0)
        parts: list[str] = []
        stack = list(reversed(element))
        while stack:
            item = stack.pop()
            tag = item.tag
            if tag == W + "t":
                words = item.text or ""
                if words.strip() and not found.page:
                    found.page = self.page
                parts.append(words)
                letters = len(words.strip())
                found.letters += letters
                if letters and _is_bold(item.getparent()):
                    found.bold_letters += letters
            elif tag == W + "tab":
                parts.append("\t")
            elif tag == W + "cr" or (tag == W + "br" and item.get(W + "type") not in ("page", "column")):
                parts.append("\n")
            elif tag == W + "noBreakHyphen":
                parts.append("-")
            elif tag == W + "lastRenderedPageBreak" or (tag == W + "br" and item.get(W + "type") == "page"):
                self.turn(item)
            elif tag == W + "txbxContent":
                found.boxes.append(item)
            elif tag in (W + "footnoteReference", W + "endnoteReference"):
                note = self.notes.get((tag, item.get(W + "id")))
                if note:
                    found.notes.append(note)
            elif tag not in SKIPPED:
                stack.extend(reversed(item))
        found.text = "".join(parts)
        found.page = found.page or self.page
        return found

    def turn(self, item: Any) -> None:
        """A page break that the author set is followed by the mark of the break as it was last printed: one page."""
        self.printed = getattr(self, "printed", False)
        if item.tag == W + "br":
            self.page += 1
            self.printed = True
        elif self.printed and not _text_between(item):
            self.printed = False
        else:
            self.page += 1
            self.printed = False

    def table(self, element: Any) -> Iterator[Block]:
        page = self.page
        grid: list[list[str]] = []
        nested: list[Block] = []
        header = 0
        for row in element.iterchildren(W + "tr", W + "sdt"):
            for line in [row] if row.tag == W + "tr" else row.iter(W + "tr"):
                cells, below = self.row(line, grid[-1] if grid else [])
                if line.find(f"{W}trPr/{W}tblHeader") is not None and header == len(grid):
                    header += 1
                grid.append(cells)
                nested.extend(below)
        width = max((len(row) for row in grid), default=0)
        if width == 1:
            for cells in grid:
                for text in filter(None, cells):
                    yield Block(text, "paragraph", page, self.path.path)
        else:
            like = Block("", "table", page, self.path.path)
            yield from grid_blocks(grid, like, header if 0 < header < len(grid) else None)
        yield from nested

    def row(self, row: Any, above: list[str]) -> tuple[list[str], list[Block]]:
        """The texts of a row's cells; a cell that a merge continues has none, as in the row that it began in."""
        cells: list[str] = []
        nested: list[Block] = []
        before = row.find(f"{W}trPr/{W}gridBefore")
        cells.extend([""] * min(_number(before, 0), 60))
        for cell in row.iter(W + "tc"):
            if cell.getparent() is not row and not _belongs(cell, row):
                continue
            properties = cell.find(W + "tcPr")
            merge = properties.find(W + "vMerge") if properties is not None else None
            span = properties.find(W + "gridSpan") if properties is not None else None
            across = min(max(_number(span, 1), 1), 60)
            if merge is not None and merge.get(W + "val") in (None, "continue"):
                at = len(cells)
                cells.extend([above[at] if at < len(above) else ""] + [""] * (across - 1))
                continue
            texts: list[str] = []
            for child in cell.iterchildren(W + "p", W + "tbl", W + "sdt"):
                if child.tag == W + "tbl":
                    nested.extend(self.table(child))
                    continue
                paragraphs = [child] if child.tag == W + "p" else child.iter(W + "p")
                texts.extend(" ".join(self.content(paragraph).text.split()) for paragraph in paragraphs)
            cells.extend([" ".join(filter(None, texts))] + [""] * (across - 1))
        return cells, nested


PLAIN: Final = Style(None, "paragraph", bold=False)


def _styles(document: Any) -> dict[str, Style]:
    elements = {style.get(W + "styleId"): style for style in document.styles.element.iterchildren(W + "style")}
    return {name: _style(elements, name) for name in elements if name}


def _style(elements: dict[str, Any], name: str) -> Style:
    level: int | None = None
    kind: Kind = "paragraph"
    bold: bool | None = None
    seen: set[str] = set()
    current: str | None = name
    while current in elements and current not in seen:
        seen.add(current)
        element = elements[current]
        label = element.find(W + "name")
        title = (label.get(W + "val") or "") if label is not None else ""
        match = HEADING_NAME.match(title)
        if level is None and match:
            level = int(match[1]) - 1
        if level is None and title.lower() == "title":
            level = -1
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        if level is None and outline is not None:
            level = _number(outline, 9)
        if kind == "paragraph":
            lowered = title.lower()
            if (lowered.startswith("list") and lowered != "list paragraph") or element.find(
                f"{W}pPr/{W}numPr"
            ) is not None:
                kind = "list"
            elif lowered == "caption":
                kind = "caption"
            elif "code" in lowered or lowered.startswith("html preformatted") or lowered == "plain text":
                kind = "code"
        if bold is None and element.find(f"{W}rPr/{W}b") is not None:
            bold = _on(element.find(f"{W}rPr/{W}b"))
        parent = element.find(W + "basedOn")
        current = parent.get(W + "val") if parent is not None else None
    return Style(level, kind, bool(bold))


def _notes(document: Any) -> dict[tuple[str, str], str]:
    """Footnotes and endnotes by the tag of their reference and their number."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    notes: dict[tuple[str, str], str] = {}
    for kind, name in ((RELATIONSHIP_TYPE.FOOTNOTES, "footnote"), (RELATIONSHIP_TYPE.ENDNOTES, "endnote")):
        for relation in document.part.rels.values():
            if relation.reltype != kind or relation.is_external:
                continue
            for note in etree.fromstring(relation.target_part.blob, parser).iterchildren(W + name):
                text = " ".join("".join(part.text or "" for part in note.iter(W + "t")).split())
                if text and note.get(W + "type") in (None, "normal"):
                    notes[W + name + "Reference", note.get(W + "id")] = text
    return notes


def _number(element: Any, default: int) -> int:
    try:
        return int(element.get(W + "val")) if element is not None else default
    except (TypeError, ValueError):
        return default


def _on(element: Any) -> bool:
    return element is not None and element.get(W + "val") not in ("0", "false", "none", "off")


def _is_bold(run: Any) -> bool:
    return run is not None and run.tag == W + "r" and _on(run.find(f"{W}rPr/{W}b"))


def _belongs(cell: Any, row: Any) -> bool:
    """Whether a cell in a content control is this row's, and not of a table within it."""
    return next(cell.iterancestors(W + "tr"), None) is row


def _text_between(item: Any) -> bool:
    """Whether words stand before this mark in its run or the runs before it."""
    for other in item.itersiblings(preceding=True):
        if other.tag == W + "t" and (other.text or "").strip():
            return True
    run = item.getparent()
    for other in run.itersiblings(preceding=True) if run is not None else ():
        if any((part.text or "").strip() for part in other.iter(W + "t")):
            return True
    return False
