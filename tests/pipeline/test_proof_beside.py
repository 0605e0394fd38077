"""Figures with the words of another beside them, and the passage's sentence said of something else."""

from __future__ import annotations

import pytest

from backend.pipeline.proof.align import align, prepare
from backend.pipeline.proof.features import evidence
from backend.pipeline.proof.listed import claimed
from backend.pipeline.proof.slots import taken
from backend.pipeline.proof.verdict import prove, ruled_out, word_for_word
from backend.pipeline.proof.wording import tokens

LISTS = [
    (
        "The ferry carried 4,200 cars in May, the train 1,950 and the cable railway 310.",
        "The train carried 4,200 cars in May.",
        "The train carried 1,950 cars in May.",
        ("4,200", "1,950"),
    ),
    (
        "Die Miete beträgt 720 Euro, die Kaution 2.160 Euro.",
        "Die Kaution beträgt 720 Euro.",
        "Die Kaution beträgt 2160 Euro.",
        ("720", "2.160"),
    ),
    (
        "Le retrait coûte 4 euros au guichet et 9 à domicile.",
        "Le retrait à domicile coûte 4 euros.",
        "Le retrait à domicile coûte 9 euros.",
        ("4", "9"),
    ),
    (
        "El alquiler cuesta 35 euros con desayuno y 28 sin comida alguna.",
        "El alquiler con desayuno cuesta 28 euros.",
        "El alquiler con desayuno cuesta 35 euros.",
        ("28", "35"),
    ),
    ("成人票四十元，儿童票十五元。", "儿童票四十元。", "儿童票十五元。", ("四十", "十五")),
]


@pytest.mark.parametrize(("passage", "wrong", "right", "named"), LISTS)
def test_a_figure_of_a_list_keeps_its_words(passage: str, wrong: str, right: str, named: tuple[str, str]) -> None:
    prepared = prepare([passage])
    alignment = align(prepared, wrong)
    found = claimed(prepared, alignment, 0)
    assert found is not None
    there = prepared.sources[found.source].reading.text
    assert named[0] in wrong[found.figure.start : found.figure.end]
    assert named[1] in there[found.rival.start : found.rival.end]
    assert claimed(prepared, align(prepared, right), 0) is None
    verdict = prove(prepared, wrong)
    assert verdict.outcome == "contradicted"
    assert verdict.reason is not None
    assert verdict.reason.code == "other_number"
    assert named[1] in verdict.reason.parameters["there"]


def test_a_year_belongs_to_what_is_told() -> None:
    prepared = prepare(["In 2014 the mill made 300 tonnes, after the fire of 2019 it stood still."])
    assert claimed(prepared, align(prepared, "The mill made 300 tonnes before the fire, in 2014."), 0) is None


SLOTS = [
    (
        ["The park has two ponds. The otter returned in 2011 and raises its young there. Herons nest on the island."],
        "Herons returned in 2011 and raise their young there.",
        "The otter returned in 2011 and raises its young there.",
    ),
    (
        ["Im Beet steht Gemüse. Zwiebeln werden im März gesteckt. Bohnen folgen nach dem Frost."],
        "Bohnen werden im März gesteckt.",
        "Zwiebeln werden im März gesteckt.",
    ),
    (
        ["点心有两种。豆沙包冷藏三天，冷冻一个月。凉拌菜当天吃完。"],
        "凉拌菜冷藏三天，冷冻一个月。",
        "豆沙包冷藏三天，冷冻一个月。",
    ),
]


@pytest.mark.parametrize(("passages", "wrong", "right"), SLOTS)
def test_another_word_in_the_place_of_one_is_seen(passages: list[str], wrong: str, right: str) -> None:
    prepared = prepare(passages)
    found = taken(prepared, align(prepared, wrong), 0, tokens(wrong))
    assert found is not None
    assert taken(prepared, align(prepared, right), 0, tokens(right)) is None
    assert found.said in wrong
    assert found.there in passages[0]


def test_what_took_the_place_is_named() -> None:
    verdict = prove(prepare(SLOTS[1][0]), SLOTS[1][1])
    assert verdict.outcome == "contradicted"
    assert verdict.reason is not None
    assert (verdict.reason.code, verdict.reason.parameters) == ("opposite", {"said": "Bohnen", "there": "Zwiebeln"})


def test_a_paraphrase_takes_no_place() -> None:
    prepared = prepare(["The park has two ponds. The otter returned in 2011. Herons nest on the island."])
    for sentence in ("This animal returned in 2011.", "The park's otter returned in 2011."):
        assert taken(prepared, align(prepared, sentence), 0, tokens(sentence)) is None


def test_the_sentence_of_another_thing_is_no_quotation() -> None:
    """Every word stands there in this order, but most of a statement lies between the first and the rest."""
    prepared = prepare(
        ["The Gannick bridge, older than all the others on this river and much admired, leaks. The Orme bridge was "
         "paid for by the guild of the dyers in 1622."]
    )  # fmt: skip
    sentence = "The Gannick bridge was paid for by the guild of the dyers in 1622."
    found = evidence(prepared, align(prepared, sentence))
    assert found is not None
    assert not word_for_word(found.values)
    assert ruled_out(found.values)


def test_what_holds_may_stand_in_a_clause_of_its_own() -> None:
    prepared = prepare(["La segunda visita, hasta el mes de mayo, es gratuita. La tercera visita cuesta 20 euros."])
    found = evidence(prepared, align(prepared, "La segunda visita hay que pagarla."))
    assert found is not None
    assert found.values["stance_against"] > 0


def test_working_days_stand_beside_days() -> None:
    prepared = prepare(["Visible faults are reported within five working days, hidden ones within ten days."])
    found = claimed(prepared, align(prepared, "Hidden faults are reported within five working days."), 0)
    assert found is not None
    assert found.rival.values == (10.0,)
    assert claimed(prepared, align(prepared, "Visible faults are reported within five working days."), 0) is None
