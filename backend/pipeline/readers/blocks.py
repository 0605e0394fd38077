"""What every reader gives: the blocks of a document in reading order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "list", "table", "code"]

MAX_TEXT = 64 * 1024**2
"""Bytes of text that one document may hold: some forty thousand pages."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table. `heading` is the path of headings above it, outermost first.

    `page` counts from 1, or is None where the format has no pages.
    """

    text: str
    kind: Kind
    page: int | None = None
    heading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Blocks that were read since the batch before. `done` of `total` pages (or other steps) are read.

    `pages` is the document's page count, None where the format has none; `pictures`: pages so far without any text.
    """

    blocks: tuple[Block, ...]
    done: int
    total: int
    pages: int | None = None
    pictures: int = 0


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
