"""Question → passages, over real stores and the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.engines.embedder import Embedder
from backend.pipeline.terms import terms
from backend.services.search import Search
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.vectors import NewPassage, Vectors
from tests.benchmarks.retrieval import MODES, indexed, labelled_set, measure
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ROOT / "models")


class Collection:
    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.documents = Documents(Database(folder / "localchat.db"))
        self.vectors = Vectors(folder / "passages.lance")
        self.embedder = embedder
        self.search = Search(self.documents, self.vectors, embedder)

    def add(self, name: str, *texts: str, ready: bool = True) -> str:
        row, _ = self.documents.add(name, name, 1)
        rows = [NewPassage(text, "paragraph", None, [], 0, len(text), " ".join(terms(text))) for text in texts]
        self.vectors.replace(row.id, rows, self.embedder.embed(list(texts)), "test")
        if ready:
            self.documents.ready(row.id, None, len(rows))
        return row.id


@pytest.fixture
def collection(tmp_path: Path, embedder: Embedder) -> Collection:
    return Collection(tmp_path, embedder)


def test_no_documents_no_passages_and_no_model(tmp_path: Path) -> None:
    embedder = Embedder(ROOT / "models")
    assert Collection(tmp_path, embedder).search.find("anything") == []
    assert not embedder.loaded


def test_words_and_meaning_are_both_scored(collection: Collection) -> None:
    collection.add("a", "The Eiffel tower is 330 metres high.", "Bread is baked from flour.", "Dogs and cats are pets.")
    (best, *_) = collection.search.find("How tall is the Eiffel tower?")
    assert best.text.startswith("The Eiffel tower")
    assert best.vector is not None
    assert best.text_match is not None
    assert (best.vector.rank, best.text_match.rank) == (1, 1)
    assert best.score == pytest.approx(0.5 + 0.5 * best.vector.score, abs=1e-4)


def test_meaning_finds_what_words_do_not(collection: Collection) -> None:
    collection.add("a", "Our canine companions bark at night.", "The stock market fell.")
    assert collection.search.find("dog", mode="text") == []
    (best, *_) = collection.search.find("dog", mode="vector")
    assert "canine" in best.text
    assert best.text_match is None


def test_the_explained_score_of_a_mode_is_the_arms_own(collection: Collection) -> None:
    collection.add("a", "The tower is high.", "The tower is old and high.")
    found = collection.search.find("tower", mode="text")
    assert [hit.text_match.score for hit in found if hit.text_match] == pytest.approx(
        [hit.score for hit in found], abs=1e-5
    )
    assert all(hit.vector is None for hit in found)


def test_chinese_is_found_by_its_words(collection: Collection) -> None:
    collection.add("a", "上海是一座城市。", "北京大学成立于1898年。", "长江是中国最长的河流。")
    assert collection.search.find("北京大学是什么时候成立的？")[0].text.startswith("北京大学")


def test_both_arms_stay_within_the_given_documents(collection: Collection) -> None:
    one = collection.add("a", "The tower is high.")
    collection.add("b", "The tower is low.")
    for mode in ("hybrid", "vector", "text"):
        found = collection.search.find("tower", mode=mode, document_ids=[one])
        assert {hit.document_id for hit in found} == {one}
    assert collection.search.find("tower", document_ids=["' OR 1=1 --"]) == []
    assert collection.search.find("tower", document_ids=[]) == []


def test_a_document_that_is_not_ready_is_not_found(collection: Collection) -> None:
    collection.add("a", "The tower is high.")
    collection.add("b", "The tower is low.", ready=False)
    assert [hit.filename for hit in collection.search.find("tower")] == ["a"]


@pytest.mark.parametrize("question", ["?!", "' OR 1=1", "a AND (b", '"', "*", "the", "x" * 10_000])
def test_no_question_breaks_the_search(collection: Collection, question: str) -> None:
    collection.add("a", "The tower is high.")
    assert len(collection.search.find(question)) == 1


def test_the_limit_holds(collection: Collection) -> None:
    collection.add("a", *[f"Tower number {number} is high." for number in range(20)])
    assert len(collection.search.find("tower", limit=7)) == 7


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "least"), [("en", 0.90), ("de", 0.86), ("zh", 0.90)])
def test_labelled_questions_find_their_passage(
    shared: Path, tmp_path: Path, embedder: Embedder, language: str, least: float
) -> None:
    """A sixth of what tests/benchmarks/retrieval.py measures: both arms together are no worse than the better one."""
    passages, questions = labelled_set(shared / "eval" / f"xquad.{language}.json")
    search = indexed(passages, embedder, tmp_path)
    first = {mode: measure(search, questions[::6], mode)[0] for mode in MODES}
    assert first["hybrid"] >= least
    assert first["hybrid"] >= max(first["vector"], first["text"]) - 0.01
