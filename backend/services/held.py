"""An answer is held against its sources while it is being written: quotes first, then sentence by sentence.

It runs on a thread of its own, so that no token waits for it; what it has found is fetched between two of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from backend.services.events import Citation, Citations, Proof, Quote, Quotes, Reason, Source, Span, Support

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.services.proving import CitationEvent, QuoteEvent

log = logging.getLogger(__name__)

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]

SURE: Final = 0.9
"""From this confidence on, the first quote stands for all: the best quarter of the labelled questions."""


class Held:
    """Follows one answer. `feed` takes its words, `news` gives what was found, `end` waits for the rest."""

    def __init__(
        self, question: str, sources: Sequence[Source], embed: Embed, *, folded: bool, quoted: bool = True
    ) -> None:
        """`folded`: the model's own words come first. `quoted`: quotes are wanted. Without sources nothing is done."""
        self._question = question
        self._sources = list(sources)
        self._embed = embed
        self._folded = folded
        self._quoted = quoted
        self._words: SimpleQueue[str | None] = SimpleQueue()
        self._news: SimpleQueue[Quotes | Citations] = SimpleQueue()
        self._left = threading.Event()
        self._proof = Proof([], sure=False, folded=folded, citations=[]) if self._sources else None
        self._thread = threading.Thread(target=self._run, name="proof", daemon=True)
        if self._sources:
            self._thread.start()

    def feed(self, words: str) -> None:
        self._words.put(words)

    def news(self) -> Iterator[Quotes | Citations]:
        """What was found since the last call; never waits."""
        while True:
            try:
                found = self._news.get_nowait()
            except Empty:
                return
            self._keep(found)
            yield found

    def end(self, seconds: float) -> Iterator[Quotes | Citations]:
        """The answer is whole: the rest of what is found, for at most so long."""
        self._words.put(None)
        if self._sources:
            self._thread.join(seconds)
        yield from self.news()

    def leave(self) -> None:
        """Nothing more is wanted."""
        self._left.set()
        self._words.put(None)

    @property
    def proof(self) -> Proof | None:
        """All that `news` and `end` have given; None without sources."""
        return self._proof

    def _keep(self, found: Quotes | Citations) -> None:
        kept = self._proof
        assert kept is not None
        if isinstance(found, Quotes):
            self._proof = Proof(found.quotes, found.sure, found.folded, kept.citations)
        else:
            self._proof = Proof(kept.quotes, kept.sure, kept.folded, [*kept.citations, *found.citations])

    def _run(self) -> None:
        try:
            self._follow()
        except Exception:
            # The answer is worth having without it.
            log.exception("an answer could not be held against its sources")

    def _follow(self) -> None:
        # Imported with the first answer: numpy and the rules of five languages are no part of a start.
        from backend.services.proving import AnswerProof, Given, quote

        given = [
            Given(one.passage_id, one.document_id, one.filename, one.page, one.text, one.score) for one in self._sources
        ]
        if self._quoted:
            quotes = quote(self._question, given, self._embed)
            if quotes:
                sure = len(quotes) == 1 or quotes[0].confidence >= SURE
                self._news.put(Quotes([self._quote(one) for one in quotes], sure, self._folded))
        proof = AnswerProof(given, self._embed)
        proof.prepare()
        while not self._left.is_set():
            words = self._words.get()
            found = proof.end() if words is None else proof.feed(words)
            if found:
                self._news.put(Citations([self._citation(one) for one in found]))
            if words is None:
                return

    def _quote(self, found: QuoteEvent) -> Quote:
        return Quote(
            source=found.number,
            passage_id=found.passage_id,
            document_id=found.document_id,
            filename=found.filename,
            page=found.page,
            heading=self._sources[found.number - 1].heading,
            text=found.text,
            start=found.start,
            end=found.end,
        )

    def _citation(self, found: CitationEvent) -> Citation:
        support = []
        if found.number is not None and found.passage_id is not None and found.document_id is not None:
            words = [Span(found.words_start or 0, found.words_end or 0)]
            support = [Support(found.number, found.passage_id, found.document_id, found.page, found.words or "", words)]
        reason = Reason(found.reason, found.parameters, in_english(found)) if found.reason else None
        verdict = "open" if found.verdict == "neither" else found.verdict
        return Citation(found.start, found.end, verdict, support, reason)  # type: ignore[arg-type]


def quoted(question: str, passages: Sequence[str], embed: Embed) -> list[str]:
    """The sentences that answer, the best first."""
    from backend.pipeline.quotes import rank

    return [found.text for found in rank(question, passages, embed=embed)]


def in_english(found: CitationEvent) -> str:
    """The reason in a sentence, for those that do not know its code."""
    said, there = found.parameters.get("said", ""), found.parameters.get("there", "")
    negated = f"The passage says “{there}” here." if there else f"The passage does not say “{said}”."
    elsewhere = f"“{said}” stands only in another passage." if said else "Its words stand in another passage."
    sentences = {
        "number": f"{said} is not in this passage.",
        "other_number": f"The sentence says {said}, the passage {there}.",
        "name": f"{said} is not named in this passage.",
        "negation": negated,
        "opposite": f"The sentence says “{said}”, the passage “{there}”.",
        "other_passage": elsewhere,
    }
    return sentences.get(found.reason or "", "The sources say nothing about this.")
