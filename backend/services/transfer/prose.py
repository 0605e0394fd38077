"""Markdown of answers as blocks and runs, from which every format is written.

Parsed by markdown-it-py with HTML off: a tag in an answer is text. Links go to the web or to mail, nothing else;
pictures become their words, so that an exported file fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.tree import SyntaxTreeNode

MOST_MARKDOWN: Final = 400_000
"""Characters. A longer text is shown as it is written: nobody formats that much by hand, and parsing it takes long."""

SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto"})
FORMULA: Final = re.compile(
    r"\\\((?:.+?)\\\)|\\\[(?:.+?)\\\]|\$\$(?:.+?)\$\$|\$(?=[^\s$])[^$\n]{0,500}?(?<=[^\s\\])\$(?!\d)", re.DOTALL
)
LONGEST_FORMULA: Final = 5_000


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look. `href` is safe to follow, or empty. A line feed in it is a line break."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    struck: bool = False
    href: str = ""


Runs = list[Run]


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` counts from 1."""

    level: int
    runs: Runs


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """`start` is the first number, or None for bullets."""

    start: int | None
    items: list[list[Block]]


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Table:
    """The first row is the head; every row has as many cells as `align` ("", "left", "center", "right")."""

    align: list[str]
    rows: list[list[Runs]]


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Block = Paragraph | Heading | Code | Listing | Quote | Table | Rule


def blocks(markdown: str) -> list[Block]:
    """What a text is made of, in order."""
    if len(markdown) > MOST_MARKDOWN:
        return plain(markdown)
    from markdown_it.tree import SyntaxTreeNode

    return _blocks(SyntaxTreeNode(_parser().parse(markdown)).children)


def plain(text: str) -> list[Block]:
    """A text that is no Markdown: its paragraphs, line breaks kept."""
    return [Paragraph([Run(part.strip("\n"))]) for part in re.split(r"\n{2,}", text) if part.strip()]


def text_of(runs: Sequence[Run]) -> str:
    return "".join(run.text for run in runs)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # Before escapes, which would take the backslashes of \( and \[.
    parser.inline.ruler.before("escape", "formula", _formula)
    return parser


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula stays as it was written: emphasis inside it would tear it apart."""
    if state.src[state.pos] not in "\\$":
        return False
    found = FORMULA.match(state.src, state.pos, min(state.posMax, state.pos + LONGEST_FORMULA))
    if not found:
        return False
    if not silent:
        token = state.push("code_inline", "code", 0)
        token.content = found[0]
    state.pos = found.end()
    return True


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> list[Block]:
    return [block for node in nodes for block in _block(node)]


def _block(node: SyntaxTreeNode) -> Iterator[Block]:
    kind = node.type
    if kind == "paragraph":
        yield Paragraph(_runs(node))
    elif kind == "heading":
        yield Heading(int(node.tag[1:]), _runs(node))
    elif kind in ("fence", "code_block"):
        language = node.info.split()[0] if kind == "fence" and node.info.split() else ""
        yield Code(node.content.rstrip("\n"), language)
    elif kind in ("bullet_list", "ordered_list"):
        start = int(node.attrs.get("start", 1)) if kind == "ordered_list" else None
        yield Listing(start, [_blocks(item.children) for item in node.children])
    elif kind == "blockquote":
        yield Quote(_blocks(node.children))
    elif kind == "table":
        yield _table(node)
    elif kind == "hr":
        yield Rule()
    else:
        yield from _blocks(node.children)


def _table(node: SyntaxTreeNode) -> Table:
    lines = [row for part in node.children for row in part.children]
    rows = [[_runs(cell) for cell in row.children] for row in lines]
    align = [str(cell.attrs.get("style", "")).removeprefix("text-align:") for cell in lines[0].children]
    return Table(align, [(row + [[]] * len(align))[: len(align)] for row in rows])


@dataclass(slots=True)
class _Look:
    """The runs so far, and how the next one looks."""

    runs: Runs = field(default_factory=list)
    now: Run = field(default_factory=lambda: Run(""))

    def add(self, text: str, *, code: bool = False) -> None:
        if text:
            self.runs.append(replace(self.now, text=text, code=code or self.now.code))


def _runs(node: SyntaxTreeNode) -> Runs:
    look = _Look()
    for inline in node.children:
        _inline(inline, look)
    return look.runs


def _inline(node: SyntaxTreeNode, look: _Look) -> None:
    kind = node.type
    if kind == "text":
        look.add(node.content)
    elif kind == "code_inline":
        look.add(node.content, code=True)
    elif kind == "softbreak":
        look.add(" ")
    elif kind == "hardbreak":
        look.add("\n")
    elif kind == "image":
        look.add(f"[Picture: {node.content or _safe(str(node.attrs.get('src', '')))}]")
    else:
        before = look.now
        if kind == "strong":
            look.now = replace(before, bold=True)
        elif kind == "em":
            look.now = replace(before, italic=True)
        elif kind == "s":
            look.now = replace(before, struck=True)
        elif kind == "link":
            look.now = replace(before, href=_safe(str(node.attrs.get("href", ""))))
        for child in node.children:
            _inline(child, look)
        look.now = before


def _safe(address: str) -> str:
    try:
        return address if urlsplit(address).scheme.lower() in SAFE_SCHEMES else ""
    except ValueError:
        return ""
