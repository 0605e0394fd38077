"""A figure by value, and when two figures say the same amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LABEL: Final = "label"
IDENTIFIER: Final = "identifier"
"""Of a figure that is part of a name; `identifiers` tells which."""
TOLERANCE: Final = 1e-6
ROUGHLY: Final = 0.06
"""How far, as a share, a rounded figure may be from what it stands for."""


@dataclass(frozen=True, slots=True)
class Number:
    """`values`: every reading of the figure ("1.340" is 1340 or 1.34). `amount`: in the base unit of its `kind`.

    `weak`: an ordinal or a one, which is as often a figure of speech.
    """

    start: int
    end: int
    values: tuple[float, ...]
    kind: str | None = None
    amount: tuple[float, ...] = ()
    weak: bool = False
    percent: bool = False
    counts: bool = False
    """The word for what it counts follows."""
    about: bool = False
    """*Nearly*, *some*: what it stands for may differ a little."""

    def same(self, other: Number) -> bool:
        """Whether both say the same amount. A month is not a plain number; a share of .25 is 25 per cent."""
        tolerance = ROUGHLY if self.about else TOLERANCE
        if self.kind and self.kind == other.kind:
            return meet(self.amount, other.amount, tolerance)
        if self.kind in LASTING and other.kind in LASTING:
            # A quarter of a year is about 90 days: months have no exact length.
            return meet(self._days(), other._days(), 0.02)
        if self._another_sort(other):
            return False
        if meet(self.values, other.values, tolerance):
            return True
        if self.percent == other.percent:
            return False
        mine, theirs = self._shares(), other._shares()
        # A third is 33 per cent.
        rounded = any((300 * value).is_integer() and not (100 * value).is_integer() for value in (*mine, *theirs))
        return meet(mine, theirs, OF_A_THIRD if rounded else TOLERANCE)

    def _another_sort(self, other: Number) -> bool:
        if {"month", LABEL} & {self.kind, other.kind}:
            return True
        if other.kind == IDENTIFIER:
            # *The ram weighs 85 kg, the ewe 55.*
            return self.kind in LASTING
        if self._measured() and other._measured():
            return self.kind is not None or other.kind is not None
        # Six months are no six wagons, but *6* in a table may be the months.
        return (self.counts and other._of_a_unit()) or (other.counts and self._of_a_unit())

    def _measured(self) -> bool:
        return self.kind is not None or self.percent

    def _of_a_unit(self) -> bool:
        """Years are left out: whoever is under twelve need not be said to be under twelve years."""
        return self._measured() and not (self.kind == "months" and self.amount[0] == 12 * self.values[0])

    def _days(self) -> tuple[float, ...]:
        factor = 1 / 86400 if self.kind == "time" else 30.4
        return tuple(value * factor for value in self.amount)

    def _shares(self) -> tuple[float, ...]:
        return tuple(value / 100 for value in self.values) if self.percent else self.values


OF_A_THIRD: Final = 0.011

LASTING: Final = frozenset({"time", "months"})


def meet(mine: tuple[float, ...], theirs: tuple[float, ...], tolerance: float = TOLERANCE) -> bool:
    return any(abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-9) for a in mine for b in theirs)
