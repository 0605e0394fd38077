"""Blocks → passages: whole paragraphs of one section, as long as the embedder reads well.

Tables stay whole, or are cut between rows; code is cut before a definition; text at the ends of sentences.
The document's text is its blocks joined by a blank line; a passage's `text` is exactly `[start:end]` of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backend.pipeline.readers.blocks import Block, Kind

Count = Callable[[Sequence[str]], Sequence[int]]
"""Tokens of each text, without the marks that the embedder adds."""

TARGET: Final = 200
"""Tokens of a passage, its headings included: MiniLM was trained on 128 and reads 256, and cuts the rest in silence."""

MOST: Final = 240
"""Tokens that a passage and its headings never exceed: 256 less the embedder's two marks, and room for joints."""

MOST_HEADING: Final = 60
MOST_LETTERS: Final = 4000
"""Of one passage: a long word without meaning is one token however long it is."""

JOINT: Final = "\n\n"

SENTENCES = re.compile(r"(?<=[.!?…؟۔।။។])[\"'”’»)\]]*\s+|(?<=[。！？；])[”’」』）]*|\n+")
LINES = re.compile(r"\n+")
PARAGRAPHS = re.compile(r"\n(?:[^\S\n]*\n)+")
DEFINITIONS = re.compile(
    r"\n+(?=(?:@\w|(?:export |pub(?:\([a-z]+\))? |public |private |protected |static |async |abstract |final )*"
    r"(?:def|class|function|func|fn|struct|enum|trait|impl|interface|type|module|namespace|template|sub|const|CREATE)\b))"
)
"""Before a line that begins a definition, in the first column: what stands further in belongs to one."""

CUTS: Final[dict[Kind, tuple[re.Pattern[str], ...]]] = {
    "table": (LINES, SENTENCES),
    "code": (DEFINITIONS, PARAGRAPHS, LINES),
}
"""Where a block that is too long is cut, the best places first; others at SENTENCES."""

MOST_TITLE: Final = 24
RULE = re.compile(r"^[\s|:+=-]*$")
"""A line of a table that only separates its header."""
SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """`page` is where it begins. `heading`: the path of headings above it, outermost first; not part of `text`."""

    text: str
    kind: Kind
    page: int | None
    heading: tuple[str, ...]
    start: int
    end: int


def with_heading(heading: Sequence[str], text: str, title: str = "") -> str:
    """What is embedded and indexed: a paragraph rarely repeats what its heading and its document's title say."""
    path = [title, *heading] if title and title not in heading else heading
    return " › ".join(path) + "\n" + text if path else text


def title_of(filename: str, count: Count) -> str:
    """What the file's name says, as words; empty where it says nothing or takes too much of the passage's room."""
    words = " ".join(re.findall(r"[^\W_]+", filename.rsplit(".", 1)[0]))
    return words if re.search(r"[^\W\d_]{2}", words) and count([words])[0] <= MOST_TITLE else ""


def chunk(batches: Iterable[Sequence[Block]], count: Count, title: str = "") -> Iterator[Passage]:
    """Passages as soon as they are whole. Tokens are counted a batch at a time.

    The parts of a cut table have its header as their innermost heading: it stands above their rows, and is read,
    embedded and indexed with them, while `text` stays what it is in the document. `title`: of the document, for which
    room is left.
    """
    offset = 0
    title_tokens = count([title])[0] + 1 if title else 0
    section = _Section((), 0)
    above: tuple[Block, int] | None = None
    for blocks in batches:
        sizes = count([block.text for block in blocks])
        for block, tokens in zip(blocks, sizes, strict=True):
            start, offset = offset, offset + len(block.text) + len(JOINT)
            if block.kind == "heading":
                yield from section.close()
                if above is not None and not _under(block, above[0]):
                    yield _alone(*above)
                above = (block, start)
                section = _Section((), 0)
                continue
            if not section.holds(block):
                yield from section.close()
                heading, heading_tokens = _fitting(block.heading, count)
                section = _Section(heading, heading_tokens + title_tokens, block.heading)
            above = None
            room = MOST - section.heading_tokens
            if block.kind == "table" and tokens > room:
                yield from section.close()
                yield from _table(block, start, section, room, count)
                continue
            for piece in _pieces(block, start, tokens, room, count):
                yield from section.add(piece)
    yield from section.close()
    if above is not None:
        yield _alone(*above)


def _table(block: Block, start: int, section: _Section, room: int, count: Count) -> Iterator[Passage]:
    """The rows of a table that is too long for one passage."""
    header = next((line.strip() for line in block.text.split("\n") if line.strip() and not RULE.match(line)), "")
    header_tokens = count([header])[0] + 1
    if header_tokens > MOST_HEADING:
        header, header_tokens = "", 0
    rows = _Section(section.heading, section.heading_tokens)
    for piece in _pieces(block, start, MOST + 1, room - header_tokens, count):
        for passage in rows.add(piece):
            yield passage
            if header and rows.heading == section.heading:
                rows.under(header, header_tokens)
    yield from rows.close()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paragraph or a part of one. `gap` is what stands between it and the piece before it in the document's text."""

    text: str
    tokens: int
    kind: Kind
    page: int | None
    start: int
    gap: str


