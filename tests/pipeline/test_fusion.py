"""The sum of scores: what both arms say, explained."""

from __future__ import annotations

import pytest

from backend.pipeline.fusion import Arm, score_sum, single


def test_the_sum_is_half_the_cosine_and_half_the_share_of_the_best_bm25() -> None:
    ranked = score_sum({"a": 0.8, "b": 0.6}, {"b": 10.0, "c": 5.0}, {"b": 0.6, "c": 0.2})
    assert [passage.passage_id for passage in ranked] == ["b", "a", "c"]
    assert [passage.score for passage in ranked] == pytest.approx([0.8, 0.4, 0.35])
    assert ranked[0].vector == Arm(0.6, 2)
    assert ranked[0].text == Arm(10.0, 1)
    assert ranked[1].text is None
    assert ranked[2].vector is None


def test_a_weak_arm_does_not_overturn_a_clear_winner_of_the_other() -> None:
    # Ranks alone would prefer "b": first of one arm, second of the other.
    ranked = score_sum({"b": 0.21, "x": 0.205, "a": 0.2}, {"a": 20.0, "b": 9.0}, {})
    assert ranked[0].passage_id == "a"


def test_equal_scores_keep_their_order() -> None:
    ranked = score_sum({}, {"x": 4.0, "y": 4.0, "z": 4.0}, {})
    assert [passage.passage_id for passage in ranked] == ["x", "y", "z"]


def test_one_arm_alone_keeps_its_order_and_scores() -> None:
    ranked = single({"x": 3.0, "y": 2.0}, vector=False)
    assert [(passage.passage_id, passage.score, passage.text) for passage in ranked] == [
        ("x", 3.0, Arm(3.0, 1)),
        ("y", 2.0, Arm(2.0, 2)),
    ]


def test_nothing_found_is_an_empty_ranking() -> None:
    assert score_sum({}, {}, {}) == []
