"""The words of passages in memory: scores by the formula, blocks that are taken over, what no passage has."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from backend.stores import passage_words
from backend.stores.passage_words import Words, words_of

PLENTY = 10**9


class Table:
    """Lines of terms under numbers; `read`: what was read of it."""

    def __init__(self, lines: Sequence[str], numbers: Sequence[int] | None = None) -> None:
        self.lines = list(lines)
        self.numbers = np.array(range(len(lines)) if numbers is None else numbers, dtype=np.uint64)
        self.read: list[tuple[int, int]] = []

    def words(self, before: Words | None = None, most: int = PLENTY) -> Words | None:
        def read(first: int, last: int) -> pa.Array:
            self.read.append((first, last))
            return pa.array(self.lines[first:last], pa.string())

        return words_of(self.numbers, read, before, most)


def drawn(count: int, seed: int = 1) -> list[str]:
    """Some terms in nearly every line, most in few; every ninth line empty."""
    draw = random.Random(seed)
    names = [f"term{rank}" for rank in range(400)]
    shares = [1 / (rank + 1) for rank in range(400)]
    return ["" if at % 9 == 4 else " ".join(draw.choices(names, shares, k=30)) for at in range(count)]


def by_the_book(lines: Sequence[str], terms: Sequence[str]) -> list[float]:
    counts = [Counter(line.split()) for line in lines]
    average = sum(sum(one.values()) for one in counts) / len(lines)
    scores = [0.0] * len(lines)
    for term in terms:
        holding = sum(term in one for one in counts)
        idf = math.log(1 + (len(lines) - holding + 0.5) / (holding + 0.5))
        for at, one in enumerate(counts):
            damping = 1.2 * (1 - 0.75 + 0.75 * sum(one.values()) / average)
            scores[at] += idf * 2.2 * one[term] / (one[term] + damping)
    return scores


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_words, "ROWS", 64)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("asked", [["term0", "term3", "term390"], ["term1"], ["nowhere", "term20"], ["nowhere"], []])
def test_scores_are_those_of_the_formula_over_all_blocks(asked: list[str]) -> None:
    lines = drawn(500)
    words = Table(lines).words()
    assert words is not None
    assert len(words.blocks) == 8
    assert any(block.common for block in words.blocks), "some terms stand nearly everywhere"
    assert words.scores(asked) == pytest.approx(by_the_book(lines, asked), abs=1e-5)


def test_a_term_that_is_asked_twice_counts_once_and_one_of_many_times_counts_as_many() -> None:
    words = Table(["a b", "b " * 299 + "b", "c"]).words()
    assert words is not None
    assert words.scores(["a", "a"]) == pytest.approx(words.scores(["a"]))
    assert words.scores(["b"])[1] > words.scores(["b"])[0] > 0


def test_there_may_be_no_passages_and_none_with_terms() -> None:
    for lines in ([], ["", ""]):
        words = Table(lines).words()
        assert words is not None
        assert words.scores(["a", ""]).tolist() == [0.0] * len(lines)


def test_what_takes_too_much_is_not_kept() -> None:
    lines = drawn(300)
    assert Table(lines).words(most=100) is None


@pytest.mark.usefixtures("small_blocks")
def test_blocks_whose_rows_are_still_there_are_taken_over() -> None:
    lines = drawn(270)
    before = Table(lines).words()
    assert before is not None
    later = Table([*lines, *drawn(20, 2)], [*range(270), *range(400, 420)])
    words = later.words(before)
    assert words is not None
    assert later.read == [(256, 290)], "the last was small"
    assert [mine is theirs for mine, theirs in zip(words.blocks, before.blocks, strict=True)] == [True] * 4 + [False]
    assert words.scores(["term2"]) == pytest.approx(by_the_book(later.lines, ["term2"]), abs=1e-5)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("gone", [range(70, 90), range(64), range(40, 140), range(300)])
def test_what_is_gone_is_found_no_more(gone: range) -> None:
    lines = drawn(320)
    before = Table(lines).words()
    kept = [at for at in range(320) if at not in gone]
    later = Table([lines[at] for at in kept], kept)
    words = later.words(before)
    assert before is not None
    assert words is not None
    assert words.scores(["term2", "term9"]) == pytest.approx(by_the_book(later.lines, ["term2", "term9"]), abs=1e-5)
    untouched = sum(not set(range(first, first + 64)) & set(gone) for first in range(0, 320, 64))
    assert sum(any(block is old for old in before.blocks) for block in words.blocks) == untouched
