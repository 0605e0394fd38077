"""Passages in a real LanceDB: found at once, one commit a document, filters that cannot be tricked."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.pipeline.terms import terms
from backend.stores import passage_writes
from backend.stores.vectors import DIMENSIONS, NewDocument, NewPassage, Vectors

A, B = uuid.uuid4().hex, uuid.uuid4().hex
HOSTILE = ["' OR 1=1 --", "x' OR '1'='1", A + "' OR 1=1", "", "%"]


@pytest.fixture
def vectors(tmp_path: Path) -> Vectors:
    return Vectors(tmp_path / "passages.lance")


def new(*texts: str) -> list[NewPassage]:
    return [NewPassage(text, "paragraph", 1, ["Top", "In"], 0, len(text), " ".join(terms(text))) for text in texts]


def directions(*numbers: int) -> NDArray[np.float32]:
    return np.eye(DIMENSIONS, dtype=np.float32)[list(numbers)]


def test_passages_are_found_at_once_by_both_arms(vectors: Vectors) -> None:
    vectors.replace(A, new("The tower is high", "A dog barks"), directions(0, 1), "test")
    (hit, *_) = vectors.matching(terms("towers"), 10)
    assert hit.passage.text == "The tower is high"
    assert hit.passage.heading == ["Top", "In"]
    assert hit.score > 0
    nearest = vectors.nearest(directions(1)[0], 10)
    assert [hit.passage.text for hit in nearest] == ["A dog barks", "The tower is high"]
    assert [hit.score for hit in nearest] == pytest.approx([1.0, 0.0], abs=1e-6)
    assert nearest[0].vector == pytest.approx(directions(1)[0])


def test_chinese_is_found(vectors: Vectors) -> None:
    vectors.replace(A, new("北京大学成立于1898年", "上海是一座城市"), directions(0, 1), "test")
    assert [hit.passage.text for hit in vectors.matching(terms("北京大学是什么时候成立的？"), 1)] == [
        "北京大学成立于1898年"
    ]


def test_replacing_a_document_leaves_none_of_the_old(vectors: Vectors) -> None:
    vectors.replace(A, new("old words here"), directions(0), "test")
    vectors.replace(A, new("new words", "and more"), directions(1, 2), "test")
    assert vectors.count(A) == 2
    assert vectors.matching(terms("old"), 10) == []


def test_passages_come_in_order_and_in_pages(vectors: Vectors) -> None:
    vectors.replace(A, new(*[f"number {number}" for number in range(10)]), directions(*range(10)), "test")
    vectors.replace(B, new("other"), directions(0), "test")
    assert [passage.index for passage in vectors.passages(A, 3, 4)] == [3, 4, 5, 6]
    assert vectors.passages(A)[0].id == f"{A}-0"


def test_both_arms_can_be_narrowed_to_documents(vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    vectors.replace(B, new("a tower too"), directions(0), "test")
    assert {hit.passage.document_id for hit in vectors.matching(terms("tower"), 10, [B])} == {B}
    assert {hit.passage.document_id for hit in vectors.nearest(directions(0)[0], 10, [B])} == {B}
    assert {hit.passage.document_id for hit in vectors.nearest(directions(0)[0], 10, [A, B])} == {A, B}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_id_matches_nothing_and_deletes_nothing(vectors: Vectors, hostile: str) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    assert vectors.matching(terms("tower"), 10, [hostile]) == []
    assert vectors.nearest(directions(0)[0], 10, [hostile]) == []
    assert vectors.passages(hostile) == []
    assert vectors.count(hostile) == 0
    vectors.delete(hostile)
    assert vectors.count() == 1


def test_a_filter_of_no_documents_finds_nothing(vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    assert vectors.nearest(directions(0)[0], 10, []) == []


def test_deletion_shows_at_once_and_orphans_are_swept(vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    vectors.replace(B, new("a bridge"), directions(1), "test")
    vectors.delete(A)
    assert vectors.matching(terms("tower"), 10) == []
    assert vectors.keep_only(lambda: [A]) == 1
    assert vectors.count() == 0


def test_another_handle_and_an_optimized_table_find_the_same(tmp_path: Path, vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    vectors.optimize()
    vectors.replace(B, new("another tower"), directions(1), "test")
    assert len(Vectors(tmp_path / "passages.lance").matching(terms("tower"), 10)) == 2


def test_a_store_that_was_never_written_is_empty_and_stays_unopened(tmp_path: Path, vectors: Vectors) -> None:
    assert vectors.count() == 0
    assert vectors.matching(terms("tower"), 10) == []
    vectors.delete(A)
    assert not (tmp_path / "passages.lance").exists()


def test_several_documents_are_replaced_in_one_commit(vectors: Vectors, tmp_path: Path) -> None:
    vectors.replace(A, new("old tower", "second"), directions(0, 1), "test")
    versions = tmp_path / "passages.lance" / "passages.lance" / "_versions"
    before = len(list(versions.glob("*.manifest")))
    vectors.replace_many(
        [
            NewDocument(A, new("new tower"), directions(2), "test"),
            NewDocument(B, new("a bridge", "a boat"), directions(3, 4), "test"),
        ]
    )
    assert len(list(versions.glob("*.manifest"))) == before + 1
    assert [passage.text for passage in vectors.passages(A)] == ["new tower"]
    assert [hit.passage.text for hit in vectors.matching(terms("bridge"), 5)] == ["a bridge"]
    vectors.replace(A, [], np.empty((0, 384), dtype=np.float32), "test")
    assert (vectors.count(A), vectors.count(B)) == (0, 2)
    vectors.delete_many([A, B, "' OR 1=1"])
    assert vectors.count() == 0


def test_a_hundred_replacements_leave_no_more_than_the_last(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"number {number} " + "of many words " * 50 for number in range(60)]
    rows = np.eye(60, 384, dtype=np.float32)
    for round_ in range(100):
        vectors.replace(A, new(*[f"{text} {round_}" for text in texts]), rows, "test")
    time.sleep(1.1)
    monkeypatch.setattr(passage_writes, "KEEP_VERSIONS", timedelta(seconds=1))
    vectors.optimize()
    raw = sum(len(text) for text in texts) + rows.nbytes
    assert vectors.size() < 2 * raw
    assert vectors.count() == 60
