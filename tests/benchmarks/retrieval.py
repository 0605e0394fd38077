"""How often the right passage is found: XQuAD's labelled questions through the real stores and the real search.

    python -m tests.benchmarks.retrieval FOLDER [LANGUAGE...]

FOLDER holds xquad.en.json and the like. Prints hit@1, hit@5 and milliseconds a question of each mode.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from backend.engines.embedder import Embedder
from backend.pipeline.terms import terms
from backend.services.search import Mode, Search
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.vectors import NewPassage, Vectors
from tests.conftest import ROOT

MODES: tuple[Mode, ...] = ("vector", "text", "hybrid")


def main(folder: Path, languages: list[str]) -> None:
    embedder = Embedder(ROOT / "models")
    for language in languages:
        with tempfile.TemporaryDirectory() as data:
            passages, questions = labelled_set(folder / f"xquad.{language}.json")
            search = indexed(passages, embedder, Path(data))
            for mode in MODES:
                first, five, milliseconds = measure(search, questions, mode)
                print(f"{language} {mode:7} hit@1 {first:.3f}  hit@5 {five:.3f}  {milliseconds:.1f} ms", flush=True)


def labelled_set(path: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """The passages, and each question with the index of the passage that answers it."""
    passages: list[str] = []
    questions: list[tuple[str, int]] = []
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            questions.extend((item["question"], len(passages)) for item in paragraph["qas"])
            passages.append(paragraph["context"])
    return passages, questions


def indexed(passages: list[str], embedder: Embedder, data: Path) -> Search:
    documents, vectors = Documents(Database(data / "localchat.db")), Vectors(data / "passages.lance")
    row, _ = documents.add("0" * 64, "xquad", 1)
    rows = [NewPassage(text, "paragraph", None, [], 0, len(text), " ".join(terms(text))) for text in passages]
    vectors.replace(row.id, rows, np.asarray(embedder.embed(passages)), embedder.name)
    documents.ready(row.id, None, len(rows))
    return Search(documents, vectors, embedder)


def measure(search: Search, questions: list[tuple[str, int]], mode: Mode) -> tuple[float, float, float]:
    first = five = 0
    started = time.perf_counter()
    for question, answer in questions:
        ranks = [int(found.passage_id.split("-")[1]) for found in search.find(question, limit=5, mode=mode)]
        first += ranks[:1] == [answer]
        five += answer in ranks
    seconds = time.perf_counter() - started
    return first / len(questions), five / len(questions), 1000 * seconds / len(questions)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["en", "de", "zh", "ru"])
