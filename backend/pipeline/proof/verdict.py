"""A sentence and the passages → supported by which words, contradicted or unsupported and why, or left unmarked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from backend.pipeline.proof.align import FOUND, Alignment, Prepared, align
from backend.pipeline.proof.contradictions import Fault
from backend.pipeline.proof.features import EXCHANGED, SAID_OF_ANOTHER, STRANGE, Evidence, evidence
from backend.pipeline.proof.model import Model, load
from backend.pipeline.proof.statements import apart, halves, same_subject

Outcome = Literal["supported", "contradicted", "unsupported", "neither"]
Code = Literal["number", "other_number", "name", "negation", "opposite", "exchanged", "other_passage", "nothing"]

CONSIDERED: Final = 2
"""Passages that are tried: of two that are alike, as two people's contracts are, the second may be meant."""
OF_CITED: Final = 0.15
"""What a passage that the model itself named may lack against the best one before it is not looked at."""
CODES: Final[Mapping[str, Code]] = {
    "number": "number",
    "name": "name",
    "negation": "negation",
    "opposite": "opposite",
    "other_of_kind": "opposite",
    "exchanged": "exchanged",
    "elsewhere": "other_passage",
    "nothing": "nothing",
}
MAY_LACK: Final = 0.02
"""Share of a sentence's own words that a second passage may lack against the first."""
SURELY_NOT: Final = -1.0
FEWEST_WORDS: Final = 2
FEW_SHARED: Final = 0.4
FEW_WITH_NAME: Final = 0.35
SAME_WORDS: Final = 0.9
IN_ONE_PIECE: Final = 0.7
FEW_SKIPPED: Final = 0.3
"""More of the passage left out between the words, and the first of them may belong to another statement."""
FOREIGN: Final = 0.05
CONTRARY: Final = 0.25
LESS_CONTRARY: Final = 0.15
"""Enough where they agree in nothing."""
MOST_DENIED: Final = 0.5
MOST_WORDS: Final = 0.75
CLAIMED: Final = 0.3
"""Worth of the words, 1 for one that stands nowhere else."""
UNRELATED: Final = 0.2
"""Shares of a sentence's words that a window has, and the cosine below which they speak of different things."""
CONTRADICTING: Final = frozenset({"other_number", "negation", "opposite"})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a sentence is marked, for the page to say in the reader's language.

    number (said): "25 is not in this passage". other_number (said, there): the passage gives another figure there.
    name (said): a name that the passage has not. negation (said, there: "not" or ""): one says *not*, the other not.
    opposite (said, there): open and closed, Monday and Tuesday. exchanged (said): a word that the passage says of
    something else. other_passage (said): a word that only another passage
    has. nothing: nothing about this.
    """

    code: Code
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passage[start:end]` are the words that the sentence was compared with; None where there is nothing to show.

    `score` is above 0 for what is supported. `cited`: whether the sentence's own citation names that passage; None
    where it has none. `also`: of a sentence whose two statements stand in two passages, the second.
    """

    outcome: Outcome
    score: float
    passage: int | None = None
    start: int = 0
    end: int = 0
    words: str = ""
    reason: Reason | None = None
    cited: bool | None = None
    also: Verdict | None = None


def prove(prepared: Prepared, sentence: str, cited: tuple[int, ...] = (), model: Model | None = None) -> Verdict:
    """`sentence` without its citation marks; `cited`: the passages (from 0) that they name: checked, not believed."""
    model = model or load()
    alignment = align(prepared, sentence)
    verdict = _judged(prepared, alignment, sentence, cited, model)
    if verdict.outcome in {"supported", "neither"}:
        return verdict
    return _in_two_passages(prepared, alignment, cited, model) or verdict


def _in_two_passages(prepared: Prepared, alignment: Alignment, cited: tuple[int, ...], model: Model) -> Verdict | None:
    """Where either of two statements stands in a passage of its own."""
    for cut in halves(alignment):
        if not apart(alignment, cut.start):
            continue
        first, second = align(prepared, cut.first), align(prepared, cut.second)
        left = _judged(prepared, first, cut.first, cited, model)
        if left.outcome != "supported":
            continue
        right = _judged(prepared, second, cut.second, cited, model)
        if right.outcome != "supported" or left.passage is None or right.passage is None:
            continue
        if left.passage != right.passage and (cut.contrasted or same_subject(prepared, first, second, right.passage)):
            named = (left.cited or right.cited) if cited else None
            return replace(left, score=min(left.score, right.score), cited=named, also=right)
    return None


def _judged(prepared: Prepared, alignment: Alignment, sentence: str, cited: tuple[int, ...], model: Model) -> Verdict:
    """By one passage."""
    if not _claims(sentence, alignment):
        return Verdict("neither", 0.0)
    ranks = candidates(prepared, alignment, cited)
    judged = [
        (max(model.score(found.values) - model.threshold, 1.0 if word_for_word(found.values) else -math.inf), found)
        for rank in ranks
        if (found := evidence(prepared, alignment, rank)) is not None
    ]
    if not judged:
        return Verdict("neither", 0.0)
    score, found = max(judged, key=lambda pair: (not ruled_out(pair[1].values), pair[0]))
    start, end = _place(prepared, alignment, found)
    words = prepared.passages[found.passage][start:end]
    named = found.passage in cited if cited else None
    if score >= 0 and not ruled_out(found.values):
        return Verdict("supported", round(score, 4), found.passage, start, end, words, None, named)
    if ruled_out(found.values):
        # Not merely in doubt.
        score = min(score, SURELY_NOT)
    reason = _reason(found)
    outcome: Outcome = "contradicted" if reason.code in CONTRADICTING else "unsupported"
    if reason.code == "nothing":
        return Verdict(outcome, round(score, 4), reason=reason, cited=named)
    return Verdict(outcome, round(score, 4), found.passage, start, end, words, reason, named)


