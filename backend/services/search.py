"""A question → passages, ranked by their words and by their meaning, with the scores of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from backend.engines.embedder import Embedder
from backend.pipeline.fusion import Arm, Ranked, score_sum, single
from backend.pipeline.terms import terms
from backend.stores.documents import Documents
from backend.stores.vectors import Hit, Vectors

Mode = Literal["hybrid", "vector", "text"]

DEPTH: Final = 50
"""Passages that each arm contributes; more changes no figure of the labelled sets."""


@dataclass(frozen=True, slots=True)
class Found:
    """`vector`: cosine and rank; `text_match`: BM25 and rank; None where that arm did not find it."""

    passage_id: str
    document_id: str
    filename: str
    page: int | None
    heading: list[str]
    text: str
    score: float
    vector: Arm | None
    text_match: Arm | None


class Search:
    def __init__(self, documents: Documents, vectors: Vectors, embedder: Embedder) -> None:
        self._documents = documents
        self._vectors = vectors
        self._embedder = embedder

    def find(
        self, question: str, *, limit: int = 10, mode: Mode = "hybrid", document_ids: Sequence[str] | None = None
    ) -> list[Found]:
        """The best passages first; nothing when there are no documents. `document_ids` narrows both arms.

        Raises EngineUnavailable (no embedder), DamagedData.
        """
        if not self._documents.has_ready():
            return []
        depth = max(DEPTH, limit)
        matching = [] if mode == "vector" else self._vectors.matching(terms(question), depth, document_ids)
        if mode == "text":
            return self._found(single(_scores(matching), vector=False), matching, limit)
        asked = self._embedder.embed_query(question)
        nearest = self._vectors.nearest(asked, depth, document_ids)
        if mode == "vector":
            return self._found(single(_scores(nearest), vector=True), nearest, limit)
        cosines = {hit.passage.id: float(hit.vector @ asked) for hit in matching}
        return self._found(score_sum(_scores(nearest), _scores(matching), cosines), [*nearest, *matching], limit)

    def _found(self, ranked: Sequence[Ranked], hits: Sequence[Hit], limit: int) -> list[Found]:
        """Passages of documents that are still being written, or were just deleted, are not shown."""
        passages = {hit.passage.id: hit.passage for hit in hits}
        names = self._documents.names_of_ready(passage.document_id for passage in passages.values())
        found: list[Found] = []
        for result in ranked:
            passage = passages[result.passage_id]
            if passage.document_id not in names:
                continue
            found.append(
                Found(
                    passage.id,
                    passage.document_id,
                    names[passage.document_id],
                    passage.page,
                    list(passage.heading),
                    passage.text,
                    round(result.score, 6),
                    result.vector,
                    result.text,
                )
            )
            if len(found) == limit:
                break
        return found


def _scores(hits: Sequence[Hit]) -> dict[str, float]:
    return {hit.passage.id: hit.score for hit in hits}
