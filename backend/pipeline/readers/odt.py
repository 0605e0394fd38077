"""OpenDocument texts: content.xml read with lxml, in the document's order."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import Batch, Block, HeadingPath, Kind, batches
from backend.pipeline.readers.formats import Format, damaged
from backend.pipeline.readers.locked import closed
from backend.pipeline.readers.tables import grid_blocks

TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
FO: Final = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
DC: Final = "{http://purl.org/dc/elements/1.1/}"
LEFT_OUT: Final = frozenset({OFFICE + "annotation", TEXT + "tracked-changes", TEXT + "sequence-decls"})
BULLETS: Final = "•▪●○◦\uf0b7"
"""Typed by hand where the program's own lists are not used; alone in a line they say nothing."""

MOST_REPEATED: Final = 100
"""Times that a cell is repeated: a hostile file says a million."""


def read(path: Path, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises DamagedDocument, EncryptedDocument."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
            if b"encryption-data" in manifest:
                raise closed(filename)
            root = etree.fromstring(archive.read("content.xml"), parser)
            styles = etree.fromstring(archive.read("styles.xml"), parser) if "styles.xml" in names else None
            meta = etree.fromstring(archive.read("meta.xml"), parser) if "meta.xml" in names else None
    except (zipfile.BadZipFile, etree.XMLSyntaxError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise damaged(filename) from error
    body = next(root.iter(OFFICE + "text"), None)
    if body is None:
        body = next(root.iter(OFFICE + "body"), root)
    title = meta.findtext(f".//{DC}title") if meta is not None else None
    walk = _Walk([tree for tree in (styles, root) if tree is not None])
    yield from batches(list(walk.container(body)), title=(title or "").strip() or None)


class _Walk:
    def __init__(self, trees: list[Any]) -> None:
        self.path = HeadingPath()
        self.parents: dict[str, str] = {}
        self.bold: set[str] = set()
        for tree in trees:
            for style in tree.iter(STYLE + "style"):
                name = style.get(STYLE + "name") or ""
                self.parents[name] = style.get(STYLE + "parent-style-name") or ""
                properties = style.find(STYLE + "text-properties")
                if properties is not None and properties.get(FO + "font-weight") == "bold":
                    self.bold.add(name)

    def container(self, parent: Any, *, listed: bool = False) -> Iterator[Block]:
        for child in parent:
            if not isinstance(child.tag, str) or child.tag in LEFT_OUT:
                continue
            if child.tag == TEXT + "h":
                text = _words(child)
                if text:
                    level = child.get(TEXT + "outline-level") or "1"
                    above = self.path.enter(int(level) if level.isdecimal() else 1, text)
                    yield Block(text, "heading", heading=above)
                yield from self.frames(child)
            elif child.tag == TEXT + "p":
                yield from self.paragraph(child, listed=listed)
            elif child.tag == TABLE + "table":
                yield from self.table(child)
            else:
                inside = listed or child.tag in (TEXT + "list", TEXT + "list-item")
                yield from self.container(child, listed=inside)

    def paragraph(self, element: Any, *, listed: bool) -> Iterator[Block]:
        text = _words(element)
        style = element.get(TEXT + "style-name") or ""
        if text:
            names = list(self.ancestors(style))
            line = " ".join(text.split())
            named = next((name for name in names if name.startswith(("Heading", "Title", "Subtitle"))), None)
            if named is not None and not listed:
                depth = named.rpartition("_")[2]
                level = int(depth) if depth.isdecimal() and "Heading" in named else 0
                yield Block(line, "heading", heading=self.path.enter(level, line))
            elif not listed and titles.is_title(line) and self.stands_out(element, names):
                yield Block(line, "heading", heading=self.path.enter(titles.level(line), line))
            elif line not in BULLETS:
                kind: Kind = "list" if listed or text[:1] in BULLETS else "paragraph"
                if any("Caption" in name or name in ("Illustration", "Table", "Figure") for name in names):
                    kind = "caption"
                elif any(name.startswith(("Preformatted", "Source")) for name in names):
                    kind = "code"
                yield Block(text, kind, heading=self.path.path)
        yield from self.frames(element)

    def stands_out(self, element: Any, names: list[str]) -> bool:
        """Bold as a whole: by the paragraph's style or by that of all its spans."""
        if any(name in self.bold for name in names):
            return True
        spans = list(element.iterchildren(TEXT + "span"))
        return (
            bool(spans)
            and not (element.text or "").strip()
            and not any((span.tail or "").strip() for span in spans)
            and all(
                any(name in self.bold for name in self.ancestors(span.get(TEXT + "style-name") or ""))
                for span in spans
                if "".join(span.itertext()).strip()
            )
        )

    def frames(self, element: Any) -> Iterator[Block]:
        """Text boxes and notes that are anchored in a paragraph follow it."""
        for box in element.iter("{*}text-box", TEXT + "note-body"):
            if next(box.iterancestors("{*}text-box", TEXT + "note-body"), None) is None:
                yield from self.container(box)

    def ancestors(self, name: str) -> Iterator[str]:
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            yield name
            name = self.parents.get(name, "")

    def table(self, element: Any) -> Iterator[Block]:
        grid: list[list[str]] = []
        header = 0
        nested: list[Block] = []
        for row in element.iter(TABLE + "table-row"):
            if next(row.iterancestors(TABLE + "table")) is not element:
                continue
            cells: list[str] = []
            for cell in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
                texts = [_words(item) for item in cell.iter(TEXT + "p", TEXT + "h") if _own_cell(item, cell)]
                for inner in cell.iterchildren(TABLE + "table"):
                    nested.extend(self.table(inner))
                repeated = cell.get(TABLE + "number-columns-repeated") or "1"
                count = min(int(repeated), MOST_REPEATED) if repeated.isdecimal() else 1
                cells.extend([" ".join(filter(None, texts))] * count)
            if row.getparent().tag == TABLE + "table-header-rows" and header == len(grid):
                header += 1
            grid.append(cells)
        if max((len([cell for cell in row if cell]) for row in grid), default=0) <= 1:
            for row in grid:
                for text in filter(None, row):
                    yield Block(text, "paragraph", heading=self.path.path)
        else:
            like = Block("", "table", heading=self.path.path)
            yield from grid_blocks(grid, like, header if 0 < header < len(grid) else None)
        yield from nested


def _own_cell(item: Any, cell: Any) -> bool:
    return next(item.iterancestors(TABLE + "table-cell", TABLE + "covered-table-cell"), None) is cell


def _words(element: Any) -> str:
    """The text of a paragraph: its spaces, tabs and breaks are elements; notes and boxes are told after it."""
    parts: list[str] = [element.text or ""]
    stack = list(reversed(element))
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        if item.tail:
            stack.append(item.tail)
        if item.tag == TEXT + "s":
            parts.append(" ")
        elif item.tag == TEXT + "tab":
            parts.append("\t")
        elif item.tag == TEXT + "line-break":
            parts.append("\n")
        elif item.tag in LEFT_OUT or item.tag == TEXT + "note" or str(item.tag).endswith("}frame"):
            continue
        else:
            stack.extend(reversed(item))
            if item.text:
                stack.append(item.text)
    return "\n".join(" ".join(line.split()) for line in "".join(parts).split("\n")).strip()
