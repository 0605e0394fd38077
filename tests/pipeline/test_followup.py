"""Questions that lean on the conversation, made to stand alone."""

from __future__ import annotations

import pytest

from backend.pipeline.followup import leans, standing_alone
from backend.pipeline.prompt import Turn

TOLD = [
    Turn("user", "How high is the Eiffel tower?"),
    Turn("assistant", "It is 330 metres high and was built by Gustave Eiffel in Paris."),
]


@pytest.mark.parametrize(
    "question",
    [
        "And the second one?", "Why?", "Who built it?", "und wann wurde er gebaut?", "Et pourquoi ?", "¿Y el segundo?",
        "А второй?", "那第二个呢？", "它有多高？",
    ],
)  # fmt: skip
def test_a_question_that_points_back_leans(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the notice period of the rental contract?", "Eiffel tower height", "Wie hoch ist der Eiffelturm?",
        "Quelle est la hauteur de la tour Eiffel ?", "Какова высота Эйфелевой башни?", "埃菲尔铁塔有多高？",
    ],
)  # fmt: skip
def test_a_question_with_words_of_its_own_does_not(question: str) -> None:
    assert not leans(question)
    assert standing_alone(question, TOLD) == question


def test_what_is_lacking_comes_from_the_question_before_and_the_names_of_the_answer() -> None:
    alone = standing_alone("Who built it?", TOLD)
    assert alone.startswith("How high is the Eiffel tower?")
    assert "Gustave Eiffel" in alone
    assert alone.endswith("Who built it?")


def test_a_chain_of_leaning_questions_reaches_back_to_its_subject() -> None:
    chain = [*TOLD, Turn("user", "Who built it?"), Turn("assistant", "He did.")]
    assert "Eiffel tower" in standing_alone("And why?", chain)


def test_the_first_question_has_nothing_to_lean_on() -> None:
    assert standing_alone("Why?", []) == "Why?"


def test_a_long_question_before_does_not_drown_this_one() -> None:
    assert len(standing_alone("Why?", [Turn("user", "tower " * 5_000)])) < 700
