"""An answer is held against its sources while it is being written: quotes first, then sentence by sentence.

It runs on a thread of its own, so that no token waits for it; what it has found is fetched between two of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from backend.services.events import Citations, Proof, Quotes, Source

if TYPE_CHECKING:
    from backend.services.proving import Embed

log = logging.getLogger(__name__)


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
        from backend.services.proving import AnswerProof, quote

        if self._quoted:
            quotes, sure = quote(self._question, self._sources, self._embed)
            if quotes:
                self._news.put(Quotes(quotes, sure, self._folded))
        proof = AnswerProof(self._sources, self._embed)
        proof.prepare()
        while not self._left.is_set():
            words = self._words.get()
            found = proof.end() if words is None else proof.feed(words)
            if found:
                self._news.put(Citations(found))
            if words is None:
                return


def quoted(question: str, passages: Sequence[str], scores: Sequence[float], embed: Embed) -> list[str]:
    """The sentences that answer, the best first, as chat finds them. `scores`: of the search, one a passage."""
    from backend.pipeline.quotes import rank

    return [found.text for found in rank(question, passages, scores, embed)]
