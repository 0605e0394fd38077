"""Figures that name a thing and measure nothing: Class 27, Halle 3, the 410, 401室."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from backend.pipeline.function_words import FUNCTION_WORDS
from backend.pipeline.months import MONTHS
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.numbers import numbers

MOST_DIGITS: Final = 5
LEAST_DIGITS: Final = 3
"""Of a figure that is taken for the name it is elsewhere, whatever stands before it."""
YEARS: Final = range(1500, 2101)
FUNCTION: Final = frozenset().union(*FUNCTION_WORDS.values())
UNSPACED_AFTER: Final = re.compile("[号室栋楼]|型(?!号)")
AFTER_NAME: Final = re.compile(
    r"(?:^|(?<![.!?:;•\n–—] )(?<![^\W_\n]))([^\W\d_]{2,})[ \u00a0](?:(?:No\.?|Nr\.?|n[°º])[ \u00a0]?)?$"
)
"""The word with a capital before it; at the start of a sentence, where any word has one, only that of a heading."""
AFTER_NOUN: Final = re.compile(
    r"\b(?:the|der|die|das|dem|den|le|la|du|au|el|del|al)[ \u00a0]([^\W\d_]{3,})[ \u00a0]$|"
    r"\bl['’]([^\W\d_]{3,})[ \u00a0]$",
    re.IGNORECASE,
)
AFTER_ARTICLE: Final = re.compile(
    r"\b(?:the|der|die|das|dem|den|le|la|du|au|el|del|al|on|auf|beim|vom|zum)[ \u00a0]$", re.IGNORECASE
)
FOLLOWED: Final = re.compile(r"[ \u00a0]?(?:[,.;:!?)\]”“\"»'’—–-](?!\d)|$)|[ \u00a0](?P<word>[^\W\d_]+)")
"""By a mark or a word, not by a sign or a letter of a unit."""
LOOK_BACK: Final = 40
_COUNTED: Final = """
    euro euros dollar dollars pound pounds franken francs cent cents céntimos centimes grad degrees degrés grados
    mal fois veces times
"""
COUNTED: Final = frozenset(_COUNTED.split())
DAYS: Final = frozenset({"tag", "jour", "día", "day", "am", "um"})


def identifiers(texts: Iterable[str]) -> frozenset[str]:
    """The figures of `texts` that stand as a part of a name at least once, as they are written."""
    return frozenset(
        text[number.start : number.end]
        for text in texts
        for number in numbers(text)
        if _bare(text, number) and _named(text, number)
    )


def names(text: str, number: Number, known: frozenset[str]) -> bool:
    """Whether this figure of `text` is one of the names that are `known`."""
    figure = text[number.start : number.end]
    if figure not in known or not _bare(text, number):
        return False
    if len(figure) >= LEAST_DIGITS or _named(text, number):
        return True
    return AFTER_ARTICLE.search(text[max(number.start - 6, 0) : number.start]) is not None


def _bare(text: str, number: Number) -> bool:
    figure = text[number.start : number.end]
    if number.kind is not None or number.percent or not (figure.isascii() and figure.isdigit()):
        return False
    if len(figure) > MOST_DIGITS or int(figure) in YEARS:
        return False
    follower = FOLLOWED.match(text, number.end)
    word = follower["word"].lower() if follower is not None and follower["word"] else ""
    return word not in COUNTED and word not in MONTHS


def _named(text: str, number: Number) -> bool:
    if UNSPACED_AFTER.match(text, number.end):
        return text[number.start - 1 : number.start] not in {"月", "第"}
    follower = FOLLOWED.match(text, number.end)
    if follower is None:
        return False
    # German writes what is counted with a capital; elsewhere its word follows a figure that counts.
    counts = follower["word"] is not None and not follower["word"].islower()
    before = text[max(number.start - LOOK_BACK, 0) : number.start]
    if noun := AFTER_NOUN.search(before):
        word = noun[1] or noun[2]
        counts |= follower["word"] is not None and word.islower() and follower["word"].lower() not in FUNCTION
        return not counts and word.lower() not in FUNCTION | DAYS
    name = AFTER_NAME.search(before)
    return name is not None and not counts and name[1][0].isupper() and name[1].lower() not in FUNCTION | DAYS
