"""What retrieval, budget and prompt add before the engine is asked.

    python -m tests.benchmarks.before_engine [PASSAGES]

From the question's arrival at the chat to the moment the engine is asked, over 10,000 synthetic passages in the app as
it is put together, with a stand-in for Ollama as the engine. The bar is a p50 of 30 ms. Beside it stands the search
alone, in the same run.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backend import create_app
from backend.config import Config
from backend.engines.base import ChatRequest, ChatStream
from backend.pipeline.terms import VERSION, terms
from backend.services import Services
from backend.services.chat import PASSAGES
from backend.services.question import Question
from backend.stores.vectors import NewDocument, NewPassage
from tests.benchmarks.retrieval import VOCABULARY, clustered, timed, zipf
from tests.conftest import ROOT, services_of
from tests.ollama_stand_in import StandIn

DOCUMENT = 500
QUESTIONS = 100


class Asked(Exception):
    """The engine was asked: what comes after is its time."""


def main(count: int) -> None:
    engine = StandIn()
    server = engine.start()
    with tempfile.TemporaryDirectory() as data:
        app = create_app(Config(Path(data) / "data", ROOT / "models", Path(data), ollama_host=engine.host))
        services = services_of(app)
        try:
            measure(services, count)
        finally:
            services.close()
            server.shutdown()


def measure(services: Services, count: int) -> None:
    generator = np.random.default_rng(1)
    words = np.array([f"{chr(97 + number % 26)}{number:x}word" for number in range(VOCABULARY)])
    fill(services, count, generator, words)
    questions = [" ".join(line) for line in zipf(generator, words, (QUESTIONS, 9))]
    timed("retrieval alone", [partial(services.search.gather, one, limit=PASSAGES) for one in questions])
    timed("until the engine", [before_engine(services, one) for one in questions])


def fill(services: Services, count: int, generator: np.random.Generator, words: Any) -> None:
    centres = generator.standard_normal((500, 384)).astype(np.float32)
    index = services.embedders.index
    for first in range(0, count, DOCUMENT):
        size = min(DOCUMENT, count - first)
        row, _ = services.documents.add(f"{first:064x}", f"{first}.txt", 1)
        texts = [". ".join(" ".join(line) for line in zipf(generator, words, (4, 25))) for _ in range(size)]
        rows = [NewPassage(text, "paragraph", None, [], 0, len(text), " ".join(terms(text)), VERSION) for text in texts]
        vectors = clustered(generator, centres, size)
        services.embedders.tables.replace_many([NewDocument(row.id, rows, vectors, index.embedder.name)])
        services.documents.ready(row.id, None, size)
    services.embedders.tables.optimize()
    index.embedder.load()
    index.knowledge.refresh()


def before_engine(services: Services, question: str) -> Callable[[], None]:
    def ask() -> None:
        prepared = services.chat.prepare(Question(question))
        prepared.choice.engine.chat = asked  # type: ignore[method-assign]
        try:
            next(services.chat.answer(prepared))
        except Asked:
            return
        raise AssertionError("the engine was not asked")

    return ask


def asked(request: ChatRequest) -> ChatStream:
    assert len(request.messages) > 1, "with passages"
    raise Asked


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
