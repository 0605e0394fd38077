"""A sentence that joins two statements, of which each may stand in a passage of its own.

*The T80 weighs 52 kg, and its filter has to be washed once a month*: no passage has both, and either half is proved by
another one. The second half often leaves out whom it speaks of, so the passage that proves it must name the subject of
the first: what is true of the twin is not true of the T80.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.pipeline.proof.align import THE_SAME, Alignment, Prepared
from backend.pipeline.proof.words import Word

_CONTRAST: Final = (
    r"(?:while|whereas|während|wohingegen|tandis que|alors que|mientras(?: que)?)\b|(?:tandis|alors) qu['’]"
)
_JOINING: Final = r"and|but|although|though|und|aber|sondern|doch|jedoch|wobei|et|mais|y|e|pero|aunque"
CUTS: Final = (
    re.compile(rf"[;；]\s*|,?\s+(?=(?:{_CONTRAST}|(?:{_JOINING})\b))|，(?=而|但|并|且|同时)", re.IGNORECASE),
    re.compile(r"[,，]\s*"),
)
"""Where a word says that another statement begins; and, after those, any comma."""
LEADING: Final = re.compile(rf"(?:{_CONTRAST}|(?:{_JOINING})\b)\s*|而|但是?|并且?|且|同时", re.IGNORECASE)
CONTRAST: Final = re.compile(rf"{_CONTRAST}|而", re.IGNORECASE)
"""What follows has a subject of its own."""
RELATIVE: Final = re.compile(
    r"^(?P<subject>[^,，]{3,80}), "
    r"(?:which|who|whose|whom|der|die|das|deren|dessen|dem|den|qui|dont|que|cuy[oa]s?)\s"
    r"(?P<aside>[^,]+), (?P<rest>.+)$",
    re.IGNORECASE,
)
"""*The Korrin 220, whose wheel is of polyurethane, is assembled in Tarnow.*"""
FEWEST: Final = 2
"""Words and figures of a statement."""
MOST_CUTS: Final = 4
OPENING: Final = 3
"""Words in which a statement says what it is about."""
OWN: Final = 0.3
"""How far a word must belong to some passages and not to others to tell what a statement is about."""
LEAST_SHARE: Final = 0.3
"""Of a half's words, that some passage has."""
GAIN: Final = 0.05
"""Of the shares of both halves: what two passages have more than one."""


@dataclass(frozen=True, slots=True)
class Halves:
    """`start`: where the second begins in the sentence. `contrasted`: whether it has its own subject for sure."""

    first: str
    second: str
    start: int
    contrasted: bool


def halves(alignment: Alignment) -> Iterator[Halves]:
    """The two statements, for each place where the sentence may be cut, the likeliest first."""
    reading = alignment.reading
    text = reading.text
    if aside := RELATIVE.match(text):
        subject = aside["subject"]
        yield Halves(f"{subject} {aside['aside']}.", f"{subject} {aside['rest']}", aside.start("rest"), contrasted=True)
    starts = [word.start for word in reading.words] + [figure.start for figure in alignment.figures]
    done: set[int] = set()
    for cut in CUTS:
        for match in cut.finditer(text):
            before = sum(start < match.start() for start in starts)
            if len(done) == MOST_CUTS or match.start() in done or min(before, len(starts) - before) < FEWEST:
                continue
            if any(number.start < match.end() and match.start() < number.end for number in reading.numbers):
                continue  # *an hour and a half*
            done.add(match.start())
            second = text[match.end() :]
            leading = LEADING.match(second)
            yield Halves(
                text[: match.start()].rstrip(" ,，") + ("。" if "。" in text else "."),
                second[leading.end() :] if leading else second,
                match.end(),
                contrasted=CONTRAST.match(second) is not None,
            )


def apart(alignment: Alignment, start: int) -> bool:
    """Whether most of what stands before `start` and after it is in two passages: a look before the halves are read."""
    import numpy as np

    first = np.array([word.start < start for word in alignment.reading.words], dtype=bool)
    best = []
    for half in (first, ~first):
        total = float(alignment.weights[half].sum())
        if not total or not len(alignment.whole):
            return False
        shares = alignment.whole[:, half] @ alignment.weights[half] / total
        if float(shares.max()) < LEAST_SHARE:
            return False
        best.append(shares)
    both = float((best[0] + best[1]).max())
    return float(best[0].max() + best[1].max()) > both + GAIN


def same_subject(prepared: Prepared, first: Alignment, second: Alignment, passage: int) -> bool:
    """Whether `passage`, which proves the second statement, may speak of what the first is about, or the second names a
    subject of its own."""
    if any(_names(prepared, second, at) for at in range(min(OPENING, len(second.reading.words)))):
        return True
    opening = range(min(OPENING, len(first.reading.words)))
    named = [at for at in opening if first.names[at]]
    if named:
        # Of a name that both twins have, the part that tells them apart.
        strongest = max(named, key=lambda at: float(first.own[at]))
        return float(first.whole[passage, strongest]) >= THE_SAME
    told = [at for at in opening if first.own[at] >= OWN]
    return not told or any(float(first.whole[passage, at]) >= THE_SAME for at in told)


def _names(prepared: Prepared, alignment: Alignment, at: int) -> bool:
    word: Word = alignment.reading.words[at]
    if alignment.names[at]:
        return True
    if word.unspaced:
        return bool(alignment.own[at] >= OWN)
    # Every noun has a capital.
    return prepared.language == "german" and alignment.reading.text[word.start].isupper() and at == 0
