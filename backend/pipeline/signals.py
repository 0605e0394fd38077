"""A question and its candidates → what each signal says of each candidate, on scales that can be added.

Four signals. *words*: BM25 of the stemmed words. *letters*: BM25 of character grams, which see through endings and
compounds. *sentence*: the same for the best single sentence of the passage, since an answer stands in one. *meaning*:
the cosine, moved so that a passage of the collection has 0 on average. The frequencies come from a sample of the
collection, so that they cost the same whatever its size.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from backend.pipeline.terms import grams, guess_language, letters, terms

Signal = Literal["words", "letters", "sentence", "meaning"]
SIGNALS: Final[tuple[Signal, ...]] = ("words", "letters", "sentence", "meaning")

MOST_WORDS: Final = 64
MOST_GRAMS: Final = 128
"""Of a question, the rarest: more say the same again, and a pasted page must not make the search slow."""

READ: Final = 4000
"""Letters of a question that are looked at; the embedder reads less."""

LEXICAL: Final = 0.2
"""How far a BM25 is divided by its best for this question (1) rather than by the most that it could be (0).

Where nothing matches well, words then say little, and meaning decides."""

LEAST_COSINE: Final = 0.05
"""A best candidate nearer to the average than this is not near at all."""

LIKELY: Final = 40
"""Candidates whose letters are looked at, the best by words and meaning; the others are left at 0. Looking at 64 or all
of them changed no figure of XQuAD in English and German."""

CLOSE: Final = 12
"""Candidates whose sentences are looked at, the best by the other signals; the others are left at 0."""

SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？；।])|\n+")


@dataclass(frozen=True, slots=True)
class Bm25:
    """`saturation`: k1; `length`: b. Lower k1 than is common: in a passage the second mention says hardly more."""

    saturation: float
    length: float

    def of(self, count: int, size: int, average: float) -> float:
        """The share of the term's idf, times k1 + 1."""
        return (
            count
            * (self.saturation + 1)
            / (count + self.saturation * (1 - self.length + self.length * size / max(average, 1.0)))
        )


WORDS: Final = Bm25(0.6, 0.5)
LETTERS: Final = Bm25(0.8, 0.6)
SENTENCES: Final = Bm25(0.8, 0.4)


@dataclass(frozen=True)
class Statistics:
    """Of a sample of passages: in how many each word and gram stands, and how long they are on average.

    `cosine`: the mean of the passages' vectors, (384,), as a tuple: its product with a question is the mean cosine.
    """

    passages: int
    words: Mapping[str, int]
    grams: Mapping[str, int]
    word_length: float
    letter_length: float
    sentence_length: float
    mean: Sequence[float]

    def idf(self, count: int) -> float:
        return math.log(1 + (self.passages - count + 0.5) / (count + 0.5))


def statistics(sample: Sequence[tuple[str, str]], mean: Sequence[float]) -> Statistics:
    """`sample`: text and indexed terms of each passage."""
    words: Counter[str] = Counter()
    found: Counter[str] = Counter()
    word_length = letter_length = 0
    sentence_count = 0
    for text, indexed in sample:
        split = indexed.split()
        words.update(set(split))
        word_length += len(split)
        line = letters(text)
        found.update(set(grams(line)))
        letter_length += len(line)
        sentence_count += max(1, len(sentences(text)))
    count = len(sample)
    return Statistics(
        count,
        words,
        found,
        word_length / max(count, 1),
        letter_length / max(count, 1),
        letter_length / max(sentence_count, 1),
        mean,
    )


@dataclass(frozen=True)
class Asked:
    """A question, taken apart once. `words`, `grams`: each with its idf, the rarest first."""

    language: str
    words: list[tuple[str, float]]
    grams: list[tuple[str, float]]

    @cached_property
    def most_words(self) -> float:
        return sum(idf for _, idf in self.words) * (WORDS.saturation + 1)

    @cached_property
    def most_grams(self) -> float:
        return sum(idf for _, idf in self.grams) * (LETTERS.saturation + 1)


