"""What each signal says of a passage."""

from __future__ import annotations

import pytest

from backend.pipeline.signals import Candidate, Signal, Statistics, ask, measure, statistics, worth
from backend.pipeline.terms import grams, letters, terms

TEXTS = [
    "The tower in Paris is high. It was painted brown.",
    "Bread is baked from flour and water.",
    "Dogs and cats are pets of people.",
    "A river runs through the town of Paris.",
]


def known() -> Statistics:
    return statistics([(text, " ".join(terms(text))) for text in TEXTS], [])


def say(question: str, *texts: str, cosines: list[float] | None = None) -> dict[Signal, list[float]]:
    candidates = [
        Candidate(text, " ".join(terms(text)), (cosines or [0.0] * len(texts))[at]) for at, text in enumerate(texts)
    ]
    return measure(ask(question, known()), candidates, known(), 0.5)


def test_words_and_letters_prefer_the_passage_that_has_them() -> None:
    said = say("How high is the tower in Paris?", *TEXTS)
    for signal in ("words", "letters", "sentence"):
        assert max(range(4), key=lambda at: said[signal][at]) == 0
        assert 0 <= min(said[signal]) <= max(said[signal]) <= 1


def test_letters_see_through_a_compound_and_a_misspelling() -> None:
    said = say("Turmhöhe in Pariss", "Die Höhe des Turmes in Paris beträgt 330 m.", "Brot wird aus Mehl gebacken.")
    assert said["letters"][0] > said["letters"][1]


def test_a_word_twice_in_a_row_is_counted_twice() -> None:
    said = say("tower", "tower tower stone", "tower stone stone")
    assert said["words"][0] > said["words"][1]


def test_the_best_sentence_counts_rather_than_all_of_them() -> None:
    together = "Bread is here. The brown tower stands in Paris. Water flows."
    apart = "The brown water. A tower of flour. Bread from Paris."
    said = say("brown tower Paris", together, apart)
    assert said["sentence"][0] > said["sentence"][1]


def test_weak_words_say_little_where_nothing_matches_well() -> None:
    weak = say("quantum tower entanglement of photons", *TEXTS)["words"][0]
    strong = say("high tower", *TEXTS)["words"][0]
    assert weak < strong


def test_meaning_is_measured_from_the_average() -> None:
    assert say("x", "a", "b", "c", cosines=[0.4, 0.0, -0.1])["meaning"] == pytest.approx([1.0, 0.0, -0.25])
    # Nothing is near: the least far one is not made near.
    assert max(say("x", "a", "b", cosines=[0.01, 0.0])["meaning"]) < 0.5


@pytest.mark.parametrize("question", ["", "?!", "the", "🗼", "是", "x" * 20_000, "tower " * 5_000])
def test_no_question_breaks_it(question: str) -> None:
    said = say(question, *TEXTS)
    assert all(len(scores) == 4 for scores in said.values())


def test_no_candidates_are_no_scores() -> None:
    assert say("tower") == {"words": [], "letters": [], "sentence": [], "meaning": []}


def test_grams_are_four_characters_and_pairs_where_there_are_no_spaces() -> None:
    assert grams(letters("A tower!")) == [" a t", "a to", " tow", "towe", "ower", "wer "]
    assert grams(letters("北京大学")) == ["北", "京", "大", "学", "北京", "京大", "大学"]
    assert {"uses", "北京"} <= set(grams(letters("uses 北京")))


def test_a_heading_alone_is_worth_less_than_a_passage_in_any_script() -> None:
    assert worth("B. ANNUAL REPORT 7-1") < 0.7
    assert worth("12") < worth("B. ANNUAL REPORT 7-1")
    assert worth("The report is sent to the office within six weeks. " * 3) == 1
    assert worth("上海是一座城市，北京大学成立于1898年，长江是中国最长的河流，流入东海。") > 0.9
