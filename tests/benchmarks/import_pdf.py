"""What importing costs over its bare parts: 200 pages of PDF, through the app and without it.

    python -m tests.benchmarks.import_pdf FILE.pdf [ROUNDS]

Bare: pypdfium2's text of each page, and the embedder on the very passages that the app made, with the headings and
the title that the app embeds. Both sides with the model and the store loaded: a page is imported before. The bar is
1.15, of seconds on an idle machine; processor seconds, the reader's process included, tell the same on a busy one.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from pathlib import Path

import pypdfium2

from backend.config import Config
from backend.engines.embedder import Embedder
from backend.pipeline.chunk import title_of, with_heading
from backend.services.documents import Library
from backend.services.events import Progress, Result
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.vectors import StoredPassage, Vectors
from tests.conftest import ROOT

PAGES = 200


def main(source: Path, rounds: int = 3) -> None:
    embedder = Embedder(ROOT / "models")
    embedder.embed(["warm"])
    ratios, processor_ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        imported(first_pages(source, Path(folder) / "page.pdf", 1), embedder, Path(folder) / "first")
        pdf = first_pages(source, Path(folder) / "pages.pdf", PAGES)
        for number in range(rounds):
            before = processor_seconds()
            seconds, passages = imported(pdf, embedder, Path(folder) / str(number))
            between = processor_seconds()
            text, vectors = bare(pdf, passages, embedder)
            own, others = between - before, processor_seconds() - between
            ratios.append(seconds / (text + vectors))
            processor_ratios.append(own / others)
            print(
                f"import {seconds:.2f} s  bare text {text:.2f} s  bare embedding {vectors:.2f} s "
                f"({len(passages)} passages)  ratio {ratios[-1]:.2f}; "
                f"processor {own:.2f} s, bare {others:.2f} s, ratio {processor_ratios[-1]:.2f}",
                flush=True,
            )
    middle = rounds // 2
    by_clock, by_processor = sorted(ratios)[middle], sorted(processor_ratios)[middle]
    print(f"median ratio {by_clock:.2f}, of processor seconds {by_processor:.2f} (bar 1.15)")


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


def first_pages(source: Path, target: Path, count: int) -> Path:
    document, pages = pypdfium2.PdfDocument(source), pypdfium2.PdfDocument.new()
    pages.import_pages(document, list(range(min(count, len(document)))))
    buffer = io.BytesIO()
    pages.save(buffer)
    target.write_bytes(buffer.getvalue())
    return target


def imported(pdf: Path, embedder: Embedder, data: Path) -> tuple[float, list[StoredPassage]]:
    """Seconds from the file's arrival to its readiness, and the passages."""
    data.mkdir()
    documents, vectors = Documents(Database(data / "localchat.db")), Vectors(data / "passages.lance")
    vectors.open()
    library = Library(Config(data=data, models=ROOT / "models", page=data), documents, vectors, embedder)
    library.start()
    try:
        started = time.perf_counter()
        arrival = library.keep_path(pdf)
        events = list(library.follow([arrival]))
        seconds = time.perf_counter() - started
        result = next(event.result for event in events if isinstance(event, Result))
        if not result.success or not any(isinstance(event, Progress) for event in events):
            raise SystemExit(result.message)
        assert arrival.document is not None
        return seconds, vectors.passages(arrival.document.id, 0, 100_000)
    finally:
        library.close()


def bare(pdf: Path, passages: list[StoredPassage], embedder: Embedder) -> tuple[float, float]:
    """Seconds of the text alone, and of the vectors alone."""
    started = time.perf_counter()
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        page.get_textpage().get_text_range()
    read = time.perf_counter()
    title = title_of(pdf.name, embedder.count)
    embedder.embed([with_heading(passage.heading, passage.text, title) for passage in passages])
    return read - started, time.perf_counter() - read


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
