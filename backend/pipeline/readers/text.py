"""Plain text, source code, Markdown, Org, JSON and XML: decoded, and cut where their own marks say."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from backend.errors import TooLarge
from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath, Kind, batches
from backend.pipeline.readers.formats import Format, looks_like_utf16
from backend.pipeline.readers.tables import grid_blocks

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BLANK = re.compile(r"\n[^\S\n]*\n\s*")
BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
SETEXT = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,9}[.)])\s+")
SYMBOL_IN_WORD = re.compile(r"[a-z][¹²³¼½¾¿¡±¶·£¥¢][a-z]")
"""What the letters of Polish or Czech become when they are read as Western."""
TWICE = re.compile("[\u00c2-\u00f4][\u00a0-\u00bf]?[\u0080-\u009f]")
"""Control characters that no text has, behind what UTF-8's first bytes are in Latin-1: it was encoded twice."""
LETTER_IN_PIECES = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]{1,3}")
ROW = re.compile(r"^\s*\|.*\|\s*$")
RULE_ROW = re.compile(r"^\s*\|?[\s:|+-]+\|?\s*$")
CELL_END = re.compile(r"(?<!\\)\|")
LINK = re.compile(r"!?\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)|!?\[([^\]\n]+)\]\[[^\]\n]*\]|<(https?://[^>\s]+)>")
STRONG = re.compile(r"(?<![\\\w*_])(\*{1,3}|_{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?![\w*_])", re.DOTALL)
CODE_SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])")
FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
ORG_HEADING = re.compile(r"^(\*+)\s+(?:(?:TODO|DONE|NEXT|WAITING)\s+)?(?:\[#.\]\s+)?(.*?)(?:\s+:[\w@:]+:)?\s*$")
ORG_BEGIN = re.compile(r"^\s*#\+begin_(\w+)", re.IGNORECASE)
ORG_END = re.compile(r"^\s*#\+end_(\w+)", re.IGNORECASE)
ORG_LINK = re.compile(r"\[\[[^\]]*\]\[([^\]]*)\]\]|\[\[([^\]]*)\]\]")
ORG_MARK = re.compile(r"(?<!\w)([*/_=~+])(?=\S)([^\n]+?)(?<=\S)\1(?!\w)")
ORG_DRAWER = re.compile(r"^\s*:(?:PROPERTIES|LOGBOOK):\n.*?^\s*:END:\n?", re.MULTILINE | re.DOTALL)


def read(path: Path, filename: str, format_: Format, _password: str | None) -> Iterator[Batch]:
    """Raises TooLarge when the file is longer than MAX_TEXT, DamagedDocument for JSON and XML that are not."""
    text = load(path, filename)
    if format_ is Format.MARKDOWN:
        blocks = list(markdown_blocks(text))
    elif format_ is Format.ORG:
        blocks = list(org_blocks(text))
    elif format_ is Format.CODE:
        blocks = list(code_blocks(text))
    elif format_ in (Format.JSON, Format.XML):
        from backend.pipeline.readers import data

        blocks = data.json_blocks(text, filename) if format_ is Format.JSON else data.xml_blocks(path, filename)
    else:
        blocks = list(paragraphs(text))
    yield from batches(blocks, title=next((block.text for block in blocks[:1] if block.kind == "heading"), None))


def load(path: Path, filename: str) -> str:
    """The text of a file. Raises TooLarge."""
    if path.stat().st_size > MAX_TEXT:
        raise TooLarge(f"{filename} is longer than {MAX_TEXT // 1024**2} MB of text. Split it and add the parts.")
    return tidy(decode(path.read_bytes()))


def tidy(text: str) -> str:
    """With line feeds only, without what cannot be stored, and letters that were encoded twice as they were."""
    if TWICE.search(text):
        text = LETTER_IN_PIECES.sub(_whole, text)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\ufeff", "")