def ask(question: str, known: Statistics) -> Asked:
    """A term that comes twice counts twice."""
    question = question[:READ]
    return Asked(
        guess_language(question),
        _rarest(terms(question), known.words, known, MOST_WORDS),
        _rarest(grams(letters(question)), known.grams, known, MOST_GRAMS),
    )


def _rarest(found: Iterable[str], counts: Mapping[str, int], known: Statistics, most: int) -> list[tuple[str, float]]:
    weighed = [
        (term, times * known.idf(min(counts.get(term, 0), known.passages))) for term, times in Counter(found).items()
    ]
    weighed.sort(key=lambda pair: -pair[1])
    return weighed[:most]


@dataclass(frozen=True, slots=True)
class Candidate:
    """`text`: with its headings, as indexed; `terms`: as indexed; `cosine` with the question, less the mean cosine."""

    text: str
    terms: str
    cosine: float


def measure(
    asked: Asked, candidates: Sequence[Candidate], known: Statistics, meaning_weight: float
) -> dict[Signal, list[float]]:
    """Each signal's word on each candidate, mostly 0 to 1. `meaning_weight`: against words, to choose the likely by."""
    words = _scaled([_words(asked, candidate.terms, known) for candidate in candidates], asked.most_words)
    best = max((candidate.cosine for candidate in candidates), default=0.0)
    scale = max(best, LEAST_COSINE)
    meaning = [candidate.cosine / scale for candidate in candidates]
    sums = [word + meaning_weight * near for word, near in zip(words, meaning, strict=True)]
    likely = _best(sums, LIKELY)
    lines = {at: letters(candidates[at].text) for at in likely}
    found = [0.0] * len(candidates)
    for at, line in lines.items():
        found[at] = _grams(asked.grams, line, LETTERS, known.letter_length)
    whole = _scaled(found, asked.most_grams)
    sums = [total + letter for total, letter in zip(sums, whole, strict=True)]
    sentence = [0.0] * len(candidates)
    for at in _best(sums, CLOSE):
        if at in lines:
            sentence[at] = _best_sentence(asked, candidates[at].text, lines[at], known)
    return {"words": words, "letters": whole, "sentence": _scaled(sentence, asked.most_grams), "meaning": meaning}


def sentences(text: str) -> list[str]:
    return [part for part in SENTENCE.split(text) if part and part.strip()]


def _best(scores: Sequence[float], count: int) -> list[int]:
    return sorted(range(len(scores)), key=lambda at: -scores[at])[:count]


def _words(asked: Asked, indexed: str, known: Statistics) -> float:
    # Two spaces between words, so that a word that comes twice in a row is counted twice.
    line = f" {indexed.replace(' ', '  ')} "
    size = line.count("  ") + 1
    score = 0.0
    for word, idf in asked.words:
        count = line.count(f" {word} ")
        if count:
            score += idf * WORDS.of(count, size, known.word_length)
    return score


def _grams(wanted: Iterable[tuple[str, float]], line: str, formula: Bm25, average: float) -> float:
    size = len(line)
    score = 0.0
    for gram, idf in wanted:
        count = line.count(gram)
        if count:
            score += idf * formula.of(count, size, average)
    return score


def _best_sentence(asked: Asked, text: str, line: str, known: Statistics) -> float:
    there = [pair for pair in asked.grams if pair[0] in line]
    return max(
        (_grams(there, letters(sentence), SENTENCES, known.sentence_length) for sentence in sentences(text)),
        default=0.0,
    )


def _scaled(scores: Sequence[float], most: float) -> list[float]:
    best = max(scores, default=0.0)
    if best <= 0 or most <= 0:
        return [0.0] * len(scores)
    scale: float = best**LEXICAL * most ** (1 - LEXICAL)
    return [score / scale for score in scores]
