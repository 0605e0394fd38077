"""An answer's proof goes along: chips, marks with their reasons, quotes; and comes back with our own JSON."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest

from backend.pipeline.answer_sentences import AnswerSentences
from backend.services.events import Citation, Proof, Quote, Reason, Span, Support
from backend.services.transfer.proved import letters, on_paper
from backend.services.transfer.rendering import Format
from tests.services.transfer.test_export import Shelf, shelf, turn, words_of_pdf

__all__ = ["shelf"]

NOT_THERE = Reason("number", {"said": "25"}, "25 is not in this passage.")


def proved(answer: str, *verdicts: str, folded: bool = False) -> dict[str, Any]:
    """The answer's sentences with these verdicts, in order; what is supported, by sources 1 and 3."""
    reader = AnswerSentences()
    sentences = [*reader.feed(answer), *reader.end()]
    assert len(sentences) == len(verdicts)
    support = [Support(number, f"p{number}", "d1", 7, "words", [Span(0, 5)]) for number in (1, 3, 1)]
    citations = [
        Citation(one.start, one.end, verdict, support if verdict == "supported" else [], reason)  # type: ignore[arg-type]
        for one, verdict in zip(sentences, verdicts, strict=True)
        for reason in [NOT_THERE if verdict == "contradicted" else None]
    ]
    quote = Quote(1, "p1", "d1", "towers.pdf", 7, [], "The tower is 330 *metres* high.\nSo it is.", 0, 29)
    return dataclasses.asdict(Proof([quote], sure=True, folded=folded, citations=citations))


@pytest.mark.parametrize(
    ("answer", "verdicts", "shown"),
    [
        ("It is high. It has 25 stairs.", ("supported", "contradicted"), "It is high. [1] [3] It has 25 stairs. [a]"),
        ("It is high [2]. It is [9] old! [7][8]", ("supported", "open"), "It is high. [1] [3] It is old!"),
        (
            "- **It is high.**\n- It is red.",
            ("supported", "unsupported"),
            "- **It is high.** [1] [3]\n- It is red. [a]",
        ),
        ("|A|B|\n|-|-|\n| It | high | ", ("supported",), "|A|B|\n|-|-|\n| It | high [1] [3] | "),
        ("塔很高。塔很旧。", ("supported", "open"), "塔很高。 [1] [3]塔很旧。"),
        ("```\nx[1] = 2\n```\nDone.", ("open",), "```\nx[1] = 2\n```\nDone."),
    ],
)
def test_marks_stand_behind_their_sentences(answer: str, verdicts: tuple[str, ...], shown: str) -> None:
    assert on_paper(answer, proved(answer, *verdicts)).content == shown


def test_an_answer_that_was_not_held_against_sources_stays_as_it_was_written() -> None:
    assert on_paper("It is high [1].", None).content == "It is high [1]."


def test_places_that_are_not_in_the_answer_harm_nobody() -> None:
    proof = proved("It is high. It is old.", "supported", "supported")
    proof["citations"][0].update(start=5, end=2)
    proof["citations"][1].update(start=3, end=1_000)
    assert on_paper("It is high.", proof).content == "It is high."


def test_letters_go_on_behind_z() -> None:
    assert [letters(number) for number in (1, 26, 27, 52, 53, 703)] == ["a", "z", "aa", "az", "ba", "aaa"]


ANSWER = "The tower is *330 m* high [4]. It has 25 stairs."


@pytest.mark.parametrize("form", ["md", "html", "pdf"])
def test_each_format_has_the_marks_the_reasons_and_the_quotes(shelf: Shelf, form: Format) -> None:
    identity = shelf.put(*turn(answer=ANSWER, proof=proved(ANSWER, "supported", "contradicted")))
    data = shelf.export(identity, form)
    text = words_of_pdf(data) if form == "pdf" else data.decode()
    for words in (
        "From the documents",
        "So it is.",
        "high. [1] [3] It has 25 stairs. [a]",
        "25 is not in this passage",
    ):
        assert words in " ".join(text.split())
    assert "[4]" not in text


def test_word_has_them_too(shelf: Shelf) -> None:
    import docx

    identity = shelf.put(*turn(answer=ANSWER, proof=proved(ANSWER, "supported", "contradicted")))
    lines = [part.text for part in docx.Document(io.BytesIO(shelf.export(identity, "docx"))).paragraphs]
    at = lines.index("From the documents")
    assert lines[at + 1 : at + 3] == [
        "“The tower is 330 *metres* high. So it is.” [1]",
        "The tower is 330 m high. [1] [3] It has 25 stairs. [a]",
    ]
    assert lines[lines.index("Not in the sources") + 1] == "[a] 25 is not in this passage."


def test_folded_quotes_stay_folded(shelf: Shelf) -> None:
    identity = shelf.put(*turn(answer=ANSWER, proof=proved(ANSWER, "supported", "open", folded=True)))
    assert b"From the documents" not in shelf.export(identity, "md")


def test_it_comes_back_with_our_own_json(shelf: Shelf) -> None:
    identity = shelf.put(*turn(answer=ANSWER, proof=proved(ANSWER, "supported", "contradicted")))
    first = shelf.conversations.get(identity)
    data = shelf.export(identity, "json")
    shelf.conversations.delete(identity)
    assert shelf.take(data).report.not_understood == []
    assert shelf.conversations.get(identity) == first


def test_a_proof_that_is_none_is_left_out_and_said(shelf: Shelf) -> None:
    identity = shelf.put(*turn(answer=ANSWER, proof={"citations": [{"start": "x"}]}))
    data = shelf.export(identity, "json")
    shelf.conversations.delete(identity)
    report = shelf.take(data).report
    assert report.imported == 1
    assert "proof" in str(report.not_understood)
