"""How much each signal deserves, as the collection itself tells: without labels, one language at a time.

A sentence is taken out of a passage and used as a question: the passage, without it, should be found again. Whether
meaning helps with that is what differs most between collections and languages, since the embedder knows some languages
and not others; words, letters and sentences keep the shares that served on every labelled set.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.pipeline.signals import SIGNALS, Signal, sentences
from backend.pipeline.terms import UNSPACED

Weights = dict[Signal, float]

SHARES: Final[Mapping[Signal, float]] = {"words": 1.0, "letters": 1.0, "sentence": 0.4}
USUAL_MEANING: Final = {"english": 0.8, "unspaced": 0.05, "russian": 0.03}
OTHER_MEANING: Final = 0.2
"""Where a collection has too little of a language to measure: what larger ones gave with the built-in embedder, which
learned from English; German stands for the other languages in Latin letters."""

SHORTEST: Final = 30
"""Letters of a sentence that can be asked for; a third of it in a script without spaces."""


MEANING: Final = (0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.7)
"""Weights of meaning that are tried."""


AS_GOOD: Final = 0.01


@dataclass(frozen=True, slots=True)
class Trial:
    """What the signals said of the candidates of one draw; `right`: which of them it was taken from."""

    said: Mapping[Signal, Sequence[float]]
    right: int | None


@dataclass(frozen=True, slots=True)
class Draw:
    """`question`: a sentence of the passage number `index`; `rest`: the passage without it."""

    index: int
    question: str
    rest: str


def usual(language: str) -> Weights:
    return {**SHARES, "meaning": USUAL_MEANING.get(language, OTHER_MEANING)}


def draw(texts: Sequence[str], count: int, seed: int) -> list[Draw]:
    """At most `count`, from passages of at least two sentences; the same for the same seed."""
    choice = random.Random(seed)  # noqa: S311 - a sample, not a secret
    order = list(range(len(texts)))
    choice.shuffle(order)
    drawn: list[Draw] = []
    for index in order:
        text = texts[index]
        parts = sentences(text)
        fit = [part for part in parts if len(part) >= (SHORTEST / 3 if UNSPACED.search(part) else SHORTEST)]
        if len(parts) < 2 or not fit:
            continue
        question = choice.choice(fit)
        drawn.append(Draw(index, question.strip(), text.replace(question, " ", 1)))
        if len(drawn) == count:
            break
    return drawn


def gain(rank: int | None) -> float:
    """nDCG of one right passage at `rank`, which counts from 1; 0 where it was not found."""
    return 0.0 if rank is None else 1 / math.log2(rank + 1)


def choose(trials: Sequence[Trial]) -> Weights:
    """The shares, with the weight of meaning that finds most of the drawn passages again.

    200 questions do not tell weights apart whose gains differ by less than AS_GOOD, so their middle is taken: the
    geometric mean of all that are as good as the best.
    """
    curve = [sum(gain(_rank(trial, weight)) for trial in trials) for weight in MEANING]
    good = [weight for weight, gained in zip(MEANING, curve, strict=True) if gained >= (1 - AS_GOOD) * max(curve)]
    return {**SHARES, "meaning": round(math.exp(sum(map(math.log, good)) / len(good)), 3)}


def _rank(trial: Trial, meaning: float) -> int | None:
    if trial.right is None:
        return None
    weights = {**SHARES, "meaning": meaning}
    scores = [
        sum(weights[signal] * trial.said[signal][at] for signal in SIGNALS) for at in range(len(trial.said["words"]))
    ]
    return 1 + sum(score > scores[trial.right] for score in scores)
