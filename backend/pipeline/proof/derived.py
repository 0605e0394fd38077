"""Figures that follow from others: 11,800 is twice 5,900, and 35,400 is 30 per cent of 118,000."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Final

from backend.pipeline.proof.number import IDENTIFIER, LABEL, ROUGHLY, Number

SMALLEST: Final = 40.0
"""Below, too many sums come out by chance."""
MOST_TIMES: Final = 12.0
EXACT: Final = 1e-3
MOST_COMPARED: Final = 24
YEARS: Final = (1000.0, 2200.0)


def follows(figure: Number, others: Sequence[Number]) -> bool:
    """Whether `figure` is a sum, a difference, a multiple or a share of figures that stand near one another."""
    known = [number for number in others if number.kind not in {LABEL, IDENTIFIER, "month"}][:MOST_COMPARED]
    value = figure.values[0]
    if figure.kind == "months":
        years = [number.values[0] for number in known if YEARS[0] < number.values[0] < YEARS[1]]
        return any(_equal(abs(a - b) * 12, figure.amount[0]) for a, b in combinations(years, 2))
    if figure.about and (figure.percent or value < 1):
        return _about_a_share(figure, known)
    if value < SMALLEST or figure.percent or YEARS[0] < value < YEARS[1]:
        return False
    return any(_makes(a, b, value) or _makes(b, a, value) for a, b in combinations(known, 2))


def _about_a_share(figure: Number, known: Sequence[Number]) -> bool:
    """*Some two thirds*, of 63 and 41: of things that are counted, one figure beside the other."""
    share = figure.values[0] / (100 if figure.percent else 1)
    counted = [one.values[0] for one in known if one.kind is None and not one.percent and one.values[0] >= 1]
    return any(abs(min(a, b) / max(a, b) - share) <= ROUGHLY * share for a, b in pairwise(counted))


def _makes(one: Number, other: Number, value: float) -> bool:
    a, b = one.values[0], other.values[0]
    if one.percent:
        return not other.percent and _equal(a / 100 * b, value)
    if other.percent:
        return False
    if a < 1 or (a <= MOST_TIMES and a == int(a)):
        return b > MOST_TIMES and _equal(a * b, value)
    # *From 8,200 to 8,650 euros*: the unit stands once.
    comparable = one.kind == other.kind or {one.kind, other.kind} == {None, "money"}
    return comparable and value > 2 * SMALLEST and (_equal(a + b, value) or _equal(a - b, value))


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= EXACT * abs(b)
