"""Days of the calendar that a text names, by value: 31 March 2027, 31.03.2027, 31 de marzo de 2027, 2027年3月31日."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from backend.pipeline.months import MONTHS

_MONTH: Final = "|".join(sorted((re.escape(name) for name in MONTHS), key=len, reverse=True))
_YEAR: Final = r"(?P<year>(?:1[89]|20|21)\d\d)(?!\d)"
YEAR_FIRST: Final = re.compile(rf"(?<!\d){_YEAR}([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}})(?!\d)")
FIGURES: Final = re.compile(
    r"(?<![\d.,])(?P<first>\d{1,2})([-/.])(?P<second>\d{1,2})\2(?P<year>(?:1[89]|20|21)\d\d|\d\d)(?!\d)"
)
DAY_FIRST: Final = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|°|\.)?\s*(?:of\s+|de\s+)?(?P<month>{_MONTH})\b\.?,?"
    rf"\s*(?:de\s+|del\s+)?{_YEAR}",
    re.IGNORECASE,
)
MONTH_FIRST: Final = re.compile(
    rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d),?\s+{_YEAR}", re.IGNORECASE
)
MONTH_ALONE: Final = re.compile(rf"\b(?P<month>{_MONTH})\b\.?,?\s+(?:de\s+|del\s+)?{_YEAR}", re.IGNORECASE)
CHINESE: Final = re.compile(r"(?<!\d)(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s*[日号])?")
ISO_MONTH: Final = re.compile(rf"(?<![\d-]){_YEAR}-(?P<month>\d{{2}})(?![\d-])")
CENTURY: Final = 69
"""A year of two figures from here on is one of the last century, as POSIX has it."""


@dataclass(frozen=True, slots=True)
class Day:
    """`values`: each reading as YYYY-MM-DD, or YYYY-MM where no day is said; 03/04/2027 has two, the day first."""

    start: int
    end: int
    values: tuple[str, ...]

    def tells(self, other: Day) -> bool:
        """Whether `other` is the same day, or the month that this day is in."""
        return any(mine == theirs or mine.startswith(f"{theirs}-") for mine in self.values for theirs in other.values)


def days(text: str) -> list[Day]:
    """In order of their place; what no calendar has is left out."""
    found: list[Day] = []
    for pattern in (YEAR_FIRST, FIGURES, DAY_FIRST, MONTH_FIRST, CHINESE, MONTH_ALONE, ISO_MONTH):
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(one.start < end and start < one.end for one in found):
                continue
            values = tuple(dict.fromkeys(_readings(match)))
            if values:
                found.append(Day(start, end, values))
    return sorted(found, key=lambda one: one.start)


def _readings(match: re.Match[str]) -> Iterator[str]:
    parts = match.groupdict()
    year = int(parts["year"])
    if "first" in parts:
        year += 0 if year > 99 else (1900 if year >= CENTURY else 2000)
        first, second = int(parts["first"]), int(parts["second"])
        yield from _day(year, second, first)
        # Americans put the month first, and only with strokes between.
        if "/" in match[0]:
            yield from _day(year, first, second)
        return
    named = parts["month"].lower()
    month = MONTHS[named] if named in MONTHS else int(named)
    if parts.get("day") is not None:
        yield from _day(year, month, int(parts["day"]))
    elif 1 <= month <= 12:
        yield f"{year:04d}-{month:02d}"


def _day(year: int, month: int, day: int) -> Iterator[str]:
    try:
        yield date(year, month, day).isoformat()
    except ValueError:
        return
