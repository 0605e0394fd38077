"""The collection's own sentences tell how much meaning deserves."""

from __future__ import annotations

import pytest

from backend.pipeline.signals import Signal
from backend.pipeline.weights import Trial, choose, draw, gain, usual

TEXTS = [
    f"The tower number {number} stands in a large town. It was built by many hands in the year {1800 + number}."
    for number in range(40)
]


def trial(*, words: list[float], meaning: list[float]) -> Trial:
    nothing = [0.0] * len(words)
    said: dict[Signal, list[float]] = {"words": words, "letters": words, "sentence": nothing, "meaning": meaning}
    return Trial(said, 0)


def test_a_drawn_sentence_is_gone_from_its_passage() -> None:
    drawn = draw(TEXTS, 10, 1)
    assert len({one.index for one in drawn}) == 10
    for one in drawn:
        assert one.question in TEXTS[one.index]
        assert one.question not in one.rest
        assert len(one.rest) > 20
    assert drawn == draw(TEXTS, 10, 1)


def test_a_passage_of_one_sentence_is_not_drawn() -> None:
    assert draw(["Only this sentence stands here, and no other one."], 5, 1) == []


def test_chinese_sentences_are_drawn() -> None:
    (one,) = draw(["北京大学成立于一八九八年的北京。它是中国的第一所国立综合性大学。"], 1, 1)
    assert one.question.endswith("。")


def test_meaning_that_misleads_gets_little_weight_and_meaning_that_helps_gets_much() -> None:
    misleads = choose([trial(words=[0.5, 0.4], meaning=[0.0, 1.0])] * 20)
    helps = choose([trial(words=[0.3, 0.5], meaning=[1.0, 0.0])] * 20)
    assert misleads["meaning"] < 0.1
    assert helps["meaning"] > 0.5
    assert misleads["words"] == helps["words"] == usual("english")["words"]


def test_what_was_not_found_gains_nothing() -> None:
    assert [gain(None), gain(1), gain(3)] == pytest.approx([0, 1, 0.5])
    assert choose([Trial({"words": [], "letters": [], "sentence": [], "meaning": []}, None)])["meaning"] > 0
