"""What every reader gives: the blocks of a document in reading order, a page at a time."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["heading", "paragraph", "list", "table", "code", "caption"]

MAX_TEXT = 64 * 1024**2
"""Bytes of text that one document may hold: some forty thousand pages."""

JOINT: Final = "\n\n"
"""Between two blocks in the document's text, which `start` counts in."""

BATCH: Final = 200
"""Blocks that are handed on together where a format has no pages."""


class Span(NamedTuple):
    """Where the letters [start:end] of a block are printed: the box of a word that was recognised in a picture, or of a
    line, as fractions (0 to 1) of the page as it is shown, from its left and from its top."""

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item, table, listing or caption. `heading`: the headings above, outermost first.

    `page` counts from 1, or is None where the format has no pages; on slides it equals `slide`. `sheet` and `row` tell
    the place in a spreadsheet or CSV; `rows` has the row of each line of `text` (lines of a table are its rows, cells
    stand between " | "). `headers`: how many of a table's first lines are its column titles; a long table comes in
    several blocks, each with its titles. `spans`: where a PDF's or picture's lines stand on `page`, in the order of
    the text. `start`: of `text` in the document's text, the blocks joined by JOINT.
    """

    text: str
    kind: Kind
    page: int | None = None
    heading: tuple[str, ...] = ()
    slide: int | None = None
    sheet: str | None = None
    row: int | None = None
    rows: tuple[int, ...] = ()
    headers: int = 0
    spans: tuple[Span, ...] = ()
    start: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came inside another, to be read as a document of its own. `name` is hostile: never a path."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """What its owner should know about a document that was read all the same. `code` is for programs."""

    code: str
    count: int
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Blocks that were read since the batch before. `done` of `total` pages (or other steps) are read.

    `pages` is the document's page count, None where the format has none; `pictures`: pages so far without any text.
    `attachments` and `notices` are those found since the batch before. `title`: of the document, as its own words or
    properties tell it; None where they tell none or it is not known yet.
    """

    blocks: tuple[Block, ...]
    done: int
    total: int
    pages: int | None = None
    pictures: int = 0
    attachments: tuple[Attachment, ...] = ()
    notices: tuple[Notice, ...] = ()
    title: str | None = None


def batches(blocks: Sequence[Block], *, pages: int | None = None, title: str | None = None) -> Iterator[Batch]:
    """The blocks of a document that was read whole, in portions."""
    for first in range(0, len(blocks), BATCH):
        done = min(first + BATCH, len(blocks))
        yield Batch(tuple(blocks[first:done]), done, len(blocks), pages, title=title)


def to_json(batch: Batch) -> dict[str, Any]:
    """A batch for the way between processes."""
    return {
        "blocks": [
            [
                block.text, block.kind, block.page, block.heading, block.slide, block.sheet, block.row, block.rows,
                block.headers, block.spans, block.start,
            ]
            for block in batch.blocks
        ],
        "done": batch.done,
        "total": batch.total,
        "pages": batch.pages,
        "pictures": batch.pictures,
        "attachments": [[item.name, base64.b64encode(item.data).decode("ascii")] for item in batch.attachments],
        "notices": [[item.code, item.count, item.message] for item in batch.notices],
        "title": batch.title,
    }  # fmt: skip


def from_json(message: dict[str, Any]) -> Batch:
    """Raises KeyError, TypeError, ValueError for what `to_json` did not make."""
    return Batch(
        tuple(
            Block(
                text, kind, page, tuple(heading), slide, sheet, row, tuple(rows), headers,
                tuple(Span(*span) for span in spans), start,
            )
            for text, kind, page, heading, slide, sheet, row, rows, headers, spans, start in message["blocks"]
        ),
        int(message["done"]),
        int(message["total"]),
        message["pages"],
        int(message["pictures"]),
        tuple(Attachment(str(name), base64.b64decode(data)) for name, data in message["attachments"]),
        tuple(Notice(str(code), int(count), str(text)) for code, count, text in message["notices"]),
        message["title"],
    )  # fmt: skip


class HeadingPath:
    """The headings above the current place. A level is any number: a smaller one stands higher."""

    def __init__(self) -> None:
        self._open: list[tuple[float, str]] = []

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._open)

    def enter(self, level: float, text: str) -> tuple[str, ...]:
        """Opens a heading and returns the path above it."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        above = self.path
        self._open.append((level, text))
        return above
