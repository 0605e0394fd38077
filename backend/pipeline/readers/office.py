"""Word documents through unstructured, kept offline: its tokenizer, which downloads a model, is replaced."""

from __future__ import annotations

import os
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.errors import TooLarge
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath, Kind
from backend.pipeline.readers.formats import damaged

MAX_UNPACKED: Final = 300 * 1024**2
"""Bytes of all members of one file. A hostile one packs gigabytes into a megabyte."""

MAX_RATIO: Final = 200
"""Unpacked ÷ packed. Office's own XML reaches 30; only a bomb of more than RATIO_FROM bytes is refused for it."""

RATIO_FROM: Final = 50 * 1024**2

MAX_XML: Final = MAX_TEXT
"""Bytes of the XML that is parsed into memory as a tree, some thirty times as large."""

BATCH: Final = 200
LEFT_OUT = frozenset({"Header", "Footer", "PageBreak", "PageNumber"})
KINDS: dict[str, Kind] = {"ListItem": "list", "Table": "table", "CodeSnippet": "code"}


def read_docx(path: Path, filename: str) -> Iterator[Batch]:
    """Raises DamagedDocument, TooLarge."""
    _check_unpacked(path, filename)
    partition_docx = _partition_docx()
    try:
        elements = partition_docx(filename=str(path), languages=["eng"])
    except MemoryError:
        raise TooLarge(f"{filename} needs more memory than LocalChat allows for one file. Split it.") from None
    except Exception as error:
        # Damage comes as KeyError, BadZipFile, XMLSyntaxError, ValueError and more; nothing is wrong on our side.
        raise damaged(filename) from error
    blocks = list(_blocks(elements))
    pages = max((block.page or 0 for block in blocks), default=0) or None
    for first in range(0, len(blocks), BATCH):
        yield Batch(tuple(blocks[first : first + BATCH]), min(first + BATCH, len(blocks)), len(blocks), pages)


def _check_unpacked(path: Path, filename: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise damaged(filename) from error
    unpacked = sum(member.file_size for member in members)
    xml = sum(member.file_size for member in members if member.filename.endswith((".xml", ".rels")))
    packed = sum(member.compress_size for member in members) or 1
    if unpacked > MAX_UNPACKED or xml > MAX_XML or (unpacked > RATIO_FROM and unpacked / packed > MAX_RATIO):
        raise TooLarge(
            f"{filename} unpacks to {unpacked // 1024**2} MB, more than LocalChat opens. Split it and add the parts."
        )


def _partition_docx() -> Any:
    """Imports unstructured so that it neither downloads a model nor reports its use to its makers."""
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["UNSTRUCTURED_DISABLE_NOTICE"] = "1"
    if "unstructured.nlp.tokenize" not in sys.modules:
        plain: Any = types.ModuleType("unstructured.nlp.tokenize")
        plain.sent_tokenize = lambda text: [text]
        plain.word_tokenize = str.split
        plain.pos_tag = lambda text: [(word, "NN") for word in text.split()]
        sys.modules["unstructured.nlp.tokenize"] = plain
    from unstructured.partition.docx import partition_docx

    return partition_docx


def _blocks(elements: list[Any]) -> Iterator[Block]:
    path = HeadingPath()
    for element in elements:
        text = (element.text or "").replace("\x00", "").strip()
        if not text or element.category in LEFT_OUT:
            continue
        page = element.metadata.page_number
        if element.category == "Title":
            yield Block(text, "heading", page, path.enter(element.metadata.category_depth or 0, text))
        elif element.category == "Table":
            yield Block(_rows(element.metadata.text_as_html) or text, "table", page, path.path)
        else:
            yield Block(text, KINDS.get(element.category, "paragraph"), page, path.path)


def _rows(html: str | None) -> str:
    """A table as lines of cells, so that a value stays beside its label."""
    if not html:
        return ""
    from lxml.html import fromstring  # type: ignore[import-untyped]

    rows = []
    for row in fromstring(html).iter("tr"):
        cells = [" ".join(cell.text_content().split()) for cell in row if cell.tag in ("td", "th")]
        rows.append(" | ".join(cells).strip(" |"))
    return "\n".join(row for row in rows if row)
