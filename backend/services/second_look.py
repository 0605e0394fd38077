"""What a model says of a sentence → a citation, where its words hold; the model is asked, and not believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.pipeline.cells import Place, locate
from backend.pipeline.checks import WORDS_LENGTH, Said
from backend.pipeline.proof.align import align, prepare
from backend.pipeline.proof.features import evidence
from backend.pipeline.proof.verdict import FEWEST_WORDS, Verdict, prove, ruled_out, word_for_word
from backend.pipeline.terms import terms
from backend.services.events import Citation, Reason, Source, Span, Support
from backend.services.proving import above, reason_of

if TYPE_CHECKING:
    from backend.services.proving import Embed

OTHERWISE = Reason("otherwise", {}, "The passage says otherwise.")
NOTHING = Reason("nothing", {}, "The sources say nothing about this.")


def settled(
    citation: Citation,
    sentence: str,
    said: Said,
    sources: Sequence[Source],
    *,
    complete: bool,
    embed: Embed,
    model: str,
) -> Citation:
    """`citation` as it is after `model` looked at it. What is not believed leaves it as it was.

    Supported and contradicted need words that stand in the passage which the model names; a sentence is supported only
    where the words have all its numbers and names and deny nothing of it; it is not contradicted by its own words.
    `sources`: those that the model was shown, in its order; `complete`: they are all that the answer has, without which
    nobody can say that they do not state it.
    """
    looked_at = replace(citation, checked_by=model)
    if said.verdict == "not_stated":
        # One that was marked keeps its reason, which says more.
        believed = complete and citation.verdict == "open"
        return _marked(looked_at, "unsupported", [], NOTHING) if believed else looked_at
    place = _place(said, sources)
    if place is None:
        return looked_at
    source = sources[place.passage]
    words = source.text[place.start : place.end]
    span = Span(place.start, place.end)
    support = [Support(source.number, source.passage_id, source.document_id, source.page_at(span.start), words, [span])]
    if said.verdict == "supported":
        if not holds(sentence, above(source) + words, embed):
            return looked_at
        return replace(looked_at, verdict="supported", support=support, reason=None)
    if says_the_same(sentence, words, embed):
        return looked_at
    return _marked(looked_at, "contradicted", support, _why(prove(prepare([words], embed), sentence)))


def holds(sentence: str, words: str, embed: Embed) -> bool:
    """Whether the numbers and names of a sentence are in these words, and neither denies what the other says."""
    values = _compared(sentence, words, embed)
    return values is not None and values["names_missing"] == 0 and not ruled_out(values)


def says_the_same(sentence: str, words: str, embed: Embed) -> bool:
    """Whether the sentence is these words."""
    values = _compared(sentence, words, embed)
    return values is not None and word_for_word(values)


def _compared(sentence: str, words: str, embed: Embed) -> Mapping[str, float] | None:
    """The figures of `proof.features`; None where the sentence says nothing that could be compared."""
    prepared = prepare([words], embed)
    found = evidence(prepared, align(prepared, sentence))
    return found.values if found is not None else None


def _place(said: Said, sources: Sequence[Source]) -> Place | None:
    """Where the words stand in the passage that is named; None where they do not, or are too few or too many."""
    words, number = said.words, said.source
    if words is None or number is None or not 1 <= number <= len(sources):
        return None
    if len(words) > WORDS_LENGTH or len(set(terms(words))) < FEWEST_WORDS:
        return None
    found = locate(words, [sources[number - 1].text])
    return None if found is None else replace(found, passage=number - 1)


def _marked(citation: Citation, verdict: str, support: list[Support], reason: Reason) -> Citation:
    return replace(citation, verdict=verdict, support=support, reason=reason)  # type: ignore[arg-type]


def _why(verdict: Verdict) -> Reason:
    """What the words themselves show to be otherwise, where they do."""
    reason = reason_of(verdict) if verdict.outcome == "contradicted" else None
    return reason or OTHERWISE
