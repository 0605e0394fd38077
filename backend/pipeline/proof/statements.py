"""A sentence that joins two statements, of which each may stand in a passage of its own.

*The T80 weighs 52 kg, and its filter has to be washed once a month*: no passage has both, and either half is proved by
another one. The second half often leaves out whom it speaks of, so the passage that proves it must name the subject of
the first: what is true of the twin is not true of the T80.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from backend.pipeline.proof.align import Alignment, Prepared
from backend.pipeline.proof.words import Word

CUT: Final = re.compile(
    r"[;；]\s*"
    r"|,?\s+(?=(?:and|but|while|whereas|although|though|und|aber|während|wohingegen|sondern|doch|jedoch|wobei"
    r"|et|mais|tandis qu|alors qu|y|e|pero|mientras|aunque)\b)"
    r"|，(?=而|但|并|且|同时|其|另)|，",
    re.IGNORECASE,
)
LEADING: Final = re.compile(
    r"(?:and|but|while|whereas|although|though|und|aber|während|wohingegen|sondern|doch|jedoch|wobei"
    r"|et|mais|tandis que|tandis qu['’]|alors que|alors qu['’]|y|e|pero|mientras que|mientras|aunque)[\s]+"
    r"|而|但是?|并且?|且|同时",
    re.IGNORECASE,
)
RELATIVE: Final = re.compile(
    r"^(?P<subject>[^,，]{3,80}), (?P<word>which|who|whose|whom|der|die|das|deren|dessen|dem|den|qui|dont|que|cuy[oa]s?)\s"
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
THE_SAME: Final = 0.84


def halves(alignment: Alignment) -> Iterator[tuple[str, str]]:
    """The two statements, for each place where the sentence may be cut."""
    reading = alignment.reading
    text = reading.text
    if aside := RELATIVE.match(text):
        yield f"{aside['subject']} {aside['aside']}.", f"{aside['subject']} {aside['rest']}"
    starts = [item.start for item in (*reading.words, *alignment.figures)]
    cuts = 0
    for match in CUT.finditer(text):
        if any(number.start < match.end() and match.start() < number.end for number in reading.numbers):
            continue  # *an hour and a half*
        before = sum(start < match.start() for start in starts)
        if before < FEWEST or len(starts) - before < FEWEST:
            continue
        second = text[match.end() :]
        if leading := LEADING.match(second):
            second = second[leading.end() :]
        yield text[: match.start()].rstrip(" ,，") + ("。" if "。" in text else "."), second
        cuts += 1
        if cuts == MOST_CUTS:
            return


def same_subject(prepared: Prepared, first: Alignment, second: Alignment, passage: int) -> bool:
    """Whether `passage`, which proves the second statement, may speak of what the first is about, or the second names a
    subject of its own."""
    if any(_names(prepared, second, at) for at in range(min(OPENING, len(second.reading.words)))):
        return True
    opening = range(min(OPENING, len(first.reading.words)))
    told = [at for at in opening if first.own[at] >= OWN and first.names[at]] or [
        at for at in opening if first.own[at] >= OWN or first.names[at]
    ]
    if not told:
        return True
    strongest = max(told, key=lambda at: float(first.own[at]))
    return float(first.whole[passage, strongest]) >= THE_SAME


def _names(prepared: Prepared, alignment: Alignment, at: int) -> bool:
    word: Word = alignment.reading.words[at]
    if alignment.names[at]:
        return True
    if word.unspaced:
        return bool(alignment.own[at] >= OWN)
    # Every noun has a capital.
    return prepared.language == "german" and alignment.reading.text[word.start].isupper() and at == 0