def _whole(pieces: re.Match[str]) -> str:
    try:
        return pieces[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return pieces[0]


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
    """Cut at blank lines. A short line that announces what follows is its heading."""
    path = HeadingPath()
    parts = [part.strip("\n").rstrip() for part in BLANK.split(text)]
    parts = [part for part in parts if part.strip()]
    for at, part in enumerate(parts):
        if titles.announces(part.strip()):
            yield _entered(path, part.strip(), titles.level(part.strip()))
        elif not at and titles.is_title(part.strip()) and len(parts) > 1 and len(part) < len(parts[1]) + 60:
            yield _entered(path, part.strip(), 1.0)
        else:
            first, _, rest = part.partition("\n")
            labelled = bool(rest) and _is_label(first.strip(), rest)
            if labelled:
                yield _entered(path, first.strip(), titles.level(first.strip()))
            yield from (replace(block, heading=path.path) for block in _unwrapped(rest if labelled else part))


def _entered(path: HeadingPath, text: str, level: float) -> Block:
    return Block(text, "heading", heading=path.enter(level, text))


def _is_label(first: str, rest: str) -> bool:
    """A short first line over much longer ones, as no line of running text is that breaks at the same width."""
    lines = rest.split("\n")
    return (
        len(first) <= 60
        and titles.is_title(first)
        and not ITEM.match(rest)
        and not first[:1].islower()
        and len(lines[0]) > max(1.8 * len(first), 30)
    )


def _unwrapped(part: str) -> Iterator[Block]:
    """A part without blank lines: lists by their items; text by the lines that end short, if it is long."""
    lines = part.split("\n")
    items = [at for at, line in enumerate(lines) if ITEM.match(line)]
    if items and items[0] == 0:
        yield Block(part, "list")
        return
    if len(part) < 1500 or len(lines) < 8:
        yield Block(part, "paragraph")
        return
    widest = sorted(len(line) for line in lines)[int(0.9 * len(lines))]
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(line) < 0.75 * widest and line.rstrip().endswith((".", "!", "?", "]", '"', "”")):
            yield Block("\n".join(held), "paragraph")
            held = []
    if held:
        yield Block("\n".join(held), "paragraph")


def code_blocks(text: str) -> Iterator[Block]:
    """Source code and logs: every line as it is, cut at blank lines."""
    for part in BLANK_LINES.split(text):
        stripped = part.strip("\n").rstrip()
        if stripped.strip():
            yield Block(stripped, "code")


def markdown_blocks(text: str) -> Iterator[Block]:
    """Headings, paragraphs, list items' runs, tables and fenced code of CommonMark, in order."""
    path = HeadingPath()
    lines: list[str] = []
    fence = ""

    def flush(kind: Kind | None = None) -> Iterator[Block]:
        body = "\n".join(lines).strip("\n").rstrip()
        kind = kind or _kind(lines)
        if body.strip():
            if kind == "table":
                yield from pipe_table(lines, Block("", "table", heading=path.path))
            else:
                yield Block(body if kind == "code" else unmarked(body), kind, heading=path.path)
        lines.clear()

    for line in FRONT_MATTER.sub("", text, count=1).split("\n"):
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
                yield _entered(path, unmarked(heading[2]), len(heading[1]))
        elif underline and len(lines) == 1 and _kind(lines) == "paragraph":
            title = unmarked(lines.pop().strip())
            yield _entered(path, title, 1 if underline[1][0] == "=" else 2)
        elif line.strip():
            if lines and bool(ROW.match(line)) != bool(ROW.match(lines[-1])):
                yield from flush()
            lines.append(line)
        else:
            yield from flush()
    yield from flush("code" if fence else None)


def _kind(lines: list[str]) -> Kind:
    if lines and all(ROW.match(line) for line in lines):
        return "table"
    if lines and all(line.startswith(("    ", "\t")) for line in lines) and not ITEM.match(lines[0]):
        return "code"
    return "list" if lines and ITEM.match(lines[0]) else "paragraph"


def unmarked(text: str) -> str:
    """Markdown without the marks of its emphasis, links and code: the words as they are shown."""
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match[2].strip())
        return f"\x00{len(kept) - 1}\x00"

    text = CODE_SPAN.sub(hide, text)
    text = LINK.sub(lambda match: match[1] or match[2] or match[3] or "", text)
    for _ in range(2):
        text = STRONG.sub(r"\2", text)
    text = ESCAPED.sub(r"\1", re.sub(r"^ {0,3}> ?", "", text, flags=re.MULTILINE))
    return re.sub("\x00(\\d+)\x00", lambda match: kept[int(match[1])], text)


def pipe_table(lines: list[str], like: Block) -> Iterator[Block]:
    """| a | b | with a rule under its titles, as Markdown and Org write tables."""
    rows = [line for line in lines if not RULE_ROW.match(line)]
    grid = [[unmarked(cell.strip()) for cell in CELL_END.split(row.strip().strip("|"))] for row in rows]
    ruled = len(lines) > 1 and bool(RULE_ROW.match(lines[1]))
    yield from grid_blocks(grid, like, 1 if ruled else None)


def org_blocks(text: str) -> Iterator[Block]:
    """Headlines, paragraphs, lists, tables and blocks of source of an Org file."""
    path = HeadingPath()
    lines: list[str] = []
    inside = ""

    def flush(kind: Kind | None = None) -> Iterator[Block]:
        body = "\n".join(lines).strip("\n").rstrip()
        if body.strip():
            kind = kind or ("table" if all(line.strip().startswith("|") for line in lines) else _kind(lines))
            if kind == "table":
                yield from pipe_table(lines, Block("", "table", heading=path.path))
            else:
                yield Block(body if kind == "code" else _org_words(body), kind, heading=path.path)
        lines.clear()

    for line in ORG_DRAWER.sub("", text).split("\n"):
        begin, end = ORG_BEGIN.match(line), ORG_END.match(line)
        if inside:
            if end and end[1].lower() == inside:
                yield from flush("code" if inside in ("src", "example") else None)
                inside = ""
            else:
                lines.append(line)
        elif begin:
            yield from flush()
            inside = begin[1].lower()
        elif heading := ORG_HEADING.match(line):
            yield from flush()
            if heading[2]:
                yield _entered(path, _org_words(heading[2]), len(heading[1]))
        elif line.lower().startswith("#+title:"):
            yield from flush()
            yield _entered(path, line[8:].strip() or "Title", 0)
        elif line.startswith("#"):
            continue
        elif line.strip():
            if lines and line.strip().startswith("|") != lines[-1].strip().startswith("|"):
                yield from flush()
            lines.append(line)
        else:
            yield from flush()
    yield from flush()


def _org_words(text: str) -> str:
    text = ORG_LINK.sub(lambda match: match[1] or match[2] or "", text)
    return ORG_MARK.sub(r"\2", text)
