"""RTF: its groups and control words read in one pass, for words, headings, lists and tables.

striprtf, the usual library, gives the words alone: no heading, no list, no table is known after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backend.errors import TooLarge
from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath, Kind, batches
from backend.pipeline.readers.formats import Format, damaged
from backend.pipeline.readers.tables import grid_blocks

TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
SKIPPED: Final = frozenset(
    [
        "fonttbl",
        "colortbl",
        "stylesheet",
        "info",
        "pict",
        "object",
        "header",
        "headerl",
        "headerr",
        "headerf",
        "footer",
        "footerl",
        "footerr",
        "footerf",
        "themedata",
        "colorschememapping",
        "datastore",
        "xmlnstbl",
        "listtable",
        "listoverridetable",
        "rsidtbl",
        "generator",
        "fldinst",
        "pntext",
        "listtext",
        "latentstyles",
        "bkmkstart",
        "bkmkend",
        "nonshppict",
        "shpinst",
        "private",
        "pgptbl",
        "wgrffmtfilter",
        "revtbl",
        "annotation",
    ]
)
READ_ANYWAY: Final = frozenset({"shppict", "shptxt", "pn"})
CHARACTERS: Final = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "softline": "\n",
}  # fmt: skip
CHARSETS: Final = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
"""Windows' numbers of character sets, from the format's specification."""

STYLE = re.compile(rb"\{\\(?:\*\\cs\d+|s(\d+))((?: ?\\[a-z*]+-?\d*|\{[^{}]*\})*) ?([^{}\\;]*);\}")
FONT = re.compile(rb"\{\\f(\d+)[^{}]*?\\fcharset(\d+)")
OUTLINE = re.compile(rb"\\outlinelevel(\d)")
HEADING_NAME = re.compile(r"heading (\d)", re.IGNORECASE)


@dataclass(slots=True)
class State:
    """What a group inherits and its end takes back."""

    skip: bool = False
    font: int = 0
    bold: bool = False
    hidden: bool = False
    unicode_skip: int = 1


def read(path: Path, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises TooLarge, DamagedDocument."""
    if path.stat().st_size > 4 * MAX_TEXT:
        raise TooLarge(f"{filename} is larger than LocalChat opens. Split it and add the parts.")
    reader = _Reader(path.read_bytes())
    blocks = list(reader.blocks())
    if reader.open_groups > 0 and not blocks:
        raise damaged(filename)
    yield from batches(blocks)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        page = re.search(rb"\\ansicpg(\d+)", data[:4000])
        self.codec = _codec(f"cp{int(page[1])}") if page else "cp1252"
        self.fonts = {int(match[1]): CHARSETS.get(int(match[2]), "") for match in FONT.finditer(data[:400_000])}
        self.levels = dict(_heading_styles(data))
        self.path = HeadingPath()
        self.open_groups = 0
        self.bytes = bytearray()
        self.parts: list[str] = []
        self.letters = self.bold_letters = 0
        self.cells: list[str] = []
        self.grid: list[list[str]] = []
        self.style = self.outline = -1
        self.in_table = self.listed = False

    def blocks(self) -> Iterator[Block]:  # noqa: PLR0912 - a branch a kind of token
        state = State()
        stack: list[State] = []
        skip_next = 0
        for match in TOKEN.finditer(self.data):
            word, number, code, symbol, brace, text = match.groups()
            if brace == b"{":
                stack.append(state)
                state = replace(state)
            elif brace == b"}":
                self.flush_bytes(state)
                if stack:
                    state = stack.pop()
            elif code:
                if skip_next:
                    skip_next -= 1
                elif not state.skip:
                    self.bytes.append(int(code, 16))
            elif text:
                cut = text[skip_next:]
                skip_next = max(skip_next - len(text), 0)
                if not state.skip and not state.hidden:
                    self.bytes.extend(cut)
            elif symbol:
                self.flush_bytes(state)
                self.symbol(symbol, state)
            elif word:
                name, value = word.decode("ascii"), int(number) if number else None
                if name in ("listtext", "pntext"):
                    self.listed = self.listed or not state.skip
                if name in SKIPPED:
                    state.skip = True
                if name in READ_ANYWAY:
                    state.skip = stack[-1].skip if stack else False
                if state.skip:
                    continue
                if name == "bin":
                    continue
                self.flush_bytes(state)
                if name == "u" and value is not None:
                    self.add(chr(value % 65536), state)
                    skip_next = state.unicode_skip
                else:
                    yield from self.word(name, value, state)
        self.open_groups = len(stack)
        self.flush_bytes(state)
        yield from self.paragraph()
        yield from self.table()

    def symbol(self, symbol: bytes, state: State) -> None:
        if symbol == b"*":
            state.skip = True
        elif not state.skip and symbol in (b"\\", b"{", b"}"):
            self.add(symbol.decode(), state)
        elif not state.skip and symbol == b"~":
            self.add(" ", state)
        elif not state.skip and symbol == b"_":
            self.add("-", state)

    def word(  # noqa: PLR0912 - a branch a control word
        self, name: str, value: int | None, state: State
    ) -> Iterator[Block]:
        if name in CHARACTERS:
            self.add(CHARACTERS[name], state)
        elif name in ("par", "sect", "page"):
            yield from self.paragraph()
        elif name in ("cell", "nestcell"):
            self.cells.append(" ".join("".join(self.parts).split()))
            self.parts.clear()
        elif name in ("row", "nestrow"):
            if self.cells:
                self.grid.append(self.cells)
            self.cells = []
        elif name == "pard":
            self.style = self.outline = -1
            self.in_table = self.listed = False
        elif name == "intbl":
            self.in_table = True
        elif name in ("ls", "pnlvlblt", "pnlvlbody"):
            self.listed = True
        elif name == "s" and value is not None:
            self.style = value
        elif name == "outlinelevel" and value is not None:
            self.outline = value
        elif name == "f" and value is not None:
            state.font = value
        elif name == "b":
            state.bold = value != 0
        elif name == "v":
            state.hidden = value != 0
        elif name == "plain":
            state.bold = state.hidden = False
        elif name == "uc" and value is not None:
            state.unicode_skip = min(max(value, 0), 8)

    def flush_bytes(self, state: State) -> None:
        if self.bytes:
            codec = self.fonts.get(state.font) or self.codec
            text = self.bytes.decode(codec, "replace")
            self.bytes.clear()
            self.add(text, state)

    def add(self, text: str, state: State) -> None:
        if state.skip or state.hidden:
            return
        self.parts.append(text)
        letters = len(text.strip())
        self.letters += letters
        self.bold_letters += letters if state.bold else 0

    def paragraph(self) -> Iterator[Block]:
        raw = "".join(self.parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = "\n".join(" ".join(line.split()) for line in raw.replace("\x00", "").split("\n")).strip()
        if self.in_table or self.cells:
            self.parts[:] = [raw, " "]  # a paragraph's end within a cell
            return
        bold = self.letters > 0 and self.bold_letters == self.letters
        self.parts.clear()
        self.letters = self.bold_letters = 0
        if not text:
            return
        yield from self.table()
        line = " ".join(text.split())
        level = self.outline if 0 <= self.outline < 9 else self.levels.get(self.style, -1)
        if level >= 0:
            yield Block(line, "heading", heading=self.path.enter(level, line))
        elif titles.is_title(line) and (bold or titles.announces(line)) and not self.listed:
            yield Block(line, "heading", heading=self.path.enter(titles.level(line), line))
        else:
            kind: Kind = "list" if self.listed or text[:1] in "•▪●·\uf0b7" else "paragraph"
            yield Block(text, kind, heading=self.path.path)

    def table(self) -> Iterator[Block]:
        grid, self.grid = self.grid, []
        if grid:
            yield from grid_blocks(grid, Block("", "table", heading=self.path.path))


def _heading_styles(data: bytes) -> Iterator[tuple[int, int]]:
    start = data.find(b"{\\stylesheet")
    if start < 0:
        return
    for match in STYLE.finditer(data, start, start + 400_000):
        if match[1] is None:
            continue
        name = match[3].decode("latin-1").strip()
        heading, outline = HEADING_NAME.match(name), OUTLINE.search(match[2])
        if heading:
            yield int(match[1]), int(heading[1]) - 1
        elif name.lower() == "title":
            yield int(match[1]), 0
        elif outline and int(outline[1]) < 9:
            yield int(match[1]), int(outline[1])


def _codec(name: str) -> str:
    import codecs

    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"
