"""Passages in a real LanceDB: found at once, one commit a document, filters that cannot be tricked."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from backend.pipeline.terms import terms
from backend.stores import passage_writes, passages_search
from backend.stores.passages_search import PassageSearch
from backend.stores.vectors import DIMENSIONS, NewDocument, NewPassage, Vectors
from backend.stores.vectors import schema as vectors_schema

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
    (hit, *_) = PassageSearch(vectors).matching(terms("towers"), 10)
    assert hit.passage.text == "The tower is high"
    assert hit.passage.heading == ["Top", "In"]
    assert hit.score > 0
    nearest = PassageSearch(vectors).nearest(directions(1)[0], 10)
    assert [hit.passage.text for hit in nearest] == ["A dog barks", "The tower is high"]
    assert [hit.score for hit in nearest] == pytest.approx([1.0, 0.0], abs=1e-6)
    assert hit.vector == pytest.approx(directions(0)[0])


def test_chinese_is_found(vectors: Vectors) -> None:
    vectors.replace(A, new("北京大学成立于1898年", "上海是一座城市"), directions(0, 1), "test")
    assert [hit.passage.text for hit in PassageSearch(vectors).matching(terms("北京大学是什么时候成立的？"), 1)] == [
        "北京大学成立于1898年"
    ]


def test_replacing_a_document_leaves_none_of_the_old(vectors: Vectors) -> None:
    vectors.replace(A, new("old words here"), directions(0), "test")
    vectors.replace(A, new("new words", "and more"), directions(1, 2), "test")
    assert vectors.count(A) == 2
    assert PassageSearch(vectors).matching(terms("old"), 10) == []


def test_passages_come_in_order_and_in_pages(vectors: Vectors) -> None:
    vectors.replace(A, new(*[f"number {number}" for number in range(10)]), directions(*range(10)), "test")
    vectors.replace(B, new("other"), directions(0), "test")
    assert [passage.index for passage in vectors.passages(A, 3, 4)] == [3, 4, 5, 6]
    assert vectors.passages(A)[0].id == f"{A}-0"


def test_both_arms_can_be_narrowed_to_documents(vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    vectors.replace(B, new("a tower too"), directions(0), "test")
    assert {hit.passage.document_id for hit in PassageSearch(vectors).matching(terms("tower"), 10, [B])} == {B}
    assert {hit.passage.document_id for hit in PassageSearch(vectors).nearest(directions(0)[0], 10, [B])} == {B}
    assert {hit.passage.document_id for hit in PassageSearch(vectors).nearest(directions(0)[0], 10, [A, B])} == {A, B}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_id_matches_nothing_and_deletes_nothing(vectors: Vectors, hostile: str) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    assert PassageSearch(vectors).matching(terms("tower"), 10, [hostile]) == []
    assert PassageSearch(vectors).nearest(directions(0)[0], 10, [hostile]) == []
    assert vectors.passages(hostile) == []
    assert vectors.count(hostile) == 0
    vectors.delete(hostile)
    assert vectors.count() == 1


def test_a_filter_of_no_documents_finds_nothing(vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    assert PassageSearch(vectors).nearest(directions(0)[0], 10, []) == []


def test_deletion_shows_at_once_and_orphans_are_swept(vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    vectors.replace(B, new("a bridge"), directions(1), "test")
    vectors.delete(A)
    assert PassageSearch(vectors).matching(terms("tower"), 10) == []
    assert vectors.keep_only(lambda: [A]) == 1
    assert vectors.count() == 0


def test_another_handle_and_an_optimized_table_find_the_same(tmp_path: Path, vectors: Vectors) -> None:
    vectors.replace(A, new("a tower"), directions(0), "test")
    vectors.optimize()
    vectors.replace(B, new("another tower"), directions(1), "test")
    assert len(PassageSearch(Vectors(tmp_path / "passages.lance")).matching(terms("tower"), 10)) == 2


def test_a_store_that_was_never_written_is_empty_and_stays_unopened(tmp_path: Path, vectors: Vectors) -> None:
    assert vectors.count() == 0
    assert PassageSearch(vectors).matching(terms("tower"), 10) == []
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
    assert [hit.passage.text for hit in PassageSearch(vectors).matching(terms("bridge"), 5)] == ["a bridge"]
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


def old_table(folder: Path, document: str) -> None:
    """A store as the first version wrote it: without titles, and with the terms of that time."""
    connection = lancedb.connect(folder)
    row = {
        "id": f"{document}-0", "document_id": document, "index": 0, "text": "टावर ऊँचा है",
        "kind": "paragraph", "page": 1, "heading": ["Top"], "start": 0, "end": 12,
        "terms": "old words", "embedder": "test",
        "vector": directions(3)[0].tolist(),
    }  # fmt: skip
    later = {"title", "terms_version"}
    schema = pa.schema([field for field in vectors_schema() if field.name not in later])
    connection.create_table("passages", pa.Table.from_pylist([row], schema=schema))


def test_a_store_of_before_keeps_its_passages_and_takes_new_ones(tmp_path: Path) -> None:
    old_table(tmp_path / "passages.lance", A)
    vectors = Vectors(tmp_path / "passages.lance")
    assert [passage.text for passage in vectors.passages(A)] == ["टावर ऊँचा है"]
    assert PassageSearch(vectors).matching(["old"], 5)[0].title is None
    vectors.replace(B, new("a new tower"), directions(4), "test")
    assert vectors.count() == 2


def test_terms_of_older_rules_are_made_again_and_nothing_else_changes(tmp_path: Path) -> None:
    old_table(tmp_path / "passages.lance", A)
    vectors = Vectors(tmp_path / "passages.lance")
    before = PassageSearch(vectors).nearest(directions(3)[0], 1)[0]
    assert vectors.refresh_terms(2, lambda row: f"fresh {row['text'][:4]}") == 1
    assert vectors.refresh_terms(2, lambda row: "never") == 0
    search = PassageSearch(vectors)
    assert search.matching(["old"], 5) == []
    (after,) = search.matching(["fresh"], 5)
    assert after.passage == before.passage
    assert after.vector == pytest.approx(directions(3)[0])


def test_a_large_store_gets_its_indexes_and_finds_the_same(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passages_search, "EXACT_ROWS", 500)
    monkeypatch.setattr(passages_search, "INDEXED_ROWS", 500)
    monkeypatch.setattr(passages_search, "FILTER_ROWS", 500)
    monkeypatch.setattr(passages_search, "PARTITION_ROWS", 100)
    points = np.random.default_rng(1).standard_normal((1000, DIMENSIONS)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    vectors.replace(A, new(*[f"number {number}" for number in range(600)]), points[:600], "test")
    vectors.replace(B, new(*[f"number {number}" for number in range(400)]), points[600:], "test")
    search = PassageSearch(vectors)
    asked = points[700]
    before = [hit.passage.id for hit in search.nearest(asked, 10)]
    assert search.keep_quick()
    assert not search.keep_quick(), "nothing is left to build"
    built = vectors.run(lambda table: {index.columns[0]: index.index_type for index in table.list_indices()})
    assert built["vector"] == "IvfFlat"
    assert "document_id" in built
    # Every one of the ten partitions is looked at, so the answer is the exact one.
    assert [hit.passage.id for hit in search.nearest(asked, 10)] == before
    assert {hit.passage.document_id for hit in search.nearest(asked, 10, [A])} == {A}
    vectors.delete(B)
    assert {hit.passage.document_id for hit in search.nearest(asked, 10)} == {A}


def numbered(vectors: Vectors) -> PassageSearch:
    """1,000 passages with vectors in all directions, three fifths of them of A."""
    points = np.random.default_rng(1).standard_normal((1000, DIMENSIONS)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    vectors.replace(A, new(*[f"number {number} of {number % 7}" for number in range(600)]), points[:600], "test")
    vectors.replace(B, new(*[f"number {number} of {number % 7}" for number in range(400)]), points[600:], "test")
    return PassageSearch(vectors)


@pytest.mark.parametrize("narrowed", [[A], [B]])
def test_a_wide_filter_leaves_what_it_leaves_of_a_small_table(
    vectors: Vectors, monkeypatch: pytest.MonkeyPatch, narrowed: list[str]
) -> None:
    search = numbered(vectors)
    vector = asked_of(vectors)
    words = ["3", "41", "7"]
    nearest, matching = search.nearest(vector, 20, narrowed), search.matching(words, 20, narrowed)
    for name, value in (("EXACT_ROWS", 300), ("INDEXED_ROWS", 300), ("FILTER_ROWS", 300), ("PARTITION_ROWS", 100)):
        monkeypatch.setattr(passages_search, name, value)
    assert search.keep_quick()
    wide_nearest, wide_matching = search.nearest(vector, 20, narrowed), search.matching(words, 20, narrowed)
    assert [(hit.passage, round(hit.score, 5)) for hit in wide_nearest] == [
        (hit.passage, round(hit.score, 5)) for hit in nearest
    ]
    # Passages that match as well as each other may come in any order, and LanceDB takes its averages of what a filter
    # leaves.
    assert [hit.score for hit in wide_matching] == pytest.approx([hit.score for hit in matching], rel=0.01)
    assert {hit.passage.document_id for hit in wide_matching} == set(narrowed)
    assert all(set(hit.terms.split()) & set(words) for hit in wide_matching)
    stored = {row["id"]: row for row in vectors.run(lambda table: table.search().limit(1000).to_list())}
    for hit in [*wide_nearest, *wide_matching]:
        assert hit.passage.text == stored[hit.passage.id]["text"]
    for hit in wide_matching:
        assert hit.vector is not None
        assert hit.vector.tolist() == stored[hit.passage.id]["vector"]


def test_what_a_wide_filter_found_is_asked_for_again_once_the_table_has_changed(
    vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = numbered(vectors)
    for name, value in (("EXACT_ROWS", 300), ("INDEXED_ROWS", 300), ("FILTER_ROWS", 300), ("PARTITION_ROWS", 100)):
        monkeypatch.setattr(passages_search, name, value)
    search.keep_quick()
    counted = passages_search.PassageSearch._count

    def changed_meanwhile(self: PassageSearch, table: Any, condition: str) -> int:
        count = counted(self, table, condition)
        if vectors.count(B):
            vectors.delete(B)
        return count

    monkeypatch.setattr(passages_search.PassageSearch, "_count", changed_meanwhile)
    found = search.matching(["41"], 10, [A, B])
    assert {hit.passage.document_id for hit in found} == {A}
    assert all("41" in hit.passage.text for hit in found)


def test_a_passage_knows_its_vector_or_its_cosine(vectors: Vectors) -> None:
    search = numbered(vectors)
    vector = asked_of(vectors)
    near = {hit.passage.id: hit for hit in search.nearest(vector, 1000)}
    assert all(hit.vector is None for hit in near.values())
    for hit in search.matching(["41", "7"], 20):
        assert hit.vector is not None
        assert float(hit.vector @ vector) == pytest.approx(near[hit.passage.id].score, abs=1e-5)


def test_nothing_is_found_where_nothing_is_or_nothing_is_asked(vectors: Vectors) -> None:
    search = PassageSearch(vectors)
    assert search.matching(["word"], 10) == search.nearest(directions(1)[0], 10) == []
    numbered(vectors)
    assert search.matching([], 10) == search.matching(["41"], 10, ["not an id"]) == []


def asked_of(vectors: Vectors) -> NDArray[np.float32]:
    rows = vectors.run(lambda table: table.search().where("`index` = 17").limit(1).to_list())
    return np.array(rows[0]["vector"], dtype=np.float32)


def test_a_sample_is_drawn_evenly_and_again_the_same(vectors: Vectors) -> None:
    vectors.replace(A, new(*[f"number {number}" for number in range(100)]), np.tile(directions(1), (100, 1)), "test")
    search = PassageSearch(vectors)
    one, other = search.sample(10, 1), search.sample(10, 1)
    assert [passage.id for passage in one.passages] == [passage.id for passage in other.passages]
    assert len({passage.id for passage in one.passages}) == 10
    assert one.vectors.shape == (10, DIMENSIONS)
    assert len(search.sample(1000, 1).passages) == 100
