"""Quotes and citations as the chat sends them; labelled groups as the command line measures them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.engines.embedder import Embedder
from backend.errors import InvalidRequest
from backend.services.evaluate_proof import evaluate_proof
from backend.services.events import Source
from backend.services.proving import AnswerProof, quote
from build_scripts.models import MODELS
from desktop import cli

GIVEN = [
    Source(
        1, "p1", "d1", "lease.pdf", 3, [], "The rent is £1,850 a month. The Tenant may keep a dog in the rooms.", 0.9
    ),
    Source(2, "p2", "d2", "rules.pdf", None, [], "The laundry is closed on Sundays. Prams stand in the entrance.", 0.4),
]
ANSWER = "The rent is £1,850 a month [2]. The laundry is closed on Sundays.\n\nThe rent is £2,600 a month."


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(MODELS)


def test_quotes_carry_their_place() -> None:
    first = quote("How much is the rent a month?", GIVEN)[0][0]
    assert (first.passage_id, first.filename, first.page, first.source) == ("p1", "lease.pdf", 3, 1)
    assert GIVEN[0].text[first.start : first.end] == first.text == "The rent is £1,850 a month."


def test_citations_come_sentence_by_sentence(embedder: Embedder) -> None:
    proof = AnswerProof(GIVEN, embedder.embed)
    proof.prepare()
    pieces = [ANSWER[at : at + 5] for at in range(0, len(ANSWER), 5)]
    events = [event for piece in pieces for event in proof.feed(piece)]
    before = len(events)
    events += proof.end()
    assert before == 2
    rent, laundry, wrong = events
    # The model cites the second source; it stands in the first.
    (found,) = rent.support
    assert (rent.verdict, found.source, found.page) == ("supported", 1, 3)
    (other,) = laundry.support
    assert (laundry.verdict, other.passage_id, other.page) == ("supported", "p2", None)
    assert wrong.verdict in {"contradicted", "unsupported"}
    assert wrong.reason is not None
    assert wrong.reason.code in {"number", "other_number"}
    assert "2,600" in wrong.reason.message
    assert ANSWER[wrong.start : wrong.end] == "The rent is £2,600 a month."
    (words,) = found.words
    assert GIVEN[0].text[words.start : words.end] == found.text


def test_a_source_that_was_never_given_is_not_believed(embedder: Embedder) -> None:
    proof = AnswerProof(GIVEN, embedder.embed)
    event = [*proof.feed("The rent is £1,850 a month [7]."), *proof.end()][0]
    assert [support.source for support in event.support] == [1]


def test_the_label_does_not_change_the_verdict(tmp_path: Path) -> None:
    sentences = ["The rent is £1,850 a month.", "The rent is £2,600 a month."]
    results = []
    for label in ("supported", "unsupported"):
        group = {"passages": [GIVEN[0].text], "sentences": [{"text": text, "label": label} for text in sentences]}
        file = tmp_path / f"{label}.jsonl"
        file.write_text(json.dumps(group), "utf-8")
        results.append(evaluate_proof(file).sentences)
    assert results[0] == results[1]


@pytest.mark.parametrize("content", ["not json", '{"passages": []}', "[1, 2]", '{"passages": "a", "sentences": []}'])
def test_a_line_that_is_no_group_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(content, "utf-8")
    with pytest.raises(InvalidRequest, match="Line 1"):
        evaluate_proof(file)


def test_the_command_prints_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "set.jsonl"
    sentence = {"text": "The rent is £1,850 a month.", "label": "supported", "kind": "copied"}
    file.write_text(json.dumps({"group": "g", "passages": [GIVEN[0].text], "sentences": [sentence]}), "utf-8")
    assert cli.run(cli.parse(["--data", str(tmp_path), "evaluate", "--proof", str(file), "--json"])) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["supported_found"] == 1.0
    assert printed["unsupported_marked"] is None
    assert printed["by_kind"]["copied"] == {"count": 1, "right": 1.0}
    assert printed["sentences"][0] | {"verdict": "", "reason": None} == {
        "group": "g", "text": sentence["text"], "supported": True, "passage": 0, "words": sentence["text"][:-1],
        "verdict": "", "reason": None, "shown": "supported",
    }  # fmt: skip
    assert (printed["unsupported_underlined"], printed["supported_underlined"]) == (None, 0.0)
    assert cli.run(cli.parse(["evaluate", "--proof", str(tmp_path / "missing.jsonl")])) == 1


NAMED = [
    Source(
        1,
        "p1",
        "d1",
        "Lease Lindenstrasse 14.md",
        1,
        ["5 Rent"],
        "The rent is 1,450 euros a month.\nIt rises in May.",
        0.9,
    ),
    Source(
        2, "p2", "d2", "Lease_Kaiweg_3.pdf", None, ["5 Rent"], "The rent is 980 euros a month, heating included.", 0.8
    ),
]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The rent for Lindenstrasse 14 is 1,450 euros a month.", 1),
        ("For Kaiweg 3 the rent is 980 euros a month.", 2),
        ("For Kaiweg 3 the rent is 1,450 euros a month.", None),
        ("The rent for Lindenstrasse 16 is 1,450 euros a month.", None),
    ],
)
def test_what_a_passage_is_about_stands_above_it(embedder: Embedder, sentence: str, source: int | None) -> None:
    proof = AnswerProof(NAMED, embedder.embed)
    [found] = [*proof.feed(sentence), *proof.end()]
    assert (found.verdict == "supported") is (source is not None)
    if source is None:
        return
    [support] = found.support
    assert support.source == source
    [span] = support.words
    text = NAMED[source - 1].text
    assert text[span.start : span.end] == support.text
    assert text.startswith(support.text[:8])
