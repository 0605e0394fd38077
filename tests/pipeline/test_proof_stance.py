"""Whether two clauses say the same of being open, allowed or paid for, whichever words they use."""

from __future__ import annotations

import pytest

from backend.pipeline.proof.stance import stances
from backend.pipeline.proof.wording import tokens, wording
from backend.pipeline.proof.words import read


def signs(text: str, language: str) -> dict[int, int]:
    return {stance.axis: stance.sign for stance in stances(read(text, language))}


AGREEING = [
    ("The museum is not open on Monday.", "The museum is closed on Monday.", "english"),
    ("Schools pay nothing for it.", "Schools receive it free of charge.", "english"),
    ("Das Grillen ist nicht erlaubt.", "Das Grillen ist verboten.", "german"),
    ("Les répétitions ne sont pas ouvertes.", "Les répétitions sont fermées.", "french"),
    ("Escanear no cuesta nada.", "Escanear es gratis.", "spanish"),
    ("周一不开放。", "周一闭馆。", "english"),
    ("六十岁以上的人不用买票。", "六十岁以上免费。", "english"),
]


@pytest.mark.parametrize(("text", "other", "language"), AGREEING)
def test_a_negation_and_its_word_agree(text: str, other: str, language: str) -> None:
    mine, theirs = signs(text, language), signs(other, language)
    shared = set(mine) & set(theirs)
    assert shared
    assert all(mine[axis] == theirs[axis] for axis in shared)


@pytest.mark.parametrize(
    ("text", "other", "language"),
    [
        ("The rooms may be used.", "The rooms may not be used.", "english"),
        ("Der Antrag wurde angenommen.", "Der Antrag wurde abgelehnt.", "german"),
        ("Consent may be refused without a reason.", "Consent may not be refused without a reason.", "english"),
        ("The tray cannot be lifted.", "The tray can be lifted.", "english"),
        ("La entrada hay que pagarla.", "La entrada es gratuita.", "spanish"),
        ("用户可以修改。", "用户不得修改。", "english"),
    ],
)
def test_the_opposite_contradicts(text: str, other: str, language: str) -> None:
    mine, theirs = signs(text, language), signs(other, language)
    assert any(mine[axis] == -theirs[axis] for axis in set(mine) & set(theirs))


def test_no_later_than_denies_nothing() -> None:
    assert signs("The fee is charged no later than May.", "english") == signs("The fee is charged.", "english")


def test_the_very_wording_and_what_was_replaced() -> None:
    there = tokens("Appeals go to the Vice-Rector, Dr Ines Falk, within 14 days.")
    worth = {"ines": 1.0, "falk": 1.0, "celia": 1.0, "brandt": 1.0}
    same = wording(there, there, worth)
    assert (same["verbatim"], same["replaced"]) == (1.0, 0.0)
    other = wording(tokens("Appeals go to the Vice-Rector, Dr Celia Brandt, within 14 days."), there, worth)
    assert other["replaced"] == 2.0
    assert wording([], there, worth)["verbatim"] == 0.0
