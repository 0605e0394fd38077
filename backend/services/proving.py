"""Quotes for a question and the proof of an answer's sentences, with their places, as the chat's stream says them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from backend.pipeline.answer_sentences import AnswerSentence, AnswerSentences
from backend.pipeline.chunk import JOINT
from backend.pipeline.proof.align import Prepared, prepare
from backend.pipeline.proof.verdict import Verdict, prove
from backend.pipeline.quotes import quotes
from backend.services.events import Citation, Quote, Reason, Source, Span, Support

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOUBT: Final = 0.5
"""Below the threshold by less than this a sentence is neither called supported nor marked: a wrong mark costs trust."""

SURE: Final = 0.9
"""From this confidence on, the first quote stands for all: the best quarter of the labelled questions."""

WORD: Final = re.compile(r"[^\W_]+")

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]


Shown = Literal["supported", "contradicted", "unsupported", "open"]
"""A chip; a dotted line with its reason, twice; nothing."""


def shown(verdict: Verdict) -> Shown:
    """What the page makes of a verdict."""
    return "open" if verdict.outcome == "neither" or -DOUBT < verdict.score < 0 else verdict.outcome


def quote(question: str, sources: Sequence[Source], embed: Embed | None = None) -> tuple[list[Quote], bool]:
    """The one sentence that answers, or the three that may, and whether the first alone is enough; none where nothing
    does. Milliseconds without `embed`.
    """
    found = quotes(question, [source.text for source in sources], [source.score for source in sources], embed)
    said: list[Quote] = []
    for place in found.quotes:
        source = sources[place.passage]
        said.append(
            Quote(
                source=source.number,
                passage_id=source.passage_id,
                document_id=source.document_id,
                filename=source.filename,
                page=source.page_at(place.start),
                heading=source.heading,
                text=place.text,
                start=place.start,
                end=place.end,
            )
        )
    return said, len(said) == 1 or found.confidence >= SURE


def above(source: Source) -> str:
    """What stands above a passage, as a sentence before it: a contract is named in its file's name or in a heading, and
    the answer says *Lindenstrasse 14* where the passage says *the flat*.
    """
    name = " ".join(WORD.findall(source.filename.rsplit(".", 1)[0]))
    return " › ".join([name, *source.heading]) + JOINT if re.search(r"[^\W\d_]{2}", name) or source.heading else ""


class AnswerProof:
    """Follows one answer. `prepare` may run on another thread while the first words come; the rest is one thread's.

    Raises EngineUnavailable from `embed` where that has no model; without `embed` it proves by words alone.
    """

    def __init__(self, sources: Sequence[Source], embed: Embed | None = None) -> None:
        self._sources = list(sources)
        self._embed = embed
        self._sentences = AnswerSentences()
        self._prepared: Prepared | None = None
        self._above = [above(source) for source in self._sources]

    def prepare(self) -> None:
        """Reads the passages: some 100 ms for eight, to be spent while the model writes."""
        if self._prepared is None:
            texts = [f"{words}{source.text}" for words, source in zip(self._above, self._sources, strict=True)]
            self._prepared = prepare(texts, self._embed, self._above)

    def feed(self, piece: str) -> list[Citation]:
        """What `piece` completes, sentence by sentence."""
        return [self._proved(sentence) for sentence in self._sentences.feed(piece)]

    def end(self) -> list[Citation]:
        return [self._proved(sentence) for sentence in self._sentences.end()]

    def value(self, text: str) -> Citation:
        """What stands in a cell of a table: held against the passages as a sentence of its own."""
        return self._proved(AnswerSentence(0, len(text), text, ()))

    def _proved(self, sentence: AnswerSentence) -> Citation:
        self.prepare()
        assert self._prepared is not None
        # What the model cites is looked at too, and not believed.
        cited = tuple(number - 1 for number in sentence.cited if 0 < number <= len(self._sources))
        verdict = prove(self._prepared, sentence.text, cited)
        return Citation(sentence.start, sentence.end, shown(verdict), self._support(verdict), reason_of(verdict))

    def _support(self, verdict: Verdict) -> list[Support]:
        """Of a sentence whose statements stand in two passages, both."""
        both = [verdict] if verdict.also is None else [verdict, verdict.also]
        return [self._words(one.passage, one.start, one.end) for one in both if one.passage is not None]

    def _words(self, passage: int, start: int, end: int) -> Support:
        source, skipped = self._sources[passage], len(self._above[passage])
        start, end = max(start - skipped, 0), end - skipped
        if end <= start:
            # What stands above the passage says it all: its first line is shown.
            start, end = 0, len(source.text.split("\n", 1)[0])
        return Support(
            source.number,
            source.passage_id,
            source.document_id,
            source.page_at(start),
            source.text[start:end],
            [Span(start, end)],
        )


def reason_of(verdict: Verdict) -> Reason | None:
    """As the page says it; None where nothing is marked."""
    if verdict.reason is None:
        return None
    params = dict(verdict.reason.parameters)
    return Reason(verdict.reason.code, params, _in_english(verdict.reason.code, **params))


def _in_english(code: str, said: str = "", there: str = "") -> str:
    """The reason in a sentence, for those that do not know its code."""
    negated = f"The passage says “{there}” here." if there else f"The passage does not say “{said}”."
    elsewhere = f"“{said}” stands only in another passage." if said else "Its words stand in another passage."
    sentences = {
        "number": f"{said} is not in this passage.",
        "other_number": f"The sentence says {said}, the passage {there}.",
        "name": f"{said} is not named in this passage.",
        "negation": negated,
        "opposite": f"The sentence says “{said}”, the passage “{there}”.",
        "exchanged": f"The passage says “{said}” of something else.",
        "other_passage": elsewhere,
    }
    return sentences.get(code, "The sources say nothing about this.")
