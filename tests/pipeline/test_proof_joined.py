"""Sentences of two statements: what they exchange, and those that stand in two passages."""

from __future__ import annotations

import pytest

from backend.engines.embedder import Embedder
from backend.pipeline.proof.align import Prepared, align, prepare
from backend.pipeline.proof.bounds import turned
from backend.pipeline.proof.contradictions import Fault, negation
from backend.pipeline.proof.numbers import numbers
from backend.pipeline.proof.parts import parts
from backend.pipeline.proof.stance import stances
from backend.pipeline.proof.statements import halves
from backend.pipeline.proof.verdict import prove
from backend.pipeline.proof.words import read
from build_scripts.models import MODELS

CLOCK = (
    "In 1776 the corporation asked for designs for a clock in the new tower. The mayor voted for the design of "
    "Brandreth; the aldermen voted for the cheaper offer of Wick. The clock has struck every hour since 1778."
)
DRYERS = [
    "The Lavetta T80 is a condenser dryer for laundries. It weighs 52 kg and needs a drain. The drum holds 140 litres.",
    "Care of the Lavetta T80. The foam filter of the T80 has to be washed out after 25 loads; the lint sieve is "
    "emptied after every load.",
    "Care of the Lavetta K60. The foam filter of the K60 has to be washed out after 40 loads, and its pump cleaned "
    "twice a year.",
]


@pytest.fixture(scope="module")
def dryers() -> Prepared:
    return prepare(DRYERS, Embedder(MODELS).embed)


@pytest.mark.parametrize(
    ("sentence", "exchanged"),
    [
        ("The mayor voted for Wick, while the aldermen voted for Brandreth.", True),
        ("The mayor voted for Brandreth, while the aldermen voted for Wick.", False),
        ("The aldermen voted for Wick, and the mayor voted for Brandreth.", False),
        ("The clock has struck every hour since 1778.", False),
    ],
)
def test_who_did_what_is_not_exchanged(sentence: str, exchanged: bool) -> None:
    prepared = prepare([CLOCK])
    assert (parts(prepared, align(prepared, sentence), 0).exchanged >= 0.35) == exchanged
    assert not exchanged or prove(prepared, sentence).outcome == "unsupported"


def test_the_reason_names_what_was_said_of_something_else() -> None:
    prepared = prepare([CLOCK])
    reason = prove(prepared, "The mayor voted for Wick, while the aldermen voted for Brandreth.").reason
    assert reason is not None
    assert reason.code == "exchanged"
    assert reason.parameters["said"] in {"mayor", "aldermen", "Wick", "Brandreth"}


def test_a_name_that_stands_in_the_place_of_another_is_strange() -> None:
    prepared = prepare(
        ["Contacts of the mill. Questions about grants are answered by Ottilie Brenneke, deliveries by Gero Samland."]
    )
    wrong = parts(prepared, align(prepared, "Questions about grants are answered by Gero Samland."), 0)
    right = parts(prepared, align(prepared, "Questions about grants are answered by Ottilie Brenneke."), 0)
    assert wrong.strange >= 0.3 > right.strange
    assert wrong.name in {"Gero", "Samland"}


def test_what_a_passage_is_about_holds_for_all_of_it() -> None:
    prepared = prepare(
        ["The Lumen trial tested tervalin. In Ireland and Portugal 412 adults were enrolled by Dr Kerrane."]
    )
    assert parts(prepared, align(prepared, "Lumen enrolled 412 adults."), 0).strange == 0


def test_a_title_is_not_all_that_a_passage_begins_with() -> None:
    title = "Protocol of the headache group\n\n"
    text = "The Lumen trial tested tervalin. In Ireland and Portugal 412 adults were enrolled by Dr Kerrane."
    with_title = prepare([title + text], above=[title])
    assert with_title.opening == [2]
    assert parts(with_title, align(with_title, "Lumen enrolled 412 adults."), 0).strange == 0


def test_two_statements_may_stand_in_two_passages(dryers: Prepared) -> None:
    verdict = prove(dryers, "The T80 weighs 52 kg, and its foam filter has to be washed out after 25 loads.")
    assert verdict.outcome == "supported"
    assert verdict.also is not None
    assert (verdict.passage, verdict.also.passage) == (0, 1)
    assert "52 kg" in verdict.words
    assert "25 loads" in verdict.also.words


