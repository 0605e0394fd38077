"""Web pages through lxml: what a reader of the page sees, without its scripts, styles and hidden parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from backend.errors import TooLarge
from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath, Kind, batches
from backend.pipeline.readers.formats import Format, damaged, looks_like_utf16
from backend.pipeline.readers.grids import html_grid
from backend.pipeline.readers.tables import grid_blocks
from backend.pipeline.readers.text import BOMS, decode, tidy

LEFT_OUT: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "nav",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "button",
        "select",
        "textarea",
        "input",
        "dialog",
    ]
)
BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
        "legend",
    ]
)
HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)|font\s*:\s*[^;]*\bbold", re.IGNORECASE)
META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
SPACES = re.compile(r"[ \t\n\r\f\v\u00a0\u200b]+")
BULLET = re.compile(r"^[•·●▪‣◦■§\uf0b7]\s*|^\((?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s+(?!\d{4})\S")
"""The marks of list items that are written as paragraphs, and no copyright of a year."""

LONG_CELL: Final = 1200
"""Letters of a cell from which a table holds the page together and is no table of values."""


def read(path: Path, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises TooLarge, DamagedDocument."""
    if path.stat().st_size > MAX_TEXT:
        raise TooLarge(f"{filename} is longer than {MAX_TEXT // 1024**2} MB of text. Split it and add the parts.")
    root = parse(decoded(path.read_bytes()), filename)
    title = root.findtext(".//title")
    yield from batches(list(html_blocks(root, HeadingPath())), title=SPACES.sub(" ", title).strip() if title else None)


