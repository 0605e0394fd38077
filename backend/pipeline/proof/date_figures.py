"""The figures of dates in any order, of the names of months and of times of the day: each counts by itself."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.months import MONTHS
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.units import LATE

ISO: Final = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
DOTTED: Final = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
DAY_AND_MONTH: Final = re.compile(r"(?<![\d.,])(\d{1,2})\.\s?(0?[1-9]|1[0-2])\.(?!\d|\s?\d{4})")
"""19.07., as German writes a date without its year."""
DAY_STROKE_MONTH: Final = re.compile(r"(?<![\d.,/])(0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])(?![\d/])")
"""05/09, as French and Spanish write it; with the zeros, so that it is no fraction."""
CLOCK: Final = re.compile(
    r"(?<![\d.,])(\d{1,2})(?::| ?h ?|\.(?=\d\d ?[ap]\.?m))(\d{2})(?!\d)(?: ?([ap])\.?m\b)?", re.IGNORECASE
)


def dates(text: str, taken: bytearray) -> list[Number]:
    found: list[Number] = []
    for match in ISO.finditer(text):
        found.extend(_date(match, (2, 3, 1)))
    for match in DAY_AND_MONTH.finditer(text):
        if 1 <= int(match[1]) <= 31 and not taken[match.start()]:
            found.extend(_date(match, (2, 1))[::-1])
    for match in DAY_STROKE_MONTH.finditer(text):
        found.extend(_date(match, (2, 1))[::-1])
    for match in DOTTED.finditer(text):
        day_first = int(match[3]) <= 12
        found.extend(_date(match, (3, 1, 4) if day_first else (1, 3, 4)))
    return found


def _date(match: re.Match[str], groups: tuple[int, ...]) -> list[Number]:
    """`groups`: those of the month, the day and, where there is one, the year."""
    month, *others = groups
    return [
        Number(match.start(month), match.end(month), (float(match[month]),), "month", (float(match[month]),)),
        *(Number(match.start(other), match.end(other), (float(match[other]),)) for other in others),
    ]


def clocks(text: str, taken: bytearray) -> list[Number]:
    found = []
    for match in CLOCK.finditer(text):
        if taken[match.start()] or int(match[2]) > 59 or int(match[1]) > 24:
            continue
        late = (match[3] or "").lower() == "p" or LATE.match(text, match.end())
        hours = int(match[1]) + (12 if late and int(match[1]) < 12 else 0)
        minutes = 60.0 * hours + int(match[2])
        found.append(Number(match.start(), match.end(), (hours + int(match[2]) / 100,), "time", (60 * minutes,)))
    return found


def month_name(text: str, match: re.Match[str]) -> Number | None:
    word = match[0].lower()
    if word not in MONTHS or (len(word) <= 3 and match[0].islower()):
        return None
    if word in {"may", "mar", "march"} and not (match[0][0].isupper() and _dated(text, match)):
        return None
    if word == "mars" and not _dated(text, match):
        return None
    month = float(MONTHS[word])
    return Number(match.start(), match.end(), (month,), "month", (month,))


def _dated(text: str, match: re.Match[str]) -> bool:
    """`May` and `March` are months beside a figure or after a preposition."""
    near = text[max(match.start() - 6, 0) : match.start()] + text[match.end() : match.end() + 6]
    return any(letter.isdigit() for letter in near) or bool(
        re.search(r"\b(?:in|of|by|and|to|until|ab|im|en|de)\s$", text[max(match.start() - 8, 0) : match.start()])
    )