def word_for_word(values: Mapping[str, float]) -> bool:
    """Whether the sentence stands there as it is, but for a word that it needs to stand alone."""
    return (
        values["verbatim"] >= SAME_WORDS
        and values["verbatim_run"] >= IN_ONE_PIECE
        and values["replaced"] == 0
        and values["skipped"] < FEW_SKIPPED
        and values["negation_strict"] == 0
        and values["own_missing"] < FOREIGN
        and not ruled_out(values)
    )


def ruled_out(values: Mapping[str, float]) -> bool:
    """What no score may outvote, for the passage that `values` are of. In the labelled groups all of it together costs
    5 of 100 supported sentences, most of them with figures that were worked out from others.
    """
    words, meaning = values["words_window"], values["cosine_window"]
    return (
        values["figures_passage"] > 0  # a figure that the passage has not, and that follows from none of its own
        or (values["names_missing"] > 0 and words < FEW_WITH_NAME)  # a name that none has
        or values["stance_against"] >= CONTRARY  # open here, closed there
        or (values["stance_against"] >= LESS_CONTRARY and values["stance_agreed"] == 0)
        or (values["negation_strict"] > 0 and words >= SAME_WORDS)  # the passage's words, with a "not" more or less
        or (values["negation_strict"] >= MOST_DENIED and words >= MOST_WORDS and values["stance_agreed"] == 0)
        or values["bound_turned"] > 0  # at least here, at most there
        or values["listed_instead"] >= CLAIMED  # a figure with the words of another one beside it
        or values["exchanged"] >= EXCHANGED  # what is said of one, of the other
        or values["name_strange"] >= STRANGE  # a name in the place of another
        or values["slot_taken"] >= SAID_OF_ANOTHER  # the passage's sentence, of something else
        or (values["english"] > 0 and words < FEW_SHARED and meaning < UNRELATED)
    )


def _claims(sentence: str, alignment: Alignment) -> bool:
    """A question, the announcement of a list or a lone word says nothing that a passage could support."""
    if sentence.rstrip().endswith(("?", "？", ":", "：")):
        return False
    return len(alignment.reading.words) >= FEWEST_WORDS or bool(alignment.figures)


def candidates(prepared: Prepared, alignment: Alignment, cited: tuple[int, ...] = ()) -> list[int]:
    """Ranks of the passages that may be meant. A second one may, unless the sentence has words that only the first has:
    what is true of Mr Oyelaran's contract is no proof of a sentence about Ms Vasquez-Holt's."""
    if not alignment.ranked:
        return []
    first = prepared.windows[alignment.ranked[0]].passage
    ranks = [0]
    for rank in range(1, min(CONSIDERED, len(alignment.ranked))):
        passage = prepared.windows[alignment.ranked[rank]].passage
        if alignment.rightful[passage] >= alignment.rightful[first] - MAY_LACK:
            ranks.append(rank)
    best = float(alignment.coverage[alignment.ranked[0]])
    for rank in range(CONSIDERED, len(alignment.ranked)):
        row = alignment.ranked[rank]
        if prepared.windows[row].passage in cited and best - float(alignment.coverage[row]) <= OF_CITED:
            ranks.append(rank)
    return ranks


def _reason(found: Evidence) -> Reason:
    fault = max(found.faults, key=_strength, default=None)
    if fault is None:
        return Reason("nothing") if found.values["words_window"] < FOUND else Reason("other_passage")
    if fault.code == "number" and fault.there:
        return Reason("other_number", {"said": fault.said, "there": fault.there})
    code = CODES[fault.code]
    if code in {"negation", "opposite"}:
        return Reason(code, {"said": fault.said, "there": fault.there})
    return Reason(code, {"said": fault.said} if fault.said else {})


def _strength(fault: Fault) -> float:
    return fault.weight * (2.5 if fault.code == "negation" else 1.0)


def _place(prepared: Prepared, alignment: Alignment, found: Evidence) -> tuple[int, int]:
    """From the first to the last clause of the window that shares something with the sentence."""
    window = prepared.windows[found.window]
    starts: list[int] = []
    ends: list[int] = []
    for at in range(window.first, window.last + 1):
        source = prepared.sources[at]
        touched = {
            word.clause
            for word in source.reading.words
            if any(
                prepared.similar[mine.stem][prepared.vocabulary[word.stem]] >= FOUND for mine in alignment.reading.words
            )
        }
        places = [(word.start, word.end) for word in source.reading.words if word.clause in touched]
        places += [
            (number.start, number.end)
            for number in source.reading.numbers
            if any(mine.same(number) for mine in alignment.figures)
        ]
        if places:
            # A first clause is shown from its first word, function words too.
            starts.append(source.span.start + (0 if 0 in touched else min(start for start, _ in places)))
            ends.append(source.span.start + max(end for _, end in places))
    if not starts:
        first, last = prepared.sources[window.first].span, prepared.sources[window.last].span
        return first.start, last.end
    return _whole_words(prepared.passages[found.passage], min(starts), max(ends))


def _whole_words(passage: str, start: int, end: int) -> tuple[int, int]:
    while (
        start > 0 and not passage[start - 1].isspace() and passage[start - 1].isalnum() and passage[start - 1].isascii()
    ):
        start -= 1
    while end < len(passage) and passage[end].isalnum() and passage[end].isascii():
        end += 1
    return start, end