class _Section:
    """Collects the pieces under one heading into passages."""

    def __init__(self, heading: tuple[str, ...], heading_tokens: int, path: tuple[str, ...] | None = None) -> None:
        self.heading = heading
        self.heading_tokens = heading_tokens
        self._path = path
        self._pieces: list[_Piece] = []
        self._tokens = heading_tokens
        self._letters = 0

    def under(self, header: str, tokens: int) -> None:
        """From the next passage on."""
        self.heading = (*self.heading, header)
        self.heading_tokens += tokens
        self._tokens += tokens

    def holds(self, block: Block) -> bool:
        return self._path == block.heading

    def add(self, piece: _Piece) -> Iterator[Passage]:
        full = self._tokens + piece.tokens > TARGET or self._letters + len(piece.text) > MOST_LETTERS
        if self._pieces and full:
            yield from self.close()
        self._pieces.append(piece)
        self._tokens += piece.tokens
        self._letters += len(piece.text)

    def close(self) -> Iterator[Passage]:
        pieces, self._pieces = self._pieces, []
        self._tokens, self._letters = self.heading_tokens, 0
        if not pieces:
            return
        first = pieces[0]
        text = first.text + "".join(piece.gap + piece.text for piece in pieces[1:])
        kinds = {piece.kind for piece in pieces}
        kind: Kind = first.kind if len(kinds) == 1 else "paragraph"
        yield Passage(text, kind, first.page, self.heading, first.start, first.start + len(text))


def _alone(block: Block, start: int) -> Passage:
    """A heading with nothing under it is a passage of its own, so that its words are found."""
    text = block.text[:MOST_LETTERS]
    return Passage(text, "heading", block.page, block.heading, start, start + len(text))


def _under(block: Block, title: Block) -> bool:
    return block.heading[: len(title.heading) + 1] == (*title.heading, title.text)


def _fitting(path: tuple[str, ...], count: Count) -> tuple[tuple[str, ...], int]:
    """The innermost headings that leave room for the text, and their tokens."""
    kept: list[str] = []
    total = 0
    for text, tokens in zip(reversed(path), reversed(count(path)), strict=True):
        if total + tokens + 1 > MOST_HEADING:
            break
        kept.insert(0, text)
        total += tokens + 1
    return tuple(kept), total


def _pieces(block: Block, start: int, tokens: int, most: int, count: Count) -> Iterator[_Piece]:
    if tokens <= most and len(block.text) <= MOST_LETTERS:
        yield _Piece(block.text, tokens, block.kind, block.page, start, JOINT)
        return
    before = 0
    spans = _spans(block.text, 0, CUTS.get(block.kind, (SENTENCES,)), most, count)
    for at, (first, last, size) in enumerate(spans):
        gap = block.text[before:first] if at else JOINT
        yield _Piece(block.text[first:last], size, block.kind, block.page, start + first, gap)
        before = last


def _spans(
    text: str, offset: int, cuts: Sequence[re.Pattern[str]], most: int, count: Count
) -> list[tuple[int, int, int]]:
    """(start, end, tokens) of parts of `text`, each within `most`, cut at the first of `cuts` that suffices.

    `offset`: of `text`, added to each start and end.
    """
    parts = _cut(text, offset, cuts[0])
    sizes = count([text[first - offset : last - offset] for first, last in parts])
    spans: list[tuple[int, int, int]] = []
    for (first, last), tokens in zip(parts, sizes, strict=True):
        part = text[first - offset : last - offset]
        if tokens <= most and last - first <= MOST_LETTERS:
            spans.append((first, last, tokens))
        elif len(cuts) > 1:
            spans.extend(_spans(part, first, cuts[1:], most, count))
        else:
            spans.extend((first + begin, first + end, size) for begin, end, size in _halved(part, most, count))
    return spans


def _cut(text: str, offset: int, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    at = 0
    for match in separator.finditer(text):
        # The closing quotation mark belongs to its sentence, the space after it to none.
        end = match.start() + len(match[0].rstrip())
        if text[at:end].strip():
            parts.append((offset + at, offset + end))
        at = match.end()
    if text[at:].strip():
        parts.append((offset + at, offset + len(text)))
    return parts


def _halved(text: str, most: int, count: Count) -> Iterator[tuple[int, int, int]]:
    """Parts of a sentence that is too long, cut at the space nearest to the middle, or in a word that has none."""
    pending = [(0, len(text))]
    while pending:
        first, last = pending.pop()
        if last - first <= MOST_LETTERS:
            tokens = count([text[first:last]])[0]
            if tokens <= most or last - first < 2:
                yield first, last, tokens
                continue
        middle = (first + last) // 2
        space = SPACES.search(text, middle, min(last, middle + 200))
        left, right = space.span() if space else (middle, middle)
        pending.append((right, last))
        if left > first:
            pending.append((first, left))
