"""Where words of a document are printed: the pages, and the boxes on them, for whoever marks them there.

Asked for when a source is opened, so that no answer waits for it, and answers of before have it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backend.pipeline.boxes import boxes
from backend.pipeline.readers.blocks import Span
from backend.stores.boxes import unpack

if TYPE_CHECKING:
    from backend.services.documents import Library
    from backend.stores.documents import Documents

REACH: Final = 8_000
"""Letters before and behind a passage in which its words are looked for: neighbours may have been joined to it."""


@dataclass(frozen=True, slots=True)
class PrintedBox:
    """A line, or a part of one, on a page (from 1), as fractions (0 to 1) of its width from the left and of its height
    from the top, as the page is shown."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Words:
    """The letters [start:end] of a source's `text`, as an answer has kept it, which began in the passage."""

    passage_id: str
    text: str
    start: int
    end: int


def printed(documents: Documents, identity: str, start: int, end: int) -> list[PrintedBox]:
    """Of the letters [start:end] of the document's text, in its order.

    Nothing where the format has no pages, or the document was read before this was kept. Raises NotFound.
    """
    documents.get(identity)
    return [
        PrintedBox(page.page, *box)
        for page in documents.boxes(identity, start, end)
        for box in boxes([Span(*word) for word in unpack(page)], start, end)
    ]


def printed_words(documents: Documents, library: Library, identity: str, words: Words) -> list[PrintedBox]:
    """Of the words of a source. Nothing where the document was read anew since and has other words there.

    Raises NotFound.
    """
    passages = library.around(identity, words.passage_id, 0, 0)
    if not passages:
        return []
    offset = max(0, passages[0].start - REACH)
    around, _ = documents.text(identity, offset, passages[0].end + REACH - offset)
    place = find(around, words, passages[0].start - offset)
    return printed(documents, identity, offset + place[0], offset + place[1]) if place else []


def find(around: str, words: Words, near: int) -> tuple[int, int] | None:
    """Where the words stand in `around`; only the white space may be different there. The nearest to `near`, where the
    source's text stands there several times."""
    start, end = words.start, words.end
    if not words.text[start:end].strip():
        return None
    parts = (_loose(words.text[:start]), f"({_loose(words.text[start:end])})", _loose(words.text[end:]))
    found = list(re.finditer(r"\s*".join(part for part in parts if part), around))
    if not found:
        return None
    return min((match.span(1) for match in found), key=lambda place: abs(place[0] - start - near))


def _loose(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in text.split())
