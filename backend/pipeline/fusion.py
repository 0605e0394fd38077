"""What several signals say → one ranking that is never worse than the best of them, with its explanation.

How it was chosen. Fusion of ranks, which is common, throws away by how much a passage won, and loses a third of the
answers wherever one signal is weak; so scores are added, and meaning counts as much as it deserves in the question's
own language, which sentences of the collection tell (`pipeline/weights.py`): the weights found so are near the best
ones on XQuAD in four languages, a novel and a rule book. BM25 is divided mostly by the most that the question could
score, not by its best: where no passage holds the question's words, meaning decides; that helped on all of these and on
headings asked for. A low k1 helped in all four languages of XQuAD, and so did what the passages of a document lend each
other. The best sentence helped in three of them and on the novel, and cost up to .005 of nDCG on the rule book, so it
counts less than half. Phrases, pairs of words in any order, grams of three, five and six characters and mixtures of
them, and the best score of the document instead of the mean of its best were tried, and helped on some sets and harmed
others, or changed nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.pipeline.signals import SIGNALS, Signal

CONTEXT: Final = 0.2
"""Of the mean of a document's NEIGHBOURS best candidates, added to each of them."""

NEIGHBOURS: Final = 4

ANSWER: Final = 0.18
"""Of how well the best sentence answers (`quotes.answering`), which goes by the words that tell the first few apart.
From .16 to .24 it helped in all four languages of XQuAD, by .003 to .005 of hit@1, and on real documents."""

ANSWERED: Final = 5
"""The first few that are read for it. With 8 and 12 more came first in real documents, and less was among five."""

Weights = Mapping[Signal, float]


@dataclass(frozen=True, slots=True)
class Arm:
    """What one signal says of a passage; `rank` counts from 1."""

    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """`shares`: what each signal, and the rest of its document (`context`), gave to the score; they add up to it.

    `vector` and `text` are None where that arm did not have the passage among its first.
    """

    passage_id: str
    score: float
    vector: Arm | None
    text: Arm | None
    shares: Mapping[str, float]


def fuse(
    passages: Sequence[tuple[str, str]],
    said: Mapping[Signal, Sequence[float]],
    weights: Weights,
    nearest: Mapping[str, float],
    matching: Mapping[str, float],
    *,
    worth: Sequence[float] | None = None,
) -> list[Ranked]:
    """The weighted sum, the best first, 0 to 1 (below 0 where even the meaning is further away than the average).

    passages: (passage id, document id) in the order of `said`. nearest, matching: passage id → cosine, BM25, each the
    first of its arm, best first. worth: 0 to 1, what each sum is multiplied by. Passages with the same score stay in
    the order they came in.
    """
    vector, text = _arms(nearest), _arms(matching)
    total = sum(weights[signal] for signal in SIGNALS) * (1 + CONTEXT)
    factors = [each / total for each in worth] if worth is not None else [1 / total] * len(passages)
    shares = [
        {signal: weights[signal] * said[signal][at] * factor for signal in SIGNALS} for at, factor in enumerate(factors)
    ]
    sums = [sum(share.values()) for share in shares]
    best: dict[str, list[float]] = {}
    for (_, document), score in zip(passages, sums, strict=True):
        best.setdefault(document, []).append(score)
    context = {
        document: CONTEXT * sum(heapq.nlargest(NEIGHBOURS, scores)) / NEIGHBOURS for document, scores in best.items()
    }
    ranked = [
        Ranked(
            passage,
            sums[at] + context[document],
            vector.get(passage),
            text.get(passage),
            shares[at] | {"context": context[document]},
        )
        for at, (passage, document) in enumerate(passages)
    ]
    return sorted(ranked, key=lambda passage: -passage.score)


def by_answer(ranked: Sequence[Ranked], best: Sequence[float]) -> list[Ranked]:
    """The first few in the order that their best sentences answer too, which counts ANSWER; the others behind them.

    best: of each of the first, 0 to 1. It stands among the shares as part of `sentence`.
    """
    few = [
        replace(
            one,
            score=(one.score + ANSWER * answer) / (1 + ANSWER),
            shares={
                name: (share + ANSWER * answer * (name == "sentence")) / (1 + ANSWER)
                for name, share in one.shares.items()
            },
        )
        for one, answer in zip(ranked, best, strict=False)
    ]
    rest = [
        replace(
            one,
            score=one.score / (1 + ANSWER),
            shares={name: share / (1 + ANSWER) for name, share in one.shares.items()},
        )
        for one in ranked[len(few) :]
    ]
    return [*sorted(few, key=lambda one: -one.score), *rest]


def single(scores: Mapping[str, float], *, vector: bool) -> list[Ranked]:
    """One arm alone, in its own order."""
    return [
        Ranked(passage_id, arm.score, arm if vector else None, None if vector else arm, {})
        for passage_id, arm in _arms(scores).items()
    ]


def _arms(scores: Mapping[str, float]) -> dict[str, Arm]:
    return {passage_id: Arm(score, rank) for rank, (passage_id, score) in enumerate(scores.items(), start=1)}
