"""Words as the search in conversations sees them: how text is indexed, how a query is written, what a snippet says.

FTS5's unicode61 takes a run of Chinese or Thai for one word. `separated` puts a zero-width space round each of their
characters, so that each is a token and a run of them in a query is a phrase: found anywhere, and in one index with
everything else. The trigram tokenizer was weighed: it finds nothing shorter than three characters, and most Chinese
words have two.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

GAP: Final = "\u200b"
"""A zero-width space: a separator to unicode61, nothing to a reader."""

BEGIN, END = "\x02", "\x03"
"""What `snippet()` puts round the words that were found; `separated` keeps them out of the text itself."""

UNSPACED: Final = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f])"
)
"""Thai, Lao, Burmese, Khmer, kana and Chinese characters."""

GAPS: Final = re.compile(f"{GAP}+")
CONTROLS: Final = re.compile(f"[{BEGIN}{END}{GAP}\x00]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snippet; `found`: it is one of the words that were asked for."""

    text: str
    found: bool


def separated(text: str | None) -> str:
    """Text as it is indexed. SQLite calls it from the triggers of the schema, so old and new text come out alike."""
    if not text:
        return ""
    if text.isascii():
        return CONTROLS.sub(" ", text)
    return GAPS.sub(GAP, UNSPACED.sub(f"{GAP}\\1{GAP}", CONTROLS.sub(" ", text)))


def match_query(text: str) -> str:
    """Each word as a quoted prefix, all of them required: FTS5's own syntax never reaches it. Empty: no words."""
    words = separated(unicodedata.normalize("NFC", text).replace('"', " ")).split()
    return " ".join(f'"{word}"*' for word in words if any(letter.isalnum() for letter in word))


def parts(marked: str) -> list[Part]:
    """What FTS5 marked, in one line, without the gaps of the index."""
    line = " ".join(marked.replace(GAP, "").split())
    found: list[Part] = []
    for index, piece in enumerate(re.split(f"[{BEGIN}{END}]", line)):
        if piece:
            found.append(Part(piece, found=index % 2 == 1))
    return found
