"""What tells twins apart: figures that are names, and figures and bounds of the other one."""

from __future__ import annotations

import pytest

from backend.pipeline.proof.align import align, prepare
from backend.pipeline.proof.bounds import turned
from backend.pipeline.proof.homes import Homes
from backend.pipeline.proof.identifiers import identifiers
from backend.pipeline.proof.words import read


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Class 27 shunter, starting the engine. It weighs 40 tonnes.", {"27"}),
        ("Tessel 410 switch. On the 410 the update takes 4 minutes.", {"410"}),
        ("Vermietet wird die Halle 3 im Gewerbepark, 1.240 Quadratmeter.", {"3"}),
        ("Für den Ausfall 310 Euro je Hektar, und der Verein 31 Boote.", set()),
        ("房屋租赁合同（梧桐里12号401室）。5月3号起。", {"12", "401"}),
    ],
)
def test_a_figure_that_is_part_of_a_name_is_known(text: str, names: set[str]) -> None:
    assert identifiers([text]) == names


def test_a_name_of_figures_is_read_as_a_word() -> None:
    reading = read("The 410 looks for an address for 90 seconds.", "english", frozenset({"410"}))
    assert [word.lower for word in reading.words if word.name] == ["410"]
    assert [number.values for number in reading.numbers if not number.weak] == [(90.0,)]


def test_a_latin_name_stands_in_a_text_without_spaces() -> None:
    assert "müller" in {word.lower for word in read("研究由 Müller 主持。", "unspaced").words}


def test_the_figure_of_the_other_programme_is_seen() -> None:
    prepared = prepare(["The Eco programme takes 9.5 litres; it is slow. The Intensive programme takes 14 litres."])
    wrong = Homes(prepared, align(prepared, "The Eco programme takes 14 litres."), 0).figure()
    assert wrong is not None
    assert wrong.there.values == (9.5,)
    assert Homes(prepared, align(prepared, "The Eco programme takes 9.5 litres."), 0).figure() is None


@pytest.mark.parametrize(
    ("sentence", "passage", "against"),
    [
        ("If more than six hours have passed, take it.", "If fewer than six hours have passed, take it.", True),
        ("If at least six hours have passed, take it.", "If more than six hours have passed, take it.", False),
        ("Es sind mindestens 40 Tage.", "Es sind höchstens 40 Tage.", True),
        ("It may not last more than 40 days.", "It lasts at most 40 days.", False),
    ],
)
def test_at_least_is_not_at_most(sentence: str, passage: str, against: bool) -> None:
    assert (turned(read(sentence, "english"), [read(passage, "english")]) is not None) == against
