"""Another word in the place of one: the passage's own sentence, said of something else that the passages know.

*The lynx came back in 2007* where the wolf did. A paraphrase brings words that the passages have not; a word that they
have, and that this sentence of theirs has not, is about something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    from backend.pipeline.proof.align import Alignment, Prepared

MOST: Final = 6
"""Tokens of a slot; more is another wording."""
FRONT: Final = 3
"""Tokens within which a sentence names what it is about."""
LEAST_LETTERS: Final = 2
"""Of a word in a script without spaces: one is a part of too many."""


@dataclass(frozen=True, slots=True)
class Taken:
    """`said` stands in the place of `there`; `alike`: the share of the sentence that is the passage's sentence."""

    said: str
    there: str
    alike: float


def taken(prepared: Prepared, alignment: Alignment, passage: int, said: Sequence[str]) -> Taken | None:
    """`said`: the tokens of the sentence. Compared with the sentence of `passage` that has most of them in order."""
    own = prepared.passage_sources[passage]
    if not said or not own:
        return None
    compared = {at: SequenceMatcher(None, prepared.tokens[at], said, autojunk=False) for at in own}
    at = max(own, key=lambda one: compared[one].ratio() * (len(said) + len(prepared.tokens[one])))
    there = prepared.tokens[at]
    operations = compared[at].get_opcodes()
    alike = sum(end - begin for kind, _, _, begin, end in operations if kind == "equal") / len(said)
    unspaced = any(word.unspaced for word in alignment.reading.words)
    # What the passage opens with may stand for *it* or *the firm*.
    about = {word.stem for word in prepared.sources[own.start].reading.words}
    for kind, first, last, begin, end in operations:
        if kind != "replace" or end - begin > MOST or last - first > MOST:
            continue
        mine, theirs = said[begin:end], there[first:last]
        if unspaced:
            if begin <= FRONT and _letters(prepared, alignment, at, "".join(mine), "".join(theirs)):
                return Taken("".join(mine), "".join(theirs), alike)
            continue
        pair = _words(prepared, alignment, at, mine, theirs)
        if pair is None:
            continue
        named = pair[0].name and pair[1].name
        if named or (begin <= FRONT and pair[0].stem not in about):
            return Taken(_text(alignment.reading, pair[0]), _text(prepared.sources[at].reading, pair[1]), alike)
    return None


def _words(
    prepared: Prepared, alignment: Alignment, at: int, said: Sequence[str], there: Sequence[str]
) -> tuple[Word, Word] | None:
    """A word of the passages among `said` that its sentence `at` has not, and one among `there` that is not said."""
    mine, theirs = alignment.reading.words, prepared.sources[at].reading.words
    here = {word.stem for word in theirs}
    known = {word.stem for word in mine}
    strange = (word for word in mine if word.lower in said and word.stem not in here)
    lost = (word for word in theirs if word.lower in there and word.stem not in known)
    word, other = next((word for word in strange if word.stem in prepared.vocabulary), None), next(lost, None)
    return (word, other) if word is not None and other is not None else None


def _text(reading: Reading, word: Word) -> str:
    return reading.text[word.start : word.end]


def _letters(prepared: Prepared, alignment: Alignment, at: int, said: str, there: str) -> bool:
    """The same in a script without spaces."""
    if min(len(said), len(there)) < LEAST_LETTERS or said in prepared.sources[at].reading.text:
        return False
    return any(said in text for text in prepared.passages) and there not in alignment.reading.text
