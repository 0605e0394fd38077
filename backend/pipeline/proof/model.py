"""The learnt judge: boosted trees and a line over the figures of an alignment, read from a file of a few kB."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("model.json")
"""Written by `python -m build_scripts.proof_model --write`."""
FURTHEST: Final = 4.0
"""Standard deviations from the mean at which a figure stops to count for more."""


@dataclass(frozen=True, slots=True)
class Model:
    """`threshold`: the score from which a sentence counts as supported. `weights`: one more than there are figures."""

    figures: tuple[str, ...]
    threshold: float
    trees: tuple[Any, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]

    def score(self, values: Mapping[str, float]) -> float:
        """Log odds that the sentence is supported. Raises KeyError where a figure of the model is missing."""
        row = [values[name] for name in self.figures]
        line = self.weights[-1] + sum(
            weight * min(max((value - mean) / scale, -FURTHEST), FURTHEST)
            for value, mean, scale, weight in zip(row, self.means, self.scales, self.weights, strict=False)
        )
        return (sum(_leaf(tree, row) for tree in self.trees) + line) / 2


def _leaf(tree: Any, row: list[float]) -> float:
    while isinstance(tree, list):
        tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]
    return float(tree)


@lru_cache(maxsize=1)
def load() -> Model:
    content = json.loads(FILE.read_text("utf-8"))
    line = (tuple(content[name]) for name in ("means", "scales", "weights"))
    return Model(tuple(content["figures"]), float(content["threshold"]), tuple(content["trees"]), *line)
