"""What is kept of the passages in memory: searches find the same with it, and see every change at once."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.engines.embedder import Embedder
from backend.pipeline.terms import VERSION, terms
from backend.services.search import Found
from backend.stores import passage_rows, passage_words, passages_search
from backend.stores.passage_rows import Packed
from backend.stores.passages_search import Hit, PassageSearch
from backend.stores.vectors import DIMENSIONS, NewPassage, Vectors
from tests.benchmarks.retrieval import Collection
from tests.conftest import ROOT

A, B, C = (uuid.uuid4().hex for _ in range(3))
WORDS = ["3", "41", "7"]


def spread(count: int, seed: int = 1) -> NDArray[np.float32]:
    """(count, 384), of length 1, in all directions."""
    points = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    normal: NDArray[np.float32] = points / np.linalg.norm(points, axis=1, keepdims=True)
    return normal


def put(vectors: Vectors, document: str, first: int, count: int) -> None:
    """Passages `first` and on of a thousand; each names its number."""
    texts = [f"number {number} of {number % 7}" for number in range(first, first + count)]
    rows = [
        NewPassage(text, "paragraph", at % 3 or None, ["Top"][: at % 2], at, at + 9, " ".join(terms(text)), 1, "Title")
        for at, text in enumerate(texts)
    ]
    vectors.replace(document, rows, spread(1000)[first : first + count], "test")


@pytest.fixture
def vectors(tmp_path: Path) -> Vectors:
    vectors = Vectors(tmp_path / "passages.lance")
    put(vectors, A, 0, 600)
    put(vectors, B, 600, 300)
    return vectors


def said(hits: Sequence[Hit]) -> list[object]:
    return [(hit.passage, hit.terms, hit.title, round(hit.score, 5)) for hit in hits]


def ready(search: PassageSearch) -> PassageSearch:
    search.keep_ready()
    assert not search.behind
    return search


def near(search: PassageSearch, limit: int, narrowed: list[str] | None) -> list[object]:
    return said(search.nearest(spread(1000)[17], limit, narrowed))


def same_is_found(search: PassageSearch, other: PassageSearch, limit: int, narrowed: list[str] | None) -> None:
    """By each arm. Passages with the same words may come in any order; LanceDB counts the frequencies of words among
    those that a filter leaves where they are not in its index yet."""
    assert near(search, limit, narrowed) == near(other, limit, narrowed)
    mine, theirs = (
        {hit.passage.id: (hit.passage, hit.terms, hit.title, hit.score) for hit in one.matching(WORDS, limit, narrowed)}
        for one in (search, other)
    )
    assert {identity: hit[:3] for identity, hit in mine.items()} == {key: hit[:3] for key, hit in theirs.items()}
    for identity, hit in mine.items():
        assert hit[3] == pytest.approx(theirs[identity][3], rel=1e-5 if narrowed is None else 0.1)


@pytest.mark.parametrize("narrowed", [None, [A], [B], [A, B], [B, C], [C]])
def test_the_same_is_found_with_the_rows_and_without(vectors: Vectors, narrowed: list[str] | None) -> None:
    same_is_found(ready(PassageSearch(vectors)), PassageSearch(vectors), 500, narrowed)


@pytest.mark.parametrize("bounds", [["MOST_TEXTS"], ["MOST_VECTORS"], ["MOST_WORDS"], ["MOST_TEXTS", "MOST_WORDS"]])
def test_the_same_is_found_where_something_is_left_on_the_disk(
    vectors: Vectors, monkeypatch: pytest.MonkeyPatch, bounds: list[str]
) -> None:
    for bound in bounds:
        monkeypatch.setattr(passage_rows, bound, 1_000)
    search = ready(PassageSearch(vectors))
    for narrowed in (None, [B]):
        same_is_found(search, PassageSearch(vectors), 500, narrowed)
    for hit in search.matching(WORDS, 10):
        assert hit.vector is not None
        assert hit.vector == pytest.approx(spread(1000)[int(hit.passage.text.split()[1])], abs=1e-7)


def test_a_wide_filter_of_a_large_table_leaves_what_it_leaves_without_rows(
    vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("EXACT_ROWS", 200), ("INDEXED_ROWS", 200), ("FILTER_ROWS", 200), ("PARTITION_ROWS", 100)):
        monkeypatch.setattr(passages_search, name, value)
    search = PassageSearch(vectors)
    search.keep_quick()
    ready(search)
    for narrowed in ([A], [B]):
        plain = PassageSearch(vectors)
        assert near(search, 20, narrowed) == near(plain, 20, narrowed)
        quick = [hit.score for hit in search.matching(WORDS, 20, narrowed)]
        assert quick == pytest.approx([hit.score for hit in plain.matching(WORDS, 20, narrowed)], rel=0.02)
    for bound in ("MOST_VECTORS", "MOST_WORDS"):
        monkeypatch.setattr(passage_rows, bound, 1_000)
        left = ready(PassageSearch(vectors))
        assert near(left, 20, [A]) == near(search, 20, [A])
        scores = [hit.score for hit in left.matching(WORDS, 20, [A])]
        assert scores == pytest.approx([hit.score for hit in search.matching(WORDS, 20, [A])], rel=0.02)


def test_what_comes_and_goes_is_seen_at_once(vectors: Vectors) -> None:
    search = PassageSearch(vectors)
    vector = spread(1000)[950]
    for _ in range(2):
        search.keep_ready()
        put(vectors, C, 900, 100)
        assert search.behind
        assert search.nearest(vector, 1)[0].passage.id == f"{C}-50"
        assert search.matching(["950"], 1)[0].passage.id == f"{C}-50"
        search.keep_ready()
        assert search.nearest(vector, 1)[0].passage.id == f"{C}-50"
        put(vectors, C, 950, 2)
        assert search.nearest(vector, 1)[0].passage.id == f"{C}-0", "replaced"
        assert search.nearest(vector, 1, [A, B])[0].passage.document_id != C
        search.keep_ready()
        assert search.nearest(vector, 1)[0].passage.id == f"{C}-0"
        vectors.delete(C)
        assert {hit.passage.document_id for hit in search.nearest(vector, 900)} == {A, B}
        assert search.matching(["950"], 1) == []
        search.keep_ready()
        assert {hit.passage.document_id for hit in search.nearest(vector, 900)} == {A, B}
        vectors.optimize()


def test_passages_that_are_indexed_anew_are_found_by_their_new_terms(
    vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passage_words, "ROWS", 64)  # so that there are whole blocks, which may be taken over
    search = ready(PassageSearch(vectors))
    assert search.matching(["zebra"], 10) == []
    assert vectors.refresh_terms(2, lambda row: f"zebra {row['text']}", most=300) == 300
    assert len(ready(search).matching(["zebra"], 1000)) == 300
    while vectors.refresh_terms(2, lambda row: f"zebra {row['text']}", most=300):
        pass
    vectors.optimize()
    assert len(ready(search).matching(["zebra"], 1000)) == 900


def test_a_table_that_changes_amid_a_search_is_asked_again(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    search = PassageSearch(vectors)
    read = passages_search._Quick._read

    def changed_meanwhile(self: passages_search._Quick, places: NDArray[np.intp]) -> object:
        if vectors.count(B):
            vectors.delete(B)
        return read(self, places)

    monkeypatch.setattr(passages_search._Quick, "_read", changed_meanwhile)
    assert {hit.passage.document_id for hit in ready(search).matching(WORDS, 50)} == {A}
    put(vectors, B, 600, 300)
    assert {hit.passage.document_id for hit in ready(search).nearest(spread(1000)[700], 50)} == {A}


def test_rows_are_not_those_of_a_table_that_was_made_anew(vectors: Vectors) -> None:
    search = PassageSearch(vectors)
    search.keep_ready()
    vectors.drop()
    assert search.nearest(spread(1000)[17], 5) == []
    put(vectors, A, 300, 600)
    put(vectors, B, 0, 300)
    search.keep_ready()
    assert search.nearest(spread(1000)[17], 1)[0].passage.id == f"{B}-17"
    same_is_found(search, PassageSearch(vectors), 500, None)


def test_a_table_that_changes_while_it_is_read_is_not_taken_for_read(
    vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = passage_rows._pack

    def changed_meanwhile(*arguments: object) -> Packed:
        packed = pack(*arguments)  # type: ignore[arg-type]
        vectors.delete(B)
        return packed

    search = PassageSearch(vectors)
    monkeypatch.setattr(passage_rows, "_pack", changed_meanwhile)
    search.keep_ready()
    assert search.behind
    assert {hit.passage.document_id for hit in search.matching(WORDS, 900)} == {A}
    search.keep_ready()
    assert not search.behind


def test_searches_and_changes_side_by_side_never_mix_versions(vectors: Vectors) -> None:
    """Each answer is of the table before a change or after it."""
    search = PassageSearch(vectors)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            put(vectors, C, 900, 100)
            search.keep_ready()
            vectors.delete(C)
            vectors.optimize()

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(30):
            for hit in [*search.nearest(spread(1000)[950], 20), *search.matching(["950", "7"], 20)]:
                number = int(hit.passage.text.split()[1])
                owner, first = (A, 0) if number < 600 else (B, 600) if number < 900 else (C, 900)
                assert hit.passage.id == f"{owner}-{number - first}"
                if hit.vector is None:
                    assert hit.score == pytest.approx(float(spread(1000)[number] @ spread(1000)[950]), abs=1e-5)
                else:
                    assert hit.vector == pytest.approx(spread(1000)[number], abs=1e-7)
    finally:
        stop.set()
        changing.join()


def test_packed_vectors_differ_from_their_own_by_less_than_cosines_are_rounded() -> None:
    points = np.concatenate([spread(500), np.eye(DIMENSIONS, dtype=np.float32)[:5], np.zeros((1, DIMENSIONS))])
    points = points.astype(np.float32)
    count = len(points)
    packed = Packed(
        np.arange(count, dtype=np.uint64),
        np.empty(points.shape, np.int8),
        np.empty(points.shape, np.int16),
        np.empty(count, np.float32),
    )
    packed.put(np.arange(count), points)
    whole = packed.whole(np.arange(count))
    assert np.abs(whole - points).max() < 1e-7
    assert np.abs(whole @ points[3] - points @ points[3]).max() < 2e-7


@pytest.mark.parametrize("language", ["en", "de", "zh", "ru"])
def test_real_questions_find_the_same_to_the_last_rank(tmp_path: Path, language: str) -> None:
    """Over 120 paragraphs of Wikipedia, with both arms, with a filter and without."""
    file = ROOT.parent / "shared" / "eval" / f"xquad.{language}.json"
    if not file.is_file():
        pytest.skip("the labelled sets are not here")
    collection = Collection(tmp_path, Embedder(ROOT / "models", threads=1))
    articles = json.loads(file.read_text("utf-8"))["data"][::2]
    identities: list[str] = []
    for number, article in enumerate(articles):
        texts = [paragraph["context"] for paragraph in article["paragraphs"]]
        row, _ = collection.documents.add(f"{number:064x}", f"{number}.txt", 1)
        rows = [NewPassage(text, "paragraph", None, [], 0, len(text), " ".join(terms(text)), VERSION) for text in texts]
        collection.vectors.replace(row.id, rows, collection.embedder.embed(texts), "test")
        collection.documents.ready(row.id, None, len(rows))
        identities.append(row.id)
    questions = [one["question"] for article in articles for part in article["paragraphs"] for one in part["qas"]][::20]

    def found() -> list[list[tuple[Found, float]]]:
        return [
            [(one.passage_id, one.related, one.vector and one.vector.rank) for one in hits]  # type: ignore[misc]
            for question in questions
            for hits in (
                collection.search.find(question, limit=50),
                collection.search.find(question, limit=50, document_ids=identities[::2]),
            )
        ]

    collection.knowledge.now()
    plain = found()
    collection.passages.keep_ready()
    assert not collection.passages.behind
    assert found() == plain
