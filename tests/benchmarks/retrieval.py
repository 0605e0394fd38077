"""How often the right passage is found, and how quickly in a large collection.

    python -m tests.benchmarks.retrieval FILE…             labelled sets: XQuAD's JSON or BEIR's folders
    python -m tests.benchmarks.retrieval --passages 100000 synthetic passages: milliseconds a question, memory
    python -m tests.benchmarks.retrieval --passages 1000000 --folder DIR
                                                           the same, made once: the next run measures only

The second prints p50 and p95 of the whole search, the question's embedding included, with a filter on half of the
documents, on three of them and without one; the same just after a change, when nothing is in memory yet; and the share
of the exact nearest 50 that is found. Before them stand the raw limits of the same run: the embedding alone, the bare
answers of LanceDB's two indexes, which are row numbers with scores, and the whole arms. A search is given as a multiple
of the embedding and the bare answer by words, which no search can do without. Processor milliseconds tell more on a
busy machine; the two arms run side by side. Memory is that of a process that only searches when the passages were made
before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from backend.allocator import bound_arenas
from backend.engines.embedder import DIMENSIONS, Embedder
from backend.pipeline.terms import VERSION, terms
from backend.services.evaluate import Evaluation
from backend.services.events import EvaluationDone
from backend.services.knowledge import Knowledge
from backend.services.search import Search
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.passages_search import PROBES, PassageSearch
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
    parser = argparse.ArgumentParser(prog="retrieval")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--passages", type=int)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args(arguments)
    embedder = Embedder(ROOT / "models")
    if options.passages:
        with nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory() as folder:
            Path(folder).mkdir(exist_ok=True)
            large(Collection(Path(folder), embedder), options.passages)
        return
    for name in options.files:
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
    bound_arenas()
    words = np.array([f"{chr(97 + number % 26)}{number:x}word" for number in range(VOCABULARY)])
    centres = np.random.default_rng(1).standard_normal((2_000, DIMENSIONS)).astype(np.float32)
    if not collection.documents.has_ready():
        made(collection, count, words, centres)
    identities = sorted(collection.documents.ids())
    collection.embedder.load()
    started = time.perf_counter()
    collection.knowledge.refresh()
    print(f"indexes and rows ready in {time.perf_counter() - started:.1f} s", flush=True)
    generator = np.random.default_rng(2)
    questions = [" ".join(line) for line in zipf(generator, words, (QUESTIONS, 9))]
    vectors = clustered(generator, centres, QUESTIONS)
    half, few = identities[: max(1, len(identities) // 2)], identities[:3]
    passages, find = collection.passages, collection.search.find
    embedding = timed("question's embedding", [partial(collection.embedder.embed_query, one) for one in questions])
    bare = timed(
        "bare answer by words", [partial(collection.vectors.run, partial(by_words, asked=q)) for q in questions]
    )
    timed("words arm, half", [partial(passages.matching, terms(one), 50, half) for one in questions])
    timed("vector arm, half", [partial(passages.nearest, one, 50, half) for one in vectors])
    for name, narrowed in (("search", None), ("search, half", half), ("search, 3 documents", few)):
        took = timed(name, [partial(find, one, document_ids=narrowed) for one in questions])
        print(f"{'':22} {took / (embedding + bare):.1f} times the embedding and the bare answer by words", flush=True)
    memory = psutil.Process().memory_info().rss / 1e6
    print(f"memory {memory:,.0f} MB, at most {peak():,.0f} MB until here", flush=True)
    timed("bare answer by vector", [partial(collection.vectors.run, partial(by_vector, vector=v)) for v in vectors])
    changed = Search(
        collection.documents, PassageSearch(collection.vectors), collection.embedder, collection.knowledge
    ).find
    for name, narrowed in (("after a change", None), ("after a change, half", half)):
        timed(name, [partial(changed, one, document_ids=narrowed) for one in questions])
    print(f"recall of the nearest 50: {recall(collection, vectors):.3f}")


def made(collection: Collection, count: int, words: NDArray[np.str_], centres: NDArray[np.float32]) -> None:
    """Words as frequent as in language (Zipf); vectors in clusters, as texts' are, rather than spread evenly."""
    generator = np.random.default_rng(3)
    started = time.perf_counter()
    for number, first in enumerate(range(0, count, DOCUMENT), start=1):
        size = min(DOCUMENT, count - first)
        row, _ = collection.documents.add(f"{first:064x}", f"{first}.txt", 1)
        texts = [". ".join(" ".join(line) for line in zipf(generator, words, (4, 25))) for _ in range(size)]
        rows = [NewPassage(text, "paragraph", None, [], 0, len(text), " ".join(terms(text)), VERSION) for text in texts]
        collection.vectors.replace(row.id, rows, clustered(generator, centres, size), "synthetic")
        collection.documents.ready(row.id, None, size)
        if number % 20 == 0:
            collection.vectors.optimize()
    collection.vectors.optimize()
    print(f"{count:,} passages stored in {time.perf_counter() - started:.1f} s", flush=True)


def by_words(table: Any, asked: str) -> Any:
    query = table.search(" ".join(dict.fromkeys(terms(asked))), query_type="fts", fts_columns="terms")
    return query.select(["_score"]).with_row_id(with_row_id=True).limit(50).to_arrow()


def by_vector(table: Any, vector: NDArray[np.float32]) -> Any:
    query = table.search(vector, vector_column_name="vector").distance_type("cosine").nprobes(PROBES)
    return query.select(["_distance"]).with_row_id(with_row_id=True).limit(50).to_arrow()


def peak() -> float:
    """Megabytes that this process had at most."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset / 1e6)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def zipf(generator: np.random.Generator, words: NDArray[np.str_], shape: tuple[int, int]) -> NDArray[np.str_]:
    chosen: NDArray[np.str_] = words[np.minimum(generator.zipf(1.2, shape), VOCABULARY) - 1]
    return chosen


def clustered(generator: np.random.Generator, centres: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """(count, 384), normalised."""
    vectors = centres[generator.integers(len(centres), size=count)]
    vectors = vectors + generator.standard_normal(vectors.shape).astype(np.float32)
    normal: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return normal


def timed(name: str, calls: list[Callable[[], object]]) -> float:
    """The median in milliseconds of the processor."""
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
    return float(np.percentile(used, 50))


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
