"""The learnt judge: boosted trees over the figures of an alignment, read from a file of a few kB."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("model.json")
"""Written by `python -m build_scripts.proof_model --write`."""


@dataclass(frozen=True, slots=True)
class Model:
    """`threshold`: the score from which a sentence counts as supported."""

    figures: tuple[str, ...]
    threshold: float
    trees: tuple[Any, ...]

    def score(self, values: Mapping[str, float]) -> float:
        """Log odds that the sentence is supported. Raises KeyError where a figure of the model is missing."""
        row = [values[name] for name in self.figures]
        return sum(_leaf(tree, row) for tree in self.trees)


def _leaf(tree: Any, row: list[float]) -> float:
    while isinstance(tree, list):
        tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]
    return float(tree)


@lru_cache(maxsize=1)
def load() -> Model:
    content = json.loads(FILE.read_text("utf-8"))
    return Model(tuple(content["figures"]), float(content["threshold"]), tuple(content["trees"]))
