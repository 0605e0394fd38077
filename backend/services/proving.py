"""Quotes for a question and the proof of an answer's sentences, as values that go out as events while it streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from backend.pipeline.answer_sentences import AnswerSentence, AnswerSentences
from backend.pipeline.proof import Prepared, Verdict, prepare, prove
from backend.pipeline.quotes import quotes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOUBT: Final = 0.5
"""Below the threshold by less than this a sentence is neither called supported nor marked: a wrong mark costs trust."""

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]


@dataclass(frozen=True, slots=True)
class Given:
    """A passage as the model was given it; its [1] is its place in the list. `score`: the search's, 0 to 1 or so."""

    passage_id: str
    document_id: str
    filename: str
    page: int | None
    text: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class QuoteEvent:
    """`start`, `end`: offsets in the passage's text. `number`: of the source, from 1. `sure`: it stands alone."""

    number: int
    passage_id: str
    document_id: str
    filename: str
    page: int | None
    start: int
    end: int
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class CitationEvent:
    """One finished sentence. `start`, `end`: in the answer's Markdown; `words_start`, `words_end`: in the passage.

    `verdict`: supported, contradicted, unsupported, or neither (to be left unmarked). `number`, `passage_id`, `page`
    and `words` name the place that supports it or that it was held against; None where nothing comes near. `reason`:
    a code with its parameters, for what is marked. `cited`: the source numbers that the model wrote itself;
    `cited_rightly`: whether the one that was found is among them, None where it wrote none.
    """

    start: int
    end: int
    text: str
    verdict: str
    number: int | None
    passage_id: str | None
    document_id: str | None
    page: int | None
    words_start: int | None
    words_end: int | None
    words: str | None
    reason: str | None
    parameters: dict[str, str]
    cited: list[int]
    cited_rightly: bool | None


def quote(question: str, given: Sequence[Given], embed: Embed | None = None) -> list[QuoteEvent]:
    """The one sentence that answers, or the three that may; none where nothing does. Milliseconds without `embed`."""
    found = quotes(question, [one.text for one in given], [one.score for one in given], embed)
    return [
        QuoteEvent(
            place.passage + 1,
            given[place.passage].passage_id,
            given[place.passage].document_id,
            given[place.passage].filename,
            given[place.passage].page,
            place.start,
            place.end,
            place.text,
            round(found.confidence, 3),
        )
        for place in found.quotes
    ]


class AnswerProof:
    """Follows one answer. `prepare` may run on another thread while the first words come; the rest is one thread's.

    Raises EngineUnavailable from `embed` where that has no model; without `embed` it proves by words alone.
    """

    def __init__(self, given: Sequence[Given], embed: Embed | None = None) -> None:
        self._given = list(given)
        self._embed = embed
        self._sentences = AnswerSentences()
        self._prepared: Prepared | None = None

    def prepare(self) -> None:
        """Reads the passages: some 100 ms for eight, to be spent while the model writes."""
        if self._prepared is None:
            self._prepared = prepare([one.text for one in self._given], self._embed)

    def feed(self, piece: str) -> list[CitationEvent]:
        """What `piece` completes, sentence by sentence."""
        return [self._proved(sentence) for sentence in self._sentences.feed(piece)]

    def end(self) -> list[CitationEvent]:
        return [self._proved(sentence) for sentence in self._sentences.end()]

    def _proved(self, sentence: AnswerSentence) -> CitationEvent:
        self.prepare()
        assert self._prepared is not None
        cited = tuple(number - 1 for number in sentence.cited if 0 < number <= len(self._given))
        verdict = prove(self._prepared, sentence.text, cited)
        place = self._given[verdict.passage] if verdict.passage is not None else None
        return CitationEvent(
            sentence.start,
            sentence.end,
            sentence.text,
            "neither" if -DOUBT < verdict.score < 0 else verdict.outcome,
            verdict.passage + 1 if verdict.passage is not None else None,
            place.passage_id if place else None,
            place.document_id if place else None,
            place.page if place else None,
            verdict.start if place else None,
            verdict.end if place else None,
            verdict.words if place else None,
            verdict.reason.code if verdict.reason else None,
            dict(verdict.reason.parameters) if verdict.reason else {},
            list(sentence.cited),
            _rightly(verdict, sentence),
        )


def _rightly(verdict: Verdict, sentence: AnswerSentence) -> bool | None:
    return bool(verdict.cited) if sentence.cited else None


def as_json(events: Sequence[QuoteEvent | CitationEvent]) -> list[dict[str, Any]]:
    return [asdict(event) for event in events]
