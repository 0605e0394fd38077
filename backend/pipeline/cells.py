"""A value and the passages of its document → where it stands in them, or that it does not.

Dates and numbers are compared by value, texts by their letters. Where a value stands in several places, the one whose
sentence shares most with the words that the model copied, and with the column's name, is its source.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.pipeline.columns import Column, Said
from backend.pipeline.days import days
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.numbers import numbers
from backend.pipeline.sentences import split
from backend.pipeline.terms import terms

COPIED: Final = 2.0
"""What it counts for a sentence that it is among the words which the model copied, in shares of common terms."""

UNSPACED_FROM: Final = "\u0e00"
"""From here on scripts that need no word to end where a value does."""


@dataclass(frozen=True, slots=True)
class Place:
    """`passages[passage][start:end]`."""

    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence of a passage."""

    place: Place
    text: str
    worth: float


def locate(words: str, passages: Sequence[str]) -> Place | None:
    """Where these words stand, by their letters and figures alone; whole words, in scripts that have them."""
    wanted = "".join(letter for letter, _ in _letters(words))
    if not wanted:
        return None
    for number, passage in enumerate(passages):
        letters = _letters(passage)
        line = "".join(letter for letter, _ in letters)
        at = line.find(wanted)
        while at >= 0:
            start, end = letters[at][1], letters[at + len(wanted) - 1][1] + 1
            if _whole(passage, start, end):
                return Place(number, start, end)
            at = line.find(wanted, at + 1)
    return None


def find(said: Said, column: Column, question: str, passages: Sequence[str]) -> Place | None:
    """Where the value of a cell stands. None: nowhere to the letter, which of a text only a proof can judge."""
    assert said.value is not None
    copied = locate(said.words, passages) if said.words else None
    if column.kind == "yes-no":
        return copied
    lines = _lines(passages, copied, f"{said.words or ''} {column.name} {question}")
    if column.kind == "date" and (wanted := days(said.value)):
        return _best([line for line in lines if any(day.tells(wanted[0]) for day in days(line.text))])
    figures = _figures(said.value)
    if column.kind == "number" and figures:
        return _best([line for line in lines if _holds(line.text, figures)])
    exact = [line for line in lines if locate(said.value, [line.text]) is not None]
    return _best(exact) or locate(said.value, passages)


def is_measured(said: Said, column: Column) -> bool:
    """Whether the value is a date or a figure, which either stands in a passage or does not."""
    assert said.value is not None
    return (column.kind == "date" and bool(days(said.value))) or (
        column.kind == "number" and bool(_figures(said.value))
    )


def sort_value(value: str, column: Column) -> str | float | None:
    """What a column is sorted by: a date as YYYY-MM-DD or YYYY-MM, a number as written, without its unit."""
    if column.kind == "date":
        found = days(value)
        return found[0].values[0] if found else None
    if column.kind == "number":
        figures = _figures(value)
        return figures[0].values[0] if figures else None
    return value


def _figures(value: str) -> list[Number]:
    found = numbers(value)
    return [number for number in found if not number.weak] or found


def _holds(sentence: str, figures: Sequence[Number]) -> bool:
    there = numbers(sentence)
    return all(any(_amounts(figure, other) for other in there) for figure in figures)


def _amounts(figure: Number, other: Number) -> bool:
    """The same amount. A bare figure may be that of a sentence which has a unit, but not the other way round."""
    if figure.kind is None and not figure.percent:
        return bool({*figure.values} & {*other.values}) or figure.same(other)
    return (other.kind is not None or other.percent) and figure.same(other)


def _lines(passages: Sequence[str], copied: Place | None, near: str) -> list[_Line]:
    wanted = set(terms(near))
    lines: list[_Line] = []
    for number, passage in enumerate(passages):
        for span in split(passage):
            text = passage[span.start : span.end]
            worth = len(wanted & set(terms(text))) / max(len(wanted), 1)
            if copied and copied.passage == number and span.start < copied.end and copied.start < span.end:
                worth += COPIED
            lines.append(_Line(Place(number, span.start, span.end), text, worth))
    return lines


def _best(lines: Sequence[_Line]) -> Place | None:
    return max(lines, key=lambda line: line.worth).place if lines else None


def _letters(text: str) -> list[tuple[str, int]]:
    """Letters and figures in lower case, each with its place."""
    return [
        (letter, at)
        for at, character in enumerate(text)
        for letter in unicodedata.normalize("NFKC", character).casefold()
        if letter.isalnum()
    ]


def _whole(passage: str, start: int, end: int) -> bool:
    return not (
        _joined(passage[start - 1 : start], passage[start]) or _joined(passage[end - 1], passage[end : end + 1])
    )


def _joined(before: str, after: str) -> bool:
    return before.isalnum() and after.isalnum() and before < UNSPACED_FROM and after < UNSPACED_FROM
