"""How far a sentence has the very wording of its passage, and what it has in the place of some of its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Final

TOKEN: Final = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\\W_]+|[€$£%]")
LONGEST: Final = 400
"""Tokens compared: what is longer is no sentence."""
SHORT: Final = 4
"""Tokens that one replaced piece has at most; more is another wording, not another word."""


def tokens(text: str) -> list[str]:
    return [token.lower() for token in TOKEN.findall(text)[:LONGEST]]


def wording(said: list[str], there: list[str], worth: Mapping[str, float]) -> dict[str, float]:
    """`verbatim`: share of the tokens that stand there in this order; `verbatim_run`: the longest run of them.

    `replaced`: worth of the words that stand in the place of others of the passage between words that are the same;
    `skipped`: tokens of the passage left out between the first and the last that are the same, as a share of `said`.
    `replaced_most`: of the dearest. `added`: worth of what was put between neighbours. `worth`: of each token, 0 to 1.
    """
    names = ("verbatim", "verbatim_run", "replaced", "replaced_most", "added", "left_out", "skipped")
    values = dict.fromkeys(names, 0.0)
    if not said or not there:
        return values
    same = 0
    kept: list[int] = []
    for kind, first, last, begin, end in SequenceMatcher(None, there, said, autojunk=False).get_opcodes():
        if kind == "equal":
            same += end - begin
            kept += (first, last)
            values["verbatim_run"] = max(values["verbatim_run"], (end - begin) / len(said))
        elif kind == "replace" and end - begin <= SHORT and last - first <= SHORT:
            mine = [worth.get(token, 0.0) for token in said[begin:end]]
            theirs = [worth.get(token, 0.0) for token in there[first:last]]
            values["replaced"] += min(sum(mine), sum(theirs))
            values["replaced_most"] = max(values["replaced_most"], min(max(mine), max(theirs)))
        elif kind == "insert":
            values["added"] += sum(worth.get(token, 0.0) for token in said[begin:end])
        elif kind == "delete" and 0 < begin < len(said) and last - first <= SHORT:
            values["left_out"] += sum(worth.get(token, 0.0) for token in there[first:last])
    values["verbatim"] = same / len(said)
    values["skipped"] = (max(kept) - min(kept) - same) / len(said) if kept else 0.0
    return values