def decoded(data: bytes) -> str:
    """By the mark at its beginning or its bytes; by what the page says of itself only where both tell nothing."""
    if any(data.startswith(bom) for bom, _ in BOMS) or looks_like_utf16(data[:4096]):
        return tidy(decode(data))
    told = META.search(data[:4096])
    try:
        return tidy(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if told and told[1].lower() not in (b"utf-8", b"utf8", b"utf-16"):
        try:
            # Browsers read latin-1 as its superset, and so are pages written.
            name = told[1].decode("ascii").lower()
            return tidy(data.decode("cp1252" if name in ("iso-8859-1", "latin1", "us-ascii") else name, "replace"))
        except LookupError:
            pass
    return tidy(decode(data))


def parse(text: str, filename: str) -> Any:
    """The tree of a page or of a part of one. Raises DamagedDocument."""
    from lxml import etree, html

    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        return html.Element("body")
    try:
        parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise damaged(filename) from error
    etree.strip_elements(root, "script", "style", with_tail=False)
    return root


def html_blocks(root: Any, path: HeadingPath, page: int | None = None) -> Iterator[Block]:
    """The blocks of a tree, in order. Without recursion: pages may be nested thousands deep."""
    return _Walk(path, page).blocks(root)


class _Walk:
    """Goes through the tree with a stack; inline text is collected until a block begins or ends."""

    def __init__(self, path: HeadingPath, page: int | None) -> None:
        self.path, self.page = path, page
        self.text: list[str] = []
        self.bold = 0
        self.plain_letters = self.bold_letters = 0
        self.kinds: list[str] = []

    def blocks(self, root: Any) -> Iterator[Block]:
        stack: list[tuple[Any, bool]] = [(root, False)]
        while stack:
            element, leaving = stack.pop()
            tag = element.tag if isinstance(element.tag, str) else ""
            tag = tag.rpartition("}")[2] if "}" in tag else tag
            if leaving:
                yield from self.leave(element, tag)
                continue
            if not tag or tag in LEFT_OUT or _is_hidden(element):
                self.add(element.tail)
                continue
            if tag == "table" and (grid := _data_table(element)) is not None:
                yield from self.flush()
                yield from self.table(element, grid)
                self.add(element.tail)
                continue
            yield from self.enter(element, tag)
            stack.append((element, True))
            stack.extend((child, False) for child in reversed(element))
        yield from self.flush()

    def enter(self, element: Any, tag: str) -> Iterator[Block]:
        if tag == "br":
            self.text.append("\n")
            return
        if tag in BLOCKS:
            yield from self.flush()
            self.kinds.append(tag)
        if _is_bold(element, tag):
            self.bold += 1
        self.add(element.text)

    def leave(self, element: Any, tag: str) -> Iterator[Block]:
        if tag == "br":
            self.add(element.tail)
            return
        if tag in BLOCKS:
            yield from self.flush()
            self.kinds.pop()
        elif tag in ("td", "th"):
            self.text.append(" ")
        if _is_bold(element, tag):
            self.bold -= 1
        self.add(element.tail)

    def add(self, text: str | None) -> None:
        if text:
            self.text.append(text if "pre" in self.kinds else SPACES.sub(" ", text))
            letters = len(text.strip())
            if self.bold:
                self.bold_letters += letters
            else:
                self.plain_letters += letters

    def flush(self) -> Iterator[Block]:
        raw = "".join(self.text)
        bold = self.bold_letters > 0 and not self.plain_letters
        self.text.clear()
        self.plain_letters = self.bold_letters = 0
        if "pre" in self.kinds:
            if raw.strip():
                yield Block(raw.strip("\n").rstrip(), "code", self.page, self.path.path)
            return
        lines = [line.strip() for line in SPACES_KEEP.sub(" ", raw).split("\n")]
        heading = next((kind for kind in reversed(self.kinds) if kind in HEADINGS), None)
        if heading:
            text = " ".join(line for line in lines if line)
            if text:
                above = self.path.enter(HEADINGS[heading], text)
                yield Block(text, "heading", self.page, above)
            return
        # Two line breaks are a paragraph's end, as pages of old write them.
        for part in "\n".join(lines).split("\n\n"):
            text = part.strip()
            if text:
                yield self.part(text, bold=bold)

    def part(self, text: str, *, bold: bool) -> Block:
        if bold and "li" not in self.kinds and "td" not in self.kinds and "th" not in self.kinds:
            line = " ".join(text.split())
            if titles.is_title(line):
                return Block(line, "heading", self.page, self.path.enter(titles.level(line), line))
        kind: Kind = "paragraph"
        if "figcaption" in self.kinds or "caption" in self.kinds:
            kind = "caption"
        elif "li" in self.kinds or BULLET.match(text):
            kind = "list"
        return Block(text, kind, self.page, self.path.path)

    def table(self, element: Any, grid: list[list[str]]) -> Iterator[Block]:
        caption = element.find("caption")
        if caption is not None:
            text = SPACES.sub(" ", caption.text_content()).strip()
            if text:
                yield Block(text, "caption", self.page, self.path.path)
        headers = element.xpath("count(thead/tr)") or element.xpath("count(tbody[1]/tr[not(td)]|tr[not(td)])")
        like = Block("", "table", self.page, self.path.path)
        count = int(headers) if 0 < headers < len(grid) else None
        for section, rows in _sections(grid, count or 0):
            heading = (*self.path.path, section) if section else self.path.path
            yield from grid_blocks(rows, replace(like, heading=heading), None if section else count)


SPACES_KEEP = re.compile(r"[ \t\r\f\v\u00a0\u200b]+")


def _sections(grid: list[list[str]], titles_above: int) -> Iterator[tuple[str, list[list[str]]]]:
    """A table cut at rows of one title over all columns: (the title, the rows from there on)."""
    begun = [at for at, row in enumerate(grid) if at >= titles_above and _is_section(row)]
    if not begun or len(begun) > len(grid) / 3:
        yield "", grid
        return
    if begun[0]:
        yield "", grid[: begun[0]]
    for first, after in zip(begun, [*begun[1:], len(grid)], strict=True):
        title = next(cell for cell in grid[first] if cell)
        yield title, [[title], *grid[first + 1 : after]]


def _is_section(row: list[str]) -> bool:
    return len(row) > 2 and len({*row}) == 1 and titles.is_title(row[0])


def _is_hidden(element: Any) -> bool:
    style = element.get("style")
    return (style is not None and HIDDEN.search(style) is not None) or element.get("hidden") is not None


def _is_bold(element: Any, tag: str) -> bool:
    if tag in ("b", "strong"):
        return True
    style = element.get("style")
    return style is not None and BOLD.search(style) is not None


def _data_table(element: Any) -> list[list[str]] | None:
    """The cells of a table of values; None for one that only holds the page together."""
    inner = element.find(".//table")
    if element.find(".//h1") is not None or element.find(".//h2") is not None:
        return None
    if inner is not None and any(len(table.findall(".//td")) > 1 for table in element.iterfind(".//table")):
        return None
    grid = html_grid(element, _is_hidden)
    filled = [row for row in grid if any(row)]
    if not filled or max(sum(1 for cell in row if cell) for row in filled) < 2:
        return None
    if any(len(cell) > LONG_CELL for row in filled for cell in row):
        return None
    bullets = sum(1 for row in filled if sum(1 for cell in row if cell) == 2 and len(row[0]) <= 3 and len(row[-1]) > 60)
    return None if bullets == len(filled) else filled
