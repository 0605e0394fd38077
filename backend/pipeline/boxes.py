"""Letters of a text → the boxes on the page that hold them, a box for each line that they run over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from backend.pipeline.readers.blocks import Span

BRIDGED: Final = 0.03
"""White between two words of a line that is marked with them, as a share of the page's width: 6 mm on A4."""

SAME_LINE: Final = 0.5
"""Share of the lower of two boxes that stands beside the other where they are on one line."""


class Box(NamedTuple):
    """Fractions (0 to 1) of the page as it is shown, from its left and from its top."""

    left: float
    top: float
    right: float
    bottom: float


def boxes(spans: Sequence[Span], start: int, end: int) -> list[Box]:
    """Of the letters [start:end]; `spans`: of one page, in the order of the text.

    Within a span the place is told by the share of its letters: a letter or two off in proportional type.
    """
    found: list[Box] = []
    for span in spans:
        first, last = max(start, span.start), min(end, span.end)
        if first >= last:
            continue
        box = _part(span, first, last)
        if found and _go_together(found[-1], box):
            before = found.pop()
            box = Box(
                min(before.left, box.left),
                min(before.top, box.top),
                max(before.right, box.right),
                max(before.bottom, box.bottom),
            )
        found.append(box)
    return found


def _part(span: Span, first: int, last: int) -> Box:
    letters = span.end - span.start
    width = span.right - span.left
    # Lines that run up or down the page as it is shown are marked whole.
    if (first, last) == (span.start, span.end) or (letters > 2 and span.bottom - span.top > width):
        return Box(*span[2:])
    letter = width / letters
    left = span.left + (first - span.start) * letter
    return Box(left, span.top, left + (last - first) * letter, span.bottom)


def _go_together(one: Box, other: Box) -> bool:
    beside = min(one.bottom, other.bottom) - max(one.top, other.top)
    if beside < SAME_LINE * min(one.bottom - one.top, other.bottom - other.top):
        return False
    return max(one.left, other.left) - min(one.right, other.right) <= BRIDGED
