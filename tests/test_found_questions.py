"""The labelled questions to real documents are what their README says."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.found import plain, questions


def test_each_question_names_documents_and_a_few_words_that_it_does_not_say(shared: Path) -> None:
    for one in questions():
        assert one.files
        assert one.phrases
        assert all((shared / "corpus" / file).is_file() for file in one.files)
        for phrase in one.phrases:
            assert len(phrase.split()) <= 9
            assert plain(phrase) not in plain(one.text)


def test_there_are_enough_and_none_comes_twice() -> None:
    asked = [plain(one.text) for one in questions()]
    assert len(asked) >= 120
    assert len(set(asked)) == len(asked)
    assert sum(one.crosses for one in questions()) >= 10
