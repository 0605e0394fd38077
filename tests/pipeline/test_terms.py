"""Words for the index: one form for a word's forms, pairs where there are no spaces."""

from __future__ import annotations

import pytest

from backend.pipeline.terms import guess_language, terms


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the height of the tower?", "english"),
        ("Wie hoch ist der Turm und wer hat ihn gebaut?", "german"),
        ("Quelle est la hauteur de la tour?", "french"),
        ("¿Cuál es la altura de la torre?", "spanish"),
        ("Какова высота башни?", "russian"),
        ("tower", "english"),
    ],
)
def test_the_language_is_told_by_its_small_words(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_forms_of_a_word_meet() -> None:
    assert set(terms("the running dogs")) == set(terms("a dog runs"))
    assert set(terms("Die Häuser stehen in der Stadt")) & set(terms("Wo ist das Haus?"))


def test_accents_and_width_do_not_matter() -> None:
    assert terms("café") == terms("cafe")
    assert terms("ＡＢＣ") == terms("abc")


def test_chinese_is_indexed_as_pairs() -> None:
    assert terms("北京大学") == ["北京", "京大", "大学"]
    assert terms("用Python写") == ["用", "python", "写"]


def test_korean_words_meet_whatever_particle_they_end_in() -> None:
    assert set(terms("포인트는 언제")) & set(terms("포인트의 기간")) == {"포인", "인트"}


def test_a_possessive_is_no_czech() -> None:
    assert guess_language("Sonya's Christmas disguise") == "english"
    assert guess_language("Sonya’s costume") == "english"


def test_numbers_are_found_whole_and_in_part() -> None:
    assert "3,000" in terms("about 3,000 people")
    assert "3" in terms("version 3.11")


def test_a_question_of_small_words_only_still_has_terms() -> None:
    assert terms("who is it") != []
    assert terms("?!…") == []
