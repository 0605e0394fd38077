"""Which lines are headings where the format does not say so: by their words, numbers and letters."""

from __future__ import annotations

import re
from typing import Final

SENTENCE_END = re.compile(r"[.!?:;,。！？；，、…][\"'”’»)\]]*$")
WORDS = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff\uac00-\ud7af]")
ADDRESS = re.compile(r"https?://|www\.|\S@\S|\b\d{1,2}:\d\d")
"""Addresses, and the hour at which something was written or takes place."""
MARKS: tuple[tuple[float, re.Pattern[str]], ...] = (
    (10, re.compile(r"(?:part|book|volume|teil|buch|band|partie|parte|libro|livre|tome)\s+(?:\w+)\b", re.I)),
    (10.5, re.compile(r"(?:\w+ )?(?:epilogue|prologue|appendix|annex|anhang|annexe|preface|foreword)\b", re.I)),
    (11, re.compile(r"(?:chapter|kapitel|chapitre|cap[ií]tulo|глава)\s+[\divxlc]+\b|第.{1,4}章", re.I)),
    (
        12,
        re.compile(
            r"(?:section|article|artikel|artículo|abschnitt|item|§)\s*[\divxlc]+[a-z]?\b|第.{1,4}[条節节]", re.I
        ),
    ),
    (13, re.compile(r"(?:[IVX]{2,5})[.)]\s+\S")),
    (14, re.compile(r"[A-Z][.)]\s+\S")),
    (15, re.compile(r"\d{1,3}[.)]\s+\S")),
    (15.1, re.compile(r"\d{1,3}\.\d{1,3}\.?\s+\S")),
    (15.2, re.compile(r"\d{1,3}(?:\.\d{1,3}){2,4}\.?\s+\S")),
    (16, re.compile(r"\((?:[a-zA-Z]|\d{1,2}|[ivx]{1,4})\)\s+\S")),
)
CAPITALS: Final = 12.5
PLAIN: Final = 17.0
"""Levels of headings without a number: in capitals, and others that only stand out."""

LONGEST: Final = 120
CHAPTER: Final = 12


def level(text: str) -> float:
    """How deep a heading stands by its own words; a smaller number stands higher. Headings of a format's own styles
    have levels below 10."""
    for rank, mark in MARKS:
        if mark.match(text):
            return rank
    return CAPITALS if text.isupper() else PLAIN


def is_title(text: str) -> bool:
    """Words in one short line that are no sentence: what a heading may look like, if it stands out otherwise too."""
    return (
        1 < len(text) <= LONGEST
        and "\n" not in text
        and WORDS.search(text) is not None
        and SENTENCE_END.search(text) is None
        and ADDRESS.search(text) is None
        and text.count(",") < 4
    )


def announces(text: str) -> bool:
    """A line that is a heading by itself: it counts a chapter or the like, or is set in capitals."""
    if len(text) > 100 or ADDRESS.search(text) or not WORDS.search(text):
        return False
    numbered = any(rank <= CHAPTER and mark.match(text) for rank, mark in MARKS)
    if numbered and SENTENCE_END.search(text) is None:
        words = text.split()
        return len(words) <= 3 or (text[:1].isupper() and len(words) <= 12)
    letters = [letter for letter in text if letter.isalpha()]
    return is_title(text) and text.isupper() and len(letters) >= 6 and len(letters) > 0.6 * len(text)
