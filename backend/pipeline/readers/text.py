"""Plain text, source code and Markdown: decoded, and cut into paragraphs at blank lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from backend.errors import TooLarge
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath, Kind
from backend.pipeline.readers.formats import looks_like_utf16

BATCH: Final = 200
"""Blocks that are handed on together."""

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BLANK = re.compile(r"\n[^\S\n]*\n\s*")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
SETEXT = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,9}[.)])\s+")
SYMBOL_IN_WORD = re.compile(r"[a-z][¹²³¼½¾¿¡±¶·£¥¢][a-z]")
"""What the letters of Polish or Czech become when they are read as Western."""
ROW = re.compile(r"^\s*\|.*\|\s*$")


def read(path: Path, filename: str, *, markdown: bool) -> Iterator[Batch]:
    """Raises TooLarge when the file is longer than MAX_TEXT."""
    if path.stat().st_size > MAX_TEXT:
        raise TooLarge(f"{filename} is longer than {MAX_TEXT // 1024**2} MB of text. Split it and add the parts.")
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    blocks = list(markdown_blocks(text) if markdown else paragraphs(text))
    for first in range(0, len(blocks), BATCH):
        yield Batch(tuple(blocks[first : first + BATCH]), min(first + BATCH, len(blocks)), len(blocks))


def decode(data: bytes) -> str:
    """UTF-8, UTF-16 or UTF-32 with or without a mark; else the 8-bit encoding whose letters make most sense."""
    for bom, codec in BOMS:
        if data.startswith(bom):
            return data.decode(codec, errors="replace")
    codec16 = looks_like_utf16(data[:4096])
    if codec16:
        return data.decode(codec16, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A file cut in the middle of a letter, or with one bad byte in it, is UTF-8 all the same.
        if error.start > 0.9 * len(data) and any(byte >= 0x80 for byte in data[: error.start]):
            return data.decode("utf-8", errors="replace")
    return data.decode(legacy_encoding(data), errors="replace")


def legacy_encoding(data: bytes) -> str:
    """The likeliest 8-bit or East Asian encoding of `data`, which is not UTF-8."""
    from charset_normalizer import from_bytes

    # The detector takes a second a megabyte; the lines that are not ASCII tell all, and a part of them is enough.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:20_000]
    matches = from_bytes(telling, preemptive_behaviour=False)
    best = matches.best()
    names = [match.encoding for match in matches]
    # Western and Central European are told apart by a few letters only, and the detector prefers the Central one.
    if best is None or ("cp1252" in names and not SYMBOL_IN_WORD.search(telling.decode("cp1252", errors="replace"))):
        return "cp1252"
    return best.encoding


def paragraphs(text: str) -> Iterator[Block]:
    for part in BLANK.split(text):
        stripped = part.strip("\n").rstrip()
        if stripped.strip():
            yield Block(stripped, "paragraph")


def markdown_blocks(text: str) -> Iterator[Block]:
    """Headings, paragraphs, list items' runs, tables and fenced code of CommonMark, in order."""
    path = HeadingPath()
    lines: list[str] = []
    fence = ""

    def flush(kind: Kind | None = None) -> Iterator[Block]:
        body = "\n".join(lines).strip("\n").rstrip()
        if body.strip():
            yield Block(body, kind or _kind(lines), heading=path.path)
        lines.clear()

    for line in text.split("\n"):
        mark = FENCE.match(line)
        if fence:
            lines.append(line)
            if mark and mark[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
                yield from flush("code")
            continue
        heading = ATX.match(line)
        underline = SETEXT.match(line)
        if mark:
            yield from flush()
            fence = mark[1]
            lines.append(line)
        elif heading:
            yield from flush()
            if heading[2]:
                yield Block(heading[2], "heading", heading=path.enter(len(heading[1]), heading[2]))
        elif underline and len(lines) == 1 and _kind(lines) == "paragraph":
            title = lines.pop().strip()
            yield Block(title, "heading", heading=path.enter(1 if underline[1][0] == "=" else 2, title))
        elif line.strip():
            lines.append(line)
        else:
            yield from flush()
    yield from flush("code" if fence else None)


def _kind(lines: list[str]) -> Kind:
    if lines and all(ROW.match(line) for line in lines):
        return "table"
    return "list" if lines and ITEM.match(lines[0]) else "paragraph"
