"""Scores of two signals → one ranking that is hardly worse than the better of them, with its explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arm:
    """What one signal says of a passage; `rank` counts from 1."""

    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """`vector` and `text` are None where that signal did not have the passage among its first."""

    passage_id: str
    score: float
    vector: Arm | None
    text: Arm | None


def score_sum(
    nearest: Mapping[str, float], matching: Mapping[str, float], cosines: Mapping[str, float]
) -> list[Ranked]:
    """½ · cosine + ½ · (BM25 ÷ the best BM25 of this question), the best first.

    nearest, matching: passage id → cosine, BM25, each the first of its arm, best first. cosines: those of the passages
    that only `matching` has, computed exactly. A sum of scores keeps what ranks throw away: by how much a passage won.
    Passages with the same score stay in the order of the words, then of the vectors.
    """
    vector = _arms(nearest)
    text = _arms(matching)
    best = max(matching.values(), default=0.0) or 1.0
    ranked = [
        Ranked(
            passage_id,
            0.5 * nearest.get(passage_id, cosines.get(passage_id, 0.0)) + 0.5 * matching.get(passage_id, 0.0) / best,
            vector.get(passage_id),
            text.get(passage_id),
        )
        for passage_id in dict.fromkeys([*matching, *nearest])
    ]
    return sorted(ranked, key=lambda passage: -passage.score)


def single(scores: Mapping[str, float], *, vector: bool) -> list[Ranked]:
    """One signal alone, in its own order."""
    return [
        Ranked(passage_id, arm.score, arm if vector else None, None if vector else arm)
        for passage_id, arm in _arms(scores).items()
    ]


def _arms(scores: Mapping[str, float]) -> dict[str, Arm]:
    return {passage_id: Arm(score, rank) for rank, (passage_id, score) in enumerate(scores.items(), start=1)}
