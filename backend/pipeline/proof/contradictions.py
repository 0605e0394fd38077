"""What contradicts: negations, opposites and members of one class, clause by clause and word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.align import FOUND, Alignment, Prepared
from backend.pipeline.proof.lexicon import CLASSES, OPPOSITES
from backend.pipeline.proof.stance import Stance, compared, stances
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SIDES: Final[dict[str, list[tuple[int, int]]]] = {}
for _pair, _both in enumerate(OPPOSITES):
    for _side, _members in enumerate(_both):
        for _member in _members.split():
            _SIDES.setdefault(_member, []).append((_pair, _side))
_CLASS_OF: Final = {member: number for number, members in enumerate(CLASSES) for member in members.split()}
_UNSPACED_SIDES: Final = tuple(word for word in _SIDES if "\u4e00" <= word[0] <= "\u9fff")
_UNSPACED_CLASS: Final = tuple(word for word in _CLASS_OF if "\u4e00" <= word[0] <= "\u9fff" and len(word) > 1)


ADVERBIAL: Final = re.compile(
    r"(?:in|on|at|under|for|by|with|during|according to|im|in|am|an|bei|beim|unter|für|nach|laut|mit|während|dans|sur"
    r"|pour|selon|chez|avec|à|au|en|para|según|con|durante)\s[^,]{2,60},",
    re.IGNORECASE,
)
"""*Under the new rules, …*"""


@dataclass(frozen=True, slots=True)
class Fault:
    """`code`: number, name, negation, opposite, other_of_kind, exchanged, elsewhere, nothing.

    `said`: in the sentence; `there`: in the passage.
    """

    code: str
    said: str = ""
    there: str = ""
    weight: float = 0.0


def negation(reading: Reading, sources: list[Reading], alignment: Alignment, faults: list[Fault]) -> dict[str, float]:
    """Clause by clause: where most of a clause's words stand, does one side deny what the other does not?"""
    weight_of = {id(word): float(weight) for word, weight in zip(reading.words, alignment.weights, strict=True)}
    total = sum(weight_of.values()) or 1.0
    strict = lenient = strict_all = 0.0
    flipped_to_no = flipped_to_yes = 0.0
    beside: list[tuple[int, float, Reading, int]] = []
    for clause in range(len(reading.negated)):
        words = [word for word in reading.words if word.clause == clause]
        if clause == 0 and len(reading.negated) > 1 and not reading.negated[0] and ADVERBIAL.match(reading.text):
            continue  # it has no verb that could be denied
        best, best_at = 0.0, None
        for source in sources:
            for theirs in range(len(source.negated)):
                stems = {word.stem for word in source.words if word.clause == theirs}
                overlap = sum(weight_of[id(word)] for word in words if word.stem in stems)
                if overlap > best:
                    best, best_at = overlap, (source, theirs)
        if best_at is not None:
            beside.append((clause, best / total, *best_at))
    for clause, share, source, theirs in beside:
        words = [word for word in reading.words if word.clause == clause]
        # *If it is cancelled late, nothing is paid back* beside *What is cancelled late is not paid back*.
        denied = any(reading.negated[one] for one, _, other, there in beside if other is source and there == theirs)
        if (
            denied != bool(source.negated[theirs])
            and reading.negated[clause] != source.negated[theirs]
            and not _predicate_elsewhere(words, reading.negated[clause], sources, source, theirs)
        ):
            strict += share
            faults.append(
                Fault(
                    "negation", "not" if reading.negated[clause] else "", "not" if source.negated[theirs] else "", share
                )
            )
            if reading.negated[clause]:
                flipped_to_no += share
            else:
                flipped_to_yes += share
        if reading.negating[clause] % 2 != source.negating[theirs] % 2:
            lenient += share
        strict_all += share
    said = sum(reading.negated)
    there = sum(sum(source.negated) for source in sources)
    return {
        "negation_strict": strict,
        "negation_to_no": flipped_to_no,
        "negation_to_yes": flipped_to_yes,
        "negation_lenient": lenient,
        "negation_said": float(said > 0),
        "negation_there": float(there > 0),
        "negation_more": float(max(said - there, 0)),
        "negation_alone": float(said > 0 and there == 0),
        "negation_gone": float(said == 0 and there > 0),
        "negation_gone_single": float(said == 0 and there > 0 and len(sources) == 1),
        "negation_compared": strict_all,
    }


def _predicate_elsewhere(words: list[Word], negated: int, sources: list[Reading], source: Reading, theirs: int) -> bool:
    """*The boat cannot be saved and was broken up*: what is said of the boat stands in a clause that denies as much."""
    rest = {word.stem for word in words} - {word.stem for word in source.words if word.clause == theirs}
    return bool(rest) and any(
        2 * len(rest & {word.stem for word in one.words if word.clause == other}) >= len(rest)
        for one in sources
        for other in range(len(one.negated))
        if one.negated[other] == negated and (one is not source or other > theirs)
    )


