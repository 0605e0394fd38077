"""How often the right passage is found, and how quickly in a large collection.

    python -m tests.benchmarks.retrieval FILE…             labelled sets: XQuAD's JSON or BEIR's folders
    python -m tests.benchmarks.retrieval --passages 100000 synthetic passages: milliseconds a question, memory

The second prints p50 and p95 of the whole search, the question's embedding and a filter by documents included, beside
the raw limits of the same run: the embedding alone and each arm alone, with the reading of what it found; and the share
of the exact nearest 50 that the index finds. Processor milliseconds tell more on a busy machine; the two arms run side
by side.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from backend.engines.embedder import DIMENSIONS, Embedder
from backend.pipeline.terms import VERSION, terms
from backend.services.evaluate import Evaluation
from backend.services.events import EvaluationDone
from backend.services.knowledge import Knowledge
from backend.services.search import Search
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.passages_search import PassageSearch
from backend.stores.settings import Settings
from backend.stores.vectors import NewPassage, Vectors
from tests.conftest import ROOT

DOCUMENT = 500
"""Passages of a synthetic document."""

VOCABULARY = 60_000
QUESTIONS = 100


class Collection:
    """The search's parts over one folder, put together as the app does."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.database = Database(folder / "localchat.db")
        self.documents, self.vectors = Documents(self.database), Vectors(folder / "passages.lance")
        self.passages = PassageSearch(self.vectors)
        self.embedder = embedder
        self.settings = Settings(self.database)
        self.knowledge = Knowledge(self.vectors, self.passages, embedder, self.settings)
        self.search = Search(self.documents, self.passages, embedder, self.knowledge)


def main(arguments: list[str]) -> None:
    embedder = Embedder(ROOT / "models")
    if arguments[:1] == ["--passages"]:
        with tempfile.TemporaryDirectory() as folder:
            large(Collection(Path(folder), embedder), int(arguments[1]))
        return
    for name in arguments:
        done = figures(Path(name), embedder)
        for mode in ("vector", "text", "hybrid"):
            one = getattr(done, mode)
            print(
                f"{Path(name).name:16} {mode:7} hit@1 {one.hit_1:.3f}  hit@5 {one.hit_5:.3f}  mrr {one.mrr:.3f}  "
                f"ndcg@10 {one.ndcg_10:.3f}  {one.milliseconds:.1f} ms",
                flush=True,
            )


def figures(path: Path, embedder: Embedder) -> EvaluationDone:
    with tempfile.TemporaryDirectory() as folder:
        empty = Collection(Path(folder), embedder)
        *_, done = Evaluation(empty.documents, empty.passages, embedder).of_set(path)
    assert isinstance(done, EvaluationDone)
    return done


def large(collection: Collection, count: int) -> None:
    """Words as frequent as in language (Zipf); vectors in clusters, as texts' are, rather than spread evenly."""
    generator = np.random.default_rng(1)
    words = np.array([f"{chr(97 + number % 26)}{number:x}word" for number in range(VOCABULARY)])
    centres = generator.standard_normal((2_000, DIMENSIONS)).astype(np.float32)
    identities: list[str] = []
    started = time.perf_counter()
    for first in range(0, count, DOCUMENT):
        size = min(DOCUMENT, count - first)
        row, _ = collection.documents.add(f"{first:064x}", f"{first}.txt", 1)
        texts = [". ".join(" ".join(line) for line in zipf(generator, words, (4, 25))) for _ in range(size)]
        rows = [NewPassage(text, "paragraph", None, [], 0, len(text), " ".join(terms(text)), VERSION) for text in texts]
        collection.vectors.replace(row.id, rows, clustered(generator, centres, size), "synthetic")
        collection.documents.ready(row.id, None, size)
        identities.append(row.id)
        if len(identities) % 20 == 0:
            collection.vectors.optimize()
    collection.vectors.optimize()
    print(f"{count:,} passages stored in {time.perf_counter() - started:.1f} s", flush=True)
    started = time.perf_counter()
    collection.embedder.load()
    collection.passages.keep_quick()
    print(f"indexes built in {time.perf_counter() - started:.1f} s", flush=True)
    collection.knowledge.refresh()
    questions = [" ".join(line) for line in zipf(generator, words, (QUESTIONS, 9))]
    narrowed = identities[: max(1, len(identities) // 2)]
    vectors = clustered(generator, centres, QUESTIONS)
    find = collection.search.find
    few = identities[:3]
    timed("question's embedding", [partial(collection.embedder.embed_query, one) for one in questions])
    passages = collection.passages
    timed("vector arm alone", [partial(passages.nearest, one, 50, narrowed) for one in vectors])
    timed("words arm alone", [partial(passages.matching, terms(one), 50, narrowed) for one in questions])
    timed("search", [partial(find, one) for one in questions])
    timed("search, filter on", [partial(find, one, document_ids=narrowed) for one in questions])
    timed("search, 3 documents", [partial(find, one, document_ids=few) for one in questions])
    print(f"recall of the nearest 50: {recall(collection, vectors):.3f}")
    print(f"memory {psutil.Process().memory_info().rss / 1e6:,.0f} MB")


def zipf(generator: np.random.Generator, words: NDArray[np.str_], shape: tuple[int, int]) -> NDArray[np.str_]:
    chosen: NDArray[np.str_] = words[np.minimum(generator.zipf(1.2, shape), VOCABULARY) - 1]
    return chosen


def clustered(generator: np.random.Generator, centres: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """(count, 384), normalised."""
    vectors = centres[generator.integers(len(centres), size=count)]
    vectors = vectors + generator.standard_normal(vectors.shape).astype(np.float32)
    normal: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return normal


def timed(name: str, calls: list[Callable[[], object]]) -> None:
    calls[0]()
    took, used = [], []
    for call in calls:
        started, before = time.perf_counter(), time.process_time()
        call()
        took.append(1000 * (time.perf_counter() - started))
        used.append(1000 * (time.process_time() - before))
    print(
        f"{name:22} p50 {np.percentile(took, 50):6.1f} ms  p95 {np.percentile(took, 95):6.1f} ms  "
        f"of the processor p50 {np.percentile(used, 50):6.1f} ms  p95 {np.percentile(used, 95):6.1f} ms",
        flush=True,
    )


def recall(collection: Collection, vectors: NDArray[np.float32]) -> float:
    """Against every vector compared."""
    shares = []
    for vector in vectors[:20]:
        exact = collection.vectors.run(partial(compared, vector=vector))
        found = {hit.passage.id for hit in collection.passages.nearest(vector, 50)}
        shares.append(len(found & set(exact)) / max(len(exact), 1))
    return float(np.mean(shares))


def compared(table: Any, vector: NDArray[np.float32]) -> list[str]:
    query = table.search(vector, vector_column_name="vector").distance_type("cosine").bypass_vector_index()
    return [row["id"] for row in query.select(["id", "_distance"]).limit(50).to_list()]


if __name__ == "__main__":
    main(sys.argv[1:])
