"""The weighted sum of signals: what each of them says, explained."""

from __future__ import annotations

import pytest

from backend.pipeline.fusion import Arm, by_answer, fuse, single
from backend.pipeline.signals import SIGNALS, Signal

WEIGHTS: dict[Signal, float] = {"words": 1.0, "letters": 1.0, "sentence": 0.4, "meaning": 0.6}


def said(**given: list[float]) -> dict[Signal, list[float]]:
    count = len(next(iter(given.values())))
    return {signal: given.get(signal, [0.0] * count) for signal in SIGNALS}


def test_the_shares_add_up_to_the_score_and_a_perfect_passage_has_one() -> None:
    passages = [(f"p{number}", "doc") for number in range(4)]
    every = [1.0] * 4
    ranked = fuse(passages, said(words=every, letters=every, sentence=every, meaning=every), WEIGHTS, {}, {})
    assert [passage.score for passage in ranked] == pytest.approx(every)
    assert sum(ranked[0].shares.values()) == pytest.approx(ranked[0].score)


def test_a_signal_of_little_weight_does_not_overturn_the_others() -> None:
    weights = {**WEIGHTS, "meaning": 0.03}
    ranked = fuse([("a", "x"), ("b", "y")], said(words=[0.6, 0.5], meaning=[0.0, 1.0]), weights, {}, {})
    assert ranked[0].passage_id == "a"
    ranked = fuse([("a", "x"), ("b", "y")], said(words=[0.6, 0.5], meaning=[0.0, 1.0]), WEIGHTS, {}, {})
    assert ranked[0].passage_id == "b"


def test_passages_of_the_same_document_lend_a_little() -> None:
    passages = [("alone", "x"), ("among", "y"), ("beside", "y"), ("near", "y")]
    ranked = fuse(passages, said(words=[0.5, 0.49, 0.45, 0.45]), WEIGHTS, {}, {})
    assert ranked[0].passage_id == "among"
    assert ranked[0].shares["context"] > next(one for one in ranked if one.passage_id == "alone").shares["context"]


def test_the_arms_are_explained_where_they_found_the_passage() -> None:
    ranked = fuse([("a", "x"), ("b", "x")], said(words=[1.0, 0.5]), WEIGHTS, {"b": 0.6}, {"a": 10.0, "b": 5.0})
    assert (ranked[0].vector, ranked[0].text) == (None, Arm(10.0, 1))
    assert (ranked[1].vector, ranked[1].text) == (Arm(0.6, 1), Arm(5.0, 2))


def test_equal_scores_keep_their_order() -> None:
    ranked = fuse([("x", "d"), ("y", "d"), ("z", "d")], said(words=[0.4] * 3), WEIGHTS, {}, {})
    assert [passage.passage_id for passage in ranked] == ["x", "y", "z"]


def test_a_passage_that_is_worth_less_says_less_and_lends_less() -> None:
    given = said(words=[0.6, 0.5])
    ranked = fuse([("heading", "x"), ("text", "y")], given, WEIGHTS, {}, {}, worth=[0.5, 1.0])
    assert [passage.passage_id for passage in ranked] == ["text", "heading"]
    assert ranked[1].score == pytest.approx(fuse([("a", "x")], said(words=[0.3]), WEIGHTS, {}, {})[0].score)
    assert sum(ranked[1].shares.values()) == pytest.approx(ranked[1].score)


def test_what_answers_comes_first_among_the_first_few_only() -> None:
    ranked = fuse([("a", "x"), ("b", "y"), ("c", "z")], said(words=[0.5, 0.49, 0.48]), WEIGHTS, {}, {})
    again = by_answer(ranked, [0.1, 0.9])
    assert [passage.passage_id for passage in again] == ["b", "a", "c"]
    assert [passage.score for passage in again] == sorted((passage.score for passage in again), reverse=True)
    assert all(sum(passage.shares.values()) == pytest.approx(passage.score) for passage in again)
    assert by_answer(ranked, [1.0] * 3)[0].score <= 1


def test_one_arm_alone_keeps_its_order_and_scores() -> None:
    ranked = single({"x": 3.0, "y": 2.0}, vector=False)
    assert [(passage.passage_id, passage.score, passage.text) for passage in ranked] == [
        ("x", 3.0, Arm(3.0, 1)),
        ("y", 2.0, Arm(2.0, 2)),
    ]


def test_nothing_found_is_an_empty_ranking() -> None:
    assert fuse([], said(words=[]), WEIGHTS, {}, {}) == []
