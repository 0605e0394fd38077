"""A folder of small files: how fast they are queued, imported, and followed.

    python -m tests.benchmarks.folder [FILES]

Bars: 150 files of 2 KB a second read and queued; the import bound by the embedder (its ratio to the bare embedder on
the very passages is printed); 3 s from a file's change to its being found; the store at most twice its text and
vectors after 100 re-imports of one document.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from backend import create_app
from backend.config import Config
from backend.pipeline.chunk import with_heading
from backend.services import Services
from backend.stores.passage_writes import KEEP_VERSIONS
from backend.stores.vectors import StoredPassage
from tests.conftest import NOBODY, ROOT, services_of

WORDS = ["the", "of", "and", "meadow", "river", "engine", "paper", "number", "letter", "winter", "house", "contract"]


def main(files: int = 1000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        papers = Path(folder) / "papers"
        papers.mkdir()
        for number in range(files):
            (papers / f"{number}.txt").write_text(small(number), encoding="utf-8")
        services = services_of(
            create_app(Config(Path(folder) / "data", ROOT / "models", Path(folder), ollama_host=NOBODY))
        )
        try:
            measure(services, papers, files)
        finally:
            services.close()


def small(number: int) -> str:
    """Two kilobytes, different for each number."""
    words = [WORDS[(number * at + at // 7) % len(WORDS)] for at in range(1, 330)]
    return f"File {number}. " + ". ".join(" ".join(words[at : at + 12]) for at in range(0, len(words), 12))


def measure(services: Services, papers: Path, files: int) -> None:
    embedder = services.library._embedder
    embedder.embed(["warm"])
    started = time.perf_counter()
    identity = services.folders.add(str(papers)).row.id
    until(lambda: services.folders.get(identity).row.files == files)
    queued = time.perf_counter() - started
    print(f"queued {files / queued:.0f} files/s (bar 150)", flush=True)
    until(lambda: services.folders.get(identity).row.ready == files)
    seconds = time.perf_counter() - started
    rows = services.documents.list(limit=files)[0]
    passages = [passage for row in rows for passage in services.library.passages(row.id, 0, 100)]
    started = time.perf_counter()
    embedder.embed([with_heading(passage.heading, passage.text) for passage in passages])
    bare = time.perf_counter() - started
    print(f"import {seconds:.2f} s  bare embedding {bare:.2f} s  ratio {seconds / bare:.2f}", flush=True)
    follow(services, papers)
    again(services, papers, passages)


def follow(services: Services, papers: Path) -> None:
    def finds(text: str) -> bool:
        return any(text == found.text for found in services.search.find(text, limit=1))

    for number, text in enumerate(("A zebra crossed the road in Timbuktu.", "A giraffe slept in Nairobi.")):
        (papers / "one page.txt").write_text(text, encoding="utf-8")
        started = time.perf_counter()
        until(lambda text=text: finds(text))  # type: ignore[misc]
        print(f"{'changed' if number else 'new'} file found after {time.perf_counter() - started:.2f} s (bar 3)")


def again(services: Services, papers: Path, passages: list[StoredPassage]) -> None:
    row = services.documents.list(words="one page")[0][0]
    for _ in range(100):
        services.library.retry(row.id)
        until(lambda: services.documents.get(row.id).status == "ready")
    time.sleep(KEEP_VERSIONS.total_seconds() + 10)
    until(lambda: services.library._importer._clean_at is None)
    raw = sum(len(passage.text.encode()) + 4 * services.library._embedder.dimensions for passage in passages)
    ratio = services.library._vectors.size() / raw
    print(f"store ÷ (text + vectors) {ratio:.2f} after 100 re-imports (bar 2)")


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.02)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