@pytest.mark.parametrize(
    "sentence",
    [
        "The T80 weighs 52 kg, and its foam filter has to be washed out after 40 loads.",  # the other one's
        "The T80 weighs 60 kg, and its foam filter has to be washed out after 25 loads.",
        "The T80 weighs 52 kg, and its foam filter costs 12 euros.",
    ],
)
def test_each_of_the_two_statements_has_to_stand_and_of_the_same_thing(dryers: Prepared, sentence: str) -> None:
    assert prove(dryers, sentence).outcome != "supported"


@pytest.mark.parametrize(
    ("sentence", "first", "second"),
    [
        ("The T80 weighs 52 kg, while the K60 weighs 48 kg.", "The T80 weighs 52 kg.", "the K60 weighs 48 kg."),
        (
            "The Korrin 220, whose wheel is of polyurethane, is assembled in Tarnow.",
            "The Korrin 220 wheel is of polyurethane.",
            "The Korrin 220 is assembled in Tarnow.",
        ),
        ("Der Laden hat 80 m², die Werkstatt hat 120 m².", "Der Laden hat 80 m².", "die Werkstatt hat 120 m²."),
        (
            "Le refuge Blanc a une turbine, tandis que la Combe Noire a des panneaux.",
            "Le refuge Blanc a une turbine.",
            "la Combe Noire a des panneaux.",
        ),
        ("甲方支付房租，而乙方支付水费。", "甲方支付房租。", "乙方支付水费。"),
    ],
)
def test_a_sentence_is_cut_where_another_statement_begins(sentence: str, first: str, second: str) -> None:
    prepared = prepare([sentence])
    found = next(halves(align(prepared, sentence)))
    assert (found.first, found.second) == (first, second)


def test_a_number_is_not_cut() -> None:
    prepared = prepare(["The walk takes an hour and a half in summer."])
    assert list(halves(align(prepared, "The walk takes an hour and a half in summer."))) == []


@pytest.mark.parametrize(
    ("sentence", "passage", "against"),
    [
        ("No less than 75% of a plot is cultivated.", "At least three quarters of a plot is cultivated.", False),
        ("Pas moins de 75 % sont cultivés.", "Au moins 75 % sont cultivés.", False),
        ("Less than 75% of a plot is cultivated.", "At least three quarters of a plot is cultivated.", True),
    ],
)
def test_no_less_than_is_at_least(sentence: str, passage: str, against: bool) -> None:
    assert (turned(read(sentence, "english"), [read(passage, "english")]) is not None) == against


def test_what_is_denied_of_the_one_and_not_of_the_other() -> None:
    signs = {(one.clause, one.sign) for one in stances(read("Hens are allowed, but cockerels are not.", "english"))}
    assert signs == {(0, 1), (1, -1)}


@pytest.mark.parametrize(
    ("sentence", "passages"),
    [
        (
            "If a booking is cancelled late, nobody is refunded.",
            ["A booking that is cancelled late is not refunded to anybody."],
        ),
        (
            "Skerry Maid has no cabins.",
            ["Skerry Maid is the smaller ship.", "There is a counter, and there are no cabins."],
        ),
    ],
)
def test_a_denial_that_stands_elsewhere_agrees(sentence: str, passages: list[str]) -> None:
    text = " ".join(passages)
    prepared = prepare([text])
    faults: list[Fault] = []
    alignment = align(prepared, sentence)
    found = negation(alignment.reading, [source.reading for source in prepared.sources], alignment, faults)
    assert found["negation_strict"] == 0


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ("10 per cent of patients", "one patient in ten", True),
        ("20 % of them", "one in five of them", True),
        ("66 per cent of them", "two thirds of them", True),
        ("30 % of them", "a third of them", False),
        ("5 % of them", "one in 2019", False),
    ],
)
def test_shares_in_words(mine: str, theirs: str, same: bool) -> None:
    assert any(one.same(other) for one in numbers(mine) for other in numbers(theirs)) == same


def test_years_that_a_span_takes_follow_from_it_even_where_another_passage_gives_them() -> None:
    prepared = prepare(["Wick was an apprentice from 1758 to 1765.", "The lease runs for seven years."])
    alignment = align(prepared, "Wick was an apprentice for seven years.")
    assert alignment.held[0, 0]
