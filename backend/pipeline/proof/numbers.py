"""Figures of a text by value: 1,000 = 1.000 = a thousand, dates in any order, units converted within their kind."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from backend.pipeline.proof.chinese_numbers import chinese_numbers
from backend.pipeline.proof.date_figures import clocks, dates
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.number_labels import labels
from backend.pipeline.proof.number_words import spelled_numbers
from backend.pipeline.proof.units import MULTIPLIERS, with_unit

DIGITS: Final = re.compile(
    r"(?<![\w.,])[−-]?\d{1,3}(?:[,.’'\u00a0\u202f ]\d{3})+(?:[.,]\d+)?(?![\d])|"
    r"(?:(?<![\w)])[−-])?\d+(?:[.,]\d+)*|[½¼¾⅓⅔]"
)
OF_MILLIONS: Final = re.compile(
    r"\s(?:of|von|der|de|des|sur|out of)\s(?:the |its |den |los |las |les |ses )?[\d.,]+\s"
    r"(million|millionen|millions|"
    r"millones|billion|milliarden|milliards)\b",
    re.IGNORECASE,
)
"""1.6 of the 2.3 million: the first figure counts millions too."""
SYMBOLS: Final = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
ABOUT: Final = re.compile(
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|close to|just (?:under|over)|a little (?:under|over)|"
    r"slightly (?:under|over|more than|less than)|some|circa|ca\.|rund|etwa|ungefähr|knapp|gut|"
    r"fast|environ|près de|presque|un peu (?:plus|moins) de|quelque|casi|cerca de|unos|unas|alrededor de|"
    r"aproximadamente)\s(?:an |a |one |ein |eine |une? |una )?|"
    r"(?:约|近|将近|不到|大约|接近|略超过))$",
    re.IGNORECASE,
)


def numbers(text: str) -> list[Number]:
    """The figures of `text` in order of their place; a duration of two parts is there whole as well."""
    return list(_numbers(text))


@lru_cache(maxsize=4096)
def _numbers(text: str) -> tuple[Number, ...]:
    found: list[Number] = []
    taken = bytearray(len(text))
    for reader in (labels, dates, clocks, _digits, spelled_numbers, chinese_numbers):
        fresh = reader(text, taken)
        for number in fresh:
            taken[number.start : number.end] = b"\1" * (number.end - number.start)
        found.extend(fresh)
    found.sort(key=lambda number: (number.start, number.end))
    whole = _sums(text, found) + _out_of(text, found)
    found = [_part_of(number, whole) for number in found] + whole
    return tuple(
        replace(number, about=True)
        if not number.weak and ABOUT.search(text[max(number.start - 24, 0) : number.start])
        else number
        for number in found
    )


def _digits(text: str, taken: bytearray) -> list[Number]:
    found = []
    for match in DIGITS.finditer(text):
        if taken[match.start()]:
            continue
        values = _readings(match[0])
        if text[match.end() : match.end() + 1] == "月" and values[0] in range(1, 13):
            found.append(Number(match.start(), match.end() + 1, values, "month", values))
            continue
        if scaled := OF_MILLIONS.match(text, match.end()):
            values = (*values, *(value * MULTIPLIERS[scaled[1].lower()] for value in values))
        found.append(with_unit(text, match.start(), match.end(), values))
    return found


def _readings(figure: str) -> tuple[float, ...]:
    if figure in SYMBOLS:
        return (SYMBOLS[figure],)
    plain = re.sub(r"[\u00a0\u202f ’']", "", figure).replace("−", "-")
    readings = []
    if re.fullmatch(r"-?\d{1,3}(?:[.,]\d{3})+", plain):
        readings.append(float(re.sub(r"[.,]", "", plain)))
        # Nobody writes five as 5.000.
        if len(re.findall(r"[.,]", plain)) == 1 and not plain.endswith("000"):
            readings.append(float(plain.replace(",", ".")))
    else:
        marks = re.findall(r"[.,]", plain)
        if len(marks) > 1 and marks[-1] != marks[0]:
            whole, _, rest = plain.rpartition(marks[-1])
            readings.append(float(re.sub(r"[.,]", "", whole) + "." + rest))
        elif len(marks) > 1:
            readings.append(float(re.sub(r"[.,]", "", plain)))
        else:
            readings.append(float(plain.replace(",", ".")))
    return tuple(readings)


OUT_OF: Final = re.compile(
    r"(?:\s[^\W\d_]+)?\s(?:out of(?: every)?|(?:in|of) every|von(?: je)?|sur|de cada)\s", re.IGNORECASE
)
ONE_IN: Final = re.compile(r"(?:\s[^\W\d_]+)?\sin\s", re.IGNORECASE)
"""*One patient in ten.*"""
TENS: Final = frozenset({3.0, 4.0, 5.0, 10.0, 20.0, 100.0})
"""Of how many a share is told."""


def _out_of(text: str, found: list[Number]) -> list[Number]:
    """*Seven out of ten*, as per cent."""
    return [
        Number(first.start, second.end, (100 * first.values[0] / second.values[0],), percent=True)
        for first, second in pairwise(found)
        if first.kind is None and second.kind is None and not first.percent and not second.percent
        and second.values[0] in TENS and first.values[0] < second.values[0]
        and (OUT_OF.fullmatch(text, first.end, second.start)
             or (first.values == (1.0,) and ONE_IN.fullmatch(text, first.end, second.start)))
    ]  # fmt: skip


def _part_of(number: Number, whole: list[Number]) -> Number:
    """The hours of `2 hours 10 minutes` say less than the whole does."""
    inside = any(one.start <= number.start and number.end <= one.end for one in whole)
    return replace(number, kind=None, amount=(), weak=True) if inside else number


_SUMMED: Final = frozenset({"time", "months", "volume", "mass", "length"})


def _factor(number: Number) -> float:
    """What one of its unit is in the base unit."""
    late = number.kind == "time" and number.amount[0] == 3600 * (number.values[0] + 12)
    return 3600.0 if late else number.amount[0] / (number.values[0] or 1)


def _hours(number: Number) -> bool:
    return number.kind == "time" and _factor(number) == 3600


def _sums(text: str, found: list[Number]) -> list[Number]:
    """`2 hours 10 minutes`, `an hour and a quarter`, `five years and six months`, as one."""
    sums = []
    for first, second in pairwise(found):
        gap = text[first.end : second.start].strip(" ,").lower()
        if (
            first.kind not in _SUMMED
            or not first.amount
            or gap not in {"", "时", "点", "et", "and", "und", "y", "and a", "and an", "et un", "et une", "零"}
        ):
            continue
        kind, amount = first.kind, None
        smaller = second.amount and (_factor(second) < _factor(first) or second.values[0] < 1)
        if second.kind == first.kind and smaller:
            amount = first.amount[0] + second.amount[0]
        elif second.kind is None and gap in {"", "时", "点"} and _hours(first) and second.values[0] < 60:
            amount = first.amount[0] + 60 * second.values[0]
        elif second.kind is None and second.values[0] < 1:
            amount = first.amount[0] + second.values[0] * _factor(first)
        if amount is not None:
            sums.append(Number(first.start, second.end, (amount,), kind, (amount,)))
    for first, second in pairwise(found):
        # Two and a half hours: the unit follows the half.
        halved = second.values == (0.5,) and second.kind in _SUMMED and first.kind is None and not first.percent
        if halved and text[first.end : second.start].strip().lower() in {"and a", "and", "y", "et"}:
            amount = second.amount[0] * (2 * first.values[0] + 1)
            sums.append(Number(first.start, second.end, (first.values[0] + 0.5,), second.kind, (amount,)))
    for number, match in ((n, re.match(r"\s+(?:and a half|et demie?|y media|einhalb)", text[n.end :])) for n in found):
        if match and number.amount:
            amount = number.amount[0] + 0.5 * _factor(number)
            sums.append(
                Number(number.start, number.end + match.end(), (number.values[0] + 0.5,), number.kind, (amount,))
            )
    return sums
