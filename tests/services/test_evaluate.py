"""Labelled sets through the real search, and the user's own documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backend.engines.embedder import Embedder
from backend.errors import InvalidRequest
from backend.services.evaluate import Evaluation, Tally, read_set
from backend.services.events import EvaluationDone, EvaluationStep
from tests.conftest import ROOT
from tests.services.test_search import Collection

PLACES = ["tower", "river", "bridge", "castle", "garden", "market", "harbour", "forest", "museum", "station"]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ROOT / "models")


@pytest.fixture
def collection(tmp_path: Path, embedder: Embedder) -> Collection:
    folder = tmp_path / "data"
    folder.mkdir()
    return Collection(folder, embedder)


def squad(folder: Path) -> Path:
    content = {
        "data": [
            {
                "title": place,
                "paragraphs": [
                    {
                        "context": f"The old {place} was opened in {1900 + number}. Many people go there on Sundays.",
                        "qas": [
                            {
                                "question": f"When was the {place} opened?",
                                "answers": [{"text": str(1900 + number), "answer_start": 0}],
                            }
                        ],
                    }
                ],
            }
            for number, place in enumerate(PLACES)
        ]
    }
    path = folder / "set.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


def beir(folder: Path) -> Path:
    rows = [{"_id": f"d{n}", "title": place, "text": f"It was opened {n} years ago."} for n, place in enumerate(PLACES)]
    queries = [{"_id": "q1", "text": "the tower"}, {"_id": "q2", "text": "a bridge"}, {"_id": "none", "text": "x"}]
    (folder / "qrels").mkdir()
    for name, lines in (("corpus.jsonl", rows), ("queries.jsonl", queries)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td0\t2\nq2\td2\t1\nq2\td3\t0\n", "utf-8")
    return folder


def finished(events: Any) -> EvaluationDone:
    *steps, done = events
    assert {step.progress.stage for step in steps} >= {"reading", "weighing", "asking"}
    assert all(isinstance(step, EvaluationStep) for step in steps)
    assert isinstance(done, EvaluationDone)
    return done


def test_a_squad_file_is_asked_in_all_three_modes(tmp_path: Path, collection: Collection) -> None:
    done = finished(Evaluation(collection.documents, collection.passages, collection.embedder).of_set(squad(tmp_path)))
    assert (done.passages, done.questions) == (10, 10)
    assert done.hybrid.hit_1 == done.hybrid.hit_5 == done.hybrid.mrr == done.hybrid.ndcg_10 == 1
    assert done.text.hit_1 == 1
    assert done.vector.hit_5 > 0.5
    assert done.hybrid.milliseconds > 0
    assert done.quotes is None
    assert collection.passages.count() == 0, "the user's own store is left alone"


def test_quotes_are_judged_by_the_answers(tmp_path: Path, collection: Collection) -> None:
    def quote(question: str, passages: Any, scores: Any) -> list[str]:
        assert len(scores) == len(passages)
        assert scores == sorted(scores, reverse=True), "as the search ranked them"
        right = passages[0].split(". ")[0]
        return [right] if "tower" in question else ["Nothing.", right]

    evaluation = Evaluation(collection.documents, collection.passages, collection.embedder, quote)
    done = finished(evaluation.of_set(squad(tmp_path)))
    assert done.quotes is not None
    assert (done.quotes.hit_1, done.quotes.hit_3) == (0.1, 1.0)


def test_a_beir_folder_is_asked(tmp_path: Path, collection: Collection) -> None:
    folder = tmp_path / "beir"
    folder.mkdir()
    done = finished(Evaluation(collection.documents, collection.passages, collection.embedder).of_set(beir(folder)))
    assert (done.passages, done.questions) == (10, 2)
    assert done.hybrid.hit_1 == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"data": [{}]}', '{"data": []}', "no json", "\x00\xff"])
def test_a_file_that_is_no_set_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "set.json"
    path.write_text(content, "utf-8")
    with pytest.raises(InvalidRequest):
        read_set(path)
    with pytest.raises(InvalidRequest):
        read_set(tmp_path / "missing.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequest):
        read_set(tmp_path / "empty")


def test_figures_are_those_of_trec() -> None:
    tally = Tally()
    tally.add(["x", "right", "good"], {"right": 1, "good": 2}, 0.5)
    figures = tally.figures()
    assert (figures.hit_1, figures.hit_5, figures.mrr, figures.milliseconds) == (0, 1, 0.5, 500)
    # (1 / log2 3 + 2 / log2 4) / (2 / log2 2 + 1 / log2 3)
    assert figures.ndcg_10 == pytest.approx(0.6199, abs=1e-4)


def test_own_documents_are_asked_for_their_own_sentences(collection: Collection) -> None:
    texts = [
        f"The {place} lies in the north of the country. The {place} was opened to visitors by the mayor. "
        f"Everyone who likes a {place} should come early in the morning."
        for place in PLACES
    ]
    collection.add("places.txt", *texts)
    done = finished(Evaluation(collection.documents, collection.passages, collection.embedder).of_mine())
    assert done.questions == 10
    assert done.hybrid.hit_5 >= 0.8
    assert [advice.code for advice in done.advice] == ["good"]


def test_documents_that_all_say_the_same_are_told_so(collection: Collection) -> None:
    texts = [
        f"Entry {number} of the list. Nothing else is said about it in this register of entries."
        for number in range(60)
    ]
    collection.add("list.txt", *texts)
    done = finished(Evaluation(collection.documents, collection.passages, collection.embedder).of_mine())
    assert "look_alike" in [advice.code for advice in done.advice]


def test_without_documents_nothing_can_be_asked(collection: Collection) -> None:
    evaluation = Evaluation(collection.documents, collection.passages, collection.embedder)
    with pytest.raises(InvalidRequest, match="Add some documents"):
        list(evaluation.of_mine())
