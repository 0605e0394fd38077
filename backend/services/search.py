"""A question → passages, ranked by their words, letters, sentences and meaning, with the scores of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from backend.engines.embedding import Embedding
from backend.errors import EngineError
from backend.pipeline.chunk import with_heading
from backend.pipeline.fusion import ANSWERED, Arm, Ranked, Weights, by_answer, fuse, single
from backend.pipeline.gather import LONGEST, Piece, gather
from backend.pipeline.relevance import MANY, is_related
from backend.pipeline.signals import SIGNALS, Candidate, Signal, ask, measure, worth
from backend.stores.documents import Documents
from backend.stores.passages_search import Hit, PassageSearch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.services.knowledge import Knowledge, Known

Mode = Literal["hybrid", "vector", "text"]

ARMS: Final = 4
"""Questions whose words are looked up at once."""

DEPTH: Final = 50
"""Passages that each arm contributes; more changes no figure of the labelled sets."""

WIDE: Final = 24
"""Passages that those for the model are chosen from, so that near-duplicates and crowds can be left out."""


@dataclass(frozen=True, slots=True)
class Found:
    """`vector`: cosine and rank; `text_match`: BM25 and rank; None where that arm did not find it.

    `shares`: what each signal gave to the score of a hybrid search; empty in the other modes. `related`: False where a
    hybrid search sees that neither its words nor its meaning touch the question.
    """

    passage_id: str
    document_id: str
    filename: str
    page: int | None
    heading: list[str]
    text: str
    score: float
    vector: Arm | None
    text_match: Arm | None
    shares: Mapping[str, float] = field(default_factory=dict)
    index: int = 0
    start: int = 0
    end: int = 0
    related: bool = True


@dataclass(frozen=True, slots=True)
class Gathered(Found):
    """`pages`: where its text stands on several, each with the letters before it."""

    pages: Sequence[tuple[int, int]] = ()


Told = Callable[[EngineError], None]


def unheard(_: EngineError) -> None:
    """Nobody asked."""


class Search:
    def __init__(
        self, documents: Documents, passages: PassageSearch, embedder: Embedding, knowledge: Knowledge
    ) -> None:
        self._documents = documents
        self._passages = passages
        self._embedder = embedder
        self._knowledge = knowledge
        self._arms = ThreadPoolExecutor(ARMS, "search")

    def has_passages(self) -> bool:
        """Whether there is a document that can be searched."""
        return self._documents.has_ready()

    def find(
        self,
        question: str,
        *,
        limit: int = 10,
        mode: Mode = "hybrid",
        document_ids: Sequence[str] | None = None,
        told: Told = unheard,
    ) -> list[Found]:
        """The best passages first; nothing when there are no documents. `document_ids` narrows every arm.

        told: hears why there is no meaning to search by, where the embedder runs elsewhere and is gone; words alone
        then decide. Raises EngineUnavailable (no embedder), DamagedData.
        """
        if not self._documents.has_ready():
            return []
        known = self._knowledge.now()
        asked = ask(question, known.statistics)
        depth = max(DEPTH, limit)
        words = list(dict.fromkeys(word for word, _ in asked.words))
        if mode == "text":
            matching = self._passages.matching(words, depth, document_ids)
            return self._found(single(_scores(matching), vector=False), matching, limit)
        if mode == "vector":
            nearest = self._passages.nearest(self._embedder.embed_query(question), depth, document_ids)
            return self._found(single(_scores(nearest), vector=True), nearest, limit)
        # Both are at work outside of Python most of the time, so side by side.
        waiting = self._arms.submit(self._passages.matching, words, depth, document_ids)
        try:
            vector = self._embedder.embed_query(question)
        except EngineError as error:
            if not self._embedder.remote:
                raise
            told(error)
            matching = waiting.result()
            return self._found(single(_scores(matching), vector=False), matching, limit)
        nearest = self._passages.nearest(vector, depth, document_ids)
        matching = waiting.result()
        hits = list({hit.passage.id: hit for hit in [*matching, *nearest]}.values())
        weights = known.weights_for(asked.language)
        candidates = _candidates(hits, vector, known)
        said = measure(asked, candidates, known.statistics, weights["meaning"])
        identities = [(hit.passage.id, hit.passage.document_id) for hit in hits]
        enough = [worth(hit.passage.text) for hit in hits]
        ranked, copies = _copies_last(
            fuse(identities, said, weights, _scores(nearest), _scores(matching), worth=enough),
            hits,
            max(limit, ANSWERED),
        )
        ranked = by_answer(ranked, _answering(question, ranked[: min(ANSWERED, len(ranked) - copies)], hits))
        return self._found(ranked, hits, limit, _unrelated(hits, candidates, said, weights, known.statistics.passages))

    def weights(self, question: str) -> dict[str, float]:
        """How much each signal counts for a question of its language in this collection; 1 together."""
        known = self._knowledge.now()
        weights = known.weights_for(ask(question, known.statistics).language)
        total = sum(weights.values())
        return {signal: round(weight / total, 4) for signal, weight in weights.items()}

    def gather(
        self,
        question: str,
        *,
        limit: int,
        longest: int = LONGEST,
        document_ids: Sequence[str] | None = None,
        told: Told = unheard,
    ) -> list[Gathered]:
        """Passages as a model should read them: neighbours joined, near-duplicates dropped, no document in a crowd.

        A joined one has the identity, page and scores of its best part. Raises as `find`.
        """
        found = self.find(question, limit=WIDE, document_ids=document_ids, told=told)
        pieces = [Piece(one.document_id, one.index, one.start, one.end, tuple(one.heading), one.text) for one in found]
        chosen = gather(pieces, limit, longest)
        pages = self._documents.page_starts((joined.document_id, joined.start, joined.end) for joined in chosen)
        return [
            Gathered(
                passage_id=found[joined.best].passage_id,
                document_id=found[joined.best].document_id,
                filename=found[joined.best].filename,
                page=found[joined.best].page,
                heading=found[joined.best].heading,
                text=joined.text,
                score=found[joined.best].score,
                vector=found[joined.best].vector,
                text_match=found[joined.best].text_match,
                shares=found[joined.best].shares,
                index=found[joined.best].index,
                start=joined.start,
                end=joined.end,
                related=found[joined.best].related,
                pages=starts if len(starts) > 1 else (),
            )
            for joined, starts in zip(chosen, pages, strict=True)
        ]

    def _found(
        self, ranked: Sequence[Ranked], hits: Sequence[Hit], limit: int, unrelated: frozenset[str] = frozenset()
    ) -> list[Found]:
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
                    {name: round(share, 4) for name, share in result.shares.items()},
                    passage.index,
                    passage.start,
                    passage.end,
                    related=passage.id not in unrelated,
                )
            )
            if len(found) == limit:
                break
        return found


def _candidates(hits: Sequence[Hit], vector: NDArray[np.float32], known: Known) -> list[Candidate]:
    import numpy as np

    average = float(np.dot(known.statistics.mean, vector)) if known.statistics.mean else 0.0
    return [
        Candidate(
            with_heading(hit.passage.heading, hit.passage.text, hit.title or ""),
            hit.terms,
            (hit.score if hit.vector is None else float(hit.vector @ vector)) - average,
        )
        for hit in hits
    ]


def _unrelated(
    hits: Sequence[Hit],
    candidates: Sequence[Candidate],
    said: Mapping[Signal, Sequence[float]],
    weights: Weights,
    passages: int,
) -> frozenset[str]:
    """Ids of the passages that have nothing to do with the question."""
    # Of few passages letters are as rare as words: every text shares some.
    lexical: list[Signal] = ["words", "letters", "sentence"] if passages >= MANY else ["words"]
    total = sum(weights[signal] for signal in lexical)
    weight = weights["meaning"] / sum(weights[signal] for signal in SIGNALS)
    return frozenset(
        hit.passage.id
        for at, hit in enumerate(hits)
        if not is_related(
            sum(weights[signal] * said[signal][at] for signal in lexical) / total,
            candidates[at].cosine,
            weight,
            passages,
        )
    )


def _answering(question: str, ranked: Sequence[Ranked], hits: Sequence[Hit]) -> list[float]:
    """How well the best sentence of each answers, 0 to 1."""
    # What a sentence is judged by is no part of a start.
    from backend.pipeline.quotes import MOST, answering

    texts = {hit.passage.id: hit.passage.text for hit in hits}
    return [min(answer / MOST, 1.0) for answer in answering(question, [texts[one.passage_id] for one in ranked])]


def _copies_last(ranked: Sequence[Ranked], hits: Sequence[Hit], most: int) -> tuple[list[Ranked], int]:
    """What a document says again, word for word, stands behind all that says something else; and how many do so.

    Only as many are looked at as it takes to have the first `most`."""
    passages = {hit.passage.id: hit.passage for hit in hits}
    seen: set[tuple[str, str]] = set()
    first: list[Ranked] = []
    copies: list[Ranked] = []
    for at, one in enumerate(ranked):
        if len(first) == most:
            first.extend(ranked[at:])
            break
        passage = passages[one.passage_id]
        said = (passage.document_id, " ".join(passage.text.split()))
        (copies if said in seen else first).append(one)
        seen.add(said)
    return [*first, *copies], len(copies)


def _scores(hits: Sequence[Hit]) -> dict[str, float]:
    return {hit.passage.id: hit.score for hit in hits}
