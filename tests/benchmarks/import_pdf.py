"""What importing costs over its bare parts: 200 pages of PDF, through the app and without it.

    python -m tests.benchmarks.import_pdf FILE.pdf [ROUNDS]

Bare: pypdfium2's text of each page, and the embedder on the very passages that the app made. Both sides with the
model and the store loaded. The bar is 1.15, of seconds on an idle machine; processor seconds, the reader's process
included, tell the same on a busy one.
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
from backend.pipeline.chunk import with_heading
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
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        pdf = first_pages(source, Path(folder) / "pages.pdf")
        for number in range(rounds):
            before = processor_seconds()
            seconds, passages = imported(pdf, embedder, Path(folder) / str(number))
            between = processor_seconds()
            text, vectors = bare(pdf, passages, embedder)
            processor = (between - before) / (processor_seconds() - between)
            ratios.append(seconds / (text + vectors))
            print(
                f"import {seconds:.2f} s  bare text {text:.2f} s  bare embedding {vectors:.2f} s "
                f"({len(passages)} passages)  ratio {ratios[-1]:.2f}, of processor seconds {processor:.2f}",
                flush=True,
            )
    print(f"median ratio {sorted(ratios)[rounds // 2]:.2f} (bar 1.15)")


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


def first_pages(source: Path, target: Path) -> Path:
    document, pages = pypdfium2.PdfDocument(source), pypdfium2.PdfDocument.new()
    pages.import_pages(document, list(range(min(PAGES, len(document)))))
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
    embedder.embed([with_heading(passage.heading, passage.text) for passage in passages])
    return read - started, time.perf_counter() - read


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