def denials(
    reading: Reading, window: list[Reading], passage: list[Reading], weights: NDArray[np.float32]
) -> dict[str, float]:
    """Word by word: denied wherever the passage has it, and not here; or the other way round."""
    total = float(weights.sum()) or 1.0
    values = dict.fromkeys(
        ("denied_there", "denied_there_most", "denied_here", "denied_here_most", "denied_loosely", "denied_passage"),
        0.0,
    )
    near: dict[str, list[Word]] = {}
    far: dict[str, list[Word]] = {}
    for readings, places in ((window, near), (passage, far)):
        for source in readings:
            for word in source.words:
                places.setdefault(word.stem, []).append(word)
    for at, word in enumerate(reading.words):
        share = float(weights[at]) / total
        if there := near.get(word.stem):
            if not word.denied and all(other.denied for other in there):
                values["denied_there"] += share
                values["denied_there_most"] = max(values["denied_there_most"], share)
            if word.denied and not any(other.denied for other in there):
                values["denied_here"] += share
                values["denied_here_most"] = max(values["denied_here_most"], share)
            if word.denied_loosely != any(other.denied_loosely for other in there):
                values["denied_loosely"] += share
        if (there := far.get(word.stem)) and not any(other.denied_loosely == word.denied_loosely for other in there):
            values["denied_passage"] += share
    return values


def contrary_stances(
    alignment: Alignment, sources: list[Reading], prepared: Prepared, faults: list[Fault]
) -> dict[str, float]:
    """Open here and closed there, by whichever words: each clause beside the clause of the window that shares most."""
    reading = alignment.reading
    mine = stances(reading)
    values = {"stance_against": 0.0, "stance_agreed": 0.0}
    if not mine:
        return values
    there: list[Stance] = []
    clauses: list[set[str]] = []
    sentences: list[range] = []
    for source in sources:
        first = len(clauses)
        count = len(source.negated)
        clauses.extend({word.stem for word in source.words if word.clause == clause} for clause in range(count))
        there.extend(replace(stance, clause=first + stance.clause) for stance in stances(source))
        sentences.extend([range(first, first + count)] * count)
    total = float(alignment.weights.sum()) or 1.0
    columns = prepared.vocabulary
    overlap = [[0.0] * len(clauses) for _ in reading.negated]
    for word, weight in zip(reading.words, alignment.weights, strict=True):
        row = prepared.similar[word.stem]
        for at, stems in enumerate(clauses):
            near = max((float(row[columns[stem]]) for stem in stems), default=0.0)
            if near >= FOUND:
                overlap[word.clause][at] += near * float(weight) / total
    against, agreed, worst = compared(mine, overlap, there)
    if not against and not agreed:
        counts = [sum(word.clause == clause for word in reading.words) for clause in range(len(overlap))]
        _lift(overlap, counts, [len(stems) for stems in clauses], sentences)
        against, agreed, worst = compared(mine, overlap, there)
    values["stance_against"], values["stance_agreed"] = against, agreed
    if worst is not None:
        said, other = worst
        if said.denied != other.denied:
            not_here, not_there = ("not" if one.denied else "" for one in worst)
            faults.append(Fault("negation", not_here, not_there, 1.0 + against))
        else:
            faults.append(Fault("opposite", said.said, other.said, 1.0 + 2 * against))
    return values


BARE: Final = 2
"""Words of a clause that says only what holds of the clause before it."""
OF_THE_SENTENCE: Final = 0.8


def _lift(overlap: list[list[float]], said: Sequence[int], there: Sequence[int], sentences: Sequence[range]) -> None:
    """*The first service, after 300 km, is free*: what is free stands in another clause of its sentence.

    `said`, `there`: words of each clause; `sentences`: for each clause of the passage, those of its sentence.
    """
    most_said = [max(column) for column in zip(*overlap, strict=True)]
    for count, row in zip(said, overlap, strict=True):
        if count <= BARE:
            row[:] = [max(own, OF_THE_SENTENCE * most) for own, most in zip(row, most_said, strict=True)]
        lifted = [max(row[other] for other in sentence) for sentence in sentences]
        for at, most in enumerate(lifted):
            if there[at] <= BARE:
                row[at] = max(row[at], OF_THE_SENTENCE * most)


def opposites(reading: Reading, sources: list[Reading], faults: list[Fault]) -> dict[str, float]:
    """Word by word: the sentence has one side of a pair, or a member of a class, and the window only another."""
    mine = _marked(reading)
    theirs = set().union(*(_marked(source) for source in sources)) if sources else set()
    conflicts = 0
    for word in mine:
        for pair, side in _SIDES.get(word, ()):
            there = [other for other in theirs if (pair, 1 - side) in _SIDES.get(other, ())]
            same = any((pair, side) in _SIDES.get(other, ()) for other in theirs)
            if there and not same:
                conflicts += 1
                faults.append(Fault("opposite", word, there[0], 1.0))
    classes = 0
    for word in mine:
        kind = _CLASS_OF.get(word)
        if kind is not None and word not in theirs:
            there = [other for other in theirs if _CLASS_OF.get(other) == kind and other not in mine]
            if there:
                classes += 1
                faults.append(Fault("other_of_kind", word, there[0], 1.5))
    return {"opposites": float(conflicts), "classes": float(classes)}


def _marked(reading: Reading) -> set[str]:
    words = {word for word in reading.lowers if word in _SIDES or word in _CLASS_OF}
    if any(word.unspaced for word in reading.words):
        words |= {word for word in _UNSPACED_SIDES if word in reading.text}
        words |= {word for word in _UNSPACED_CLASS if word in reading.text}
    return words
