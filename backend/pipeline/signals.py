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
from typing import TYPE_CHECKING, Final, Literal

from backend.pipeline.terms import UNSPACED, grams, guess_language, letters, terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

ENOUGH: Final = 100
"""Letters of a passage that can answer; a character of a script without spaces counts three times."""

LEAST_WORTH: Final = 0.5
"""Of the score of a passage without a letter. Headings alone, headers of pages and lines of a table of contents are
near to many questions and answer none. 60 to 200 letters and .3 to .7 of worth all took most of them out of the first
five in real documents, and found as much or more."""

TABLE: Final = 2**16
FACTOR: Final = 0x9E3779B97F4A7C15
"""Odd, so that no bit of a character is lost: 2**64 divided by the golden ratio."""

SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？；।])|\n+")


@dataclass(frozen=True, slots=True)
class Bm25:
    """`saturation`: k1; `length`: b. Lower k1 than is common: in a passage the second mention says hardly more."""

    saturation: float
    length: float

    def damping(self, size: int, average: float) -> float:
        """What a text's length adds to each count: a term's share of its idf is count (k1 + 1) / (count + damping)."""
        return self.saturation * (1 - self.length + self.length * size / max(average, 1.0))


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
    words = _scaled(_words(asked, [candidate.terms for candidate in candidates], known), asked.most_words)
    best = max((candidate.cosine for candidate in candidates), default=0.0)
    scale = max(best, LEAST_COSINE)
    meaning = [candidate.cosine / scale for candidate in candidates]
    sums = [word + meaning_weight * near for word, near in zip(words, meaning, strict=True)]
    likely = _best(sums, LIKELY)
    found = [0.0] * len(candidates)
    lines = [letters(candidates[at].text) for at in likely]
    for at, score in zip(likely, _grams(asked.grams, lines, LETTERS, known.letter_length), strict=True):
        found[at] = score
    whole = _scaled(found, asked.most_grams)
    sums = [total + letter for total, letter in zip(sums, whole, strict=True)]
    sentence = [0.0] * len(candidates)
    parts = [(at, letters(part)) for at in _best(sums, CLOSE) if found[at] for part in sentences(candidates[at].text)]
    scores = _grams(asked.grams, [line for _, line in parts], SENTENCES, known.sentence_length)
    for (at, _), score in zip(parts, scores, strict=True):
        sentence[at] = max(sentence[at], score)
    return {"words": words, "letters": whole, "sentence": _scaled(sentence, asked.most_grams), "meaning": meaning}


def worth(text: str) -> float:
    """What a passage of so few letters is worth; 1 where it has ENOUGH. `text`: without its headings."""
    if len(text) >= ENOUGH:
        return 1.0
    size = len(text) + 2 * sum(map(len, UNSPACED.findall(text)))
    return LEAST_WORTH + (1 - LEAST_WORTH) * min(1.0, size / ENOUGH)


def sentences(text: str) -> list[str]:
    return [part for part in SENTENCE.split(text) if part and part.strip()]


def _best(scores: Sequence[float], count: int) -> list[int]:
    return sorted(range(len(scores)), key=lambda at: -scores[at])[:count]


def _words(asked: Asked, lines: Sequence[str], known: Statistics) -> list[float]:
    """Of each of the `lines` of indexed terms."""
    idf = dict(asked.words)
    scores = []
    for line in lines:
        split = line.split(" ")
        damping = WORDS.damping(len(split), known.word_length)
        there = [word for word in split if word in idf]
        scores.append(sum([idf[word] * (count := there.count(word)) / (count + damping) for word in set(there)]))
    return [(WORDS.saturation + 1) * score for score in scores]


def _grams(wanted: Sequence[tuple[str, float]], lines: Sequence[str], formula: Bm25, average: float) -> list[float]:
    """Of each of the `lines` of `letters`."""
    import numpy as np

    if not wanted or not lines:
        return [0.0] * len(lines)
    counts = _counts([gram for gram, _ in wanted], lines)
    damping = np.array([[formula.damping(len(line), average)] for line in lines])
    scores = counts / (counts + damping) @ np.array([idf for _, idf in wanted])
    found: list[float] = ((formula.saturation + 1) * scores).tolist()
    return found


def _counts(grams: Sequence[str], lines: Sequence[str]) -> NDArray[np.float64]:
    """(len(lines), len(grams)): how often each stands in each.

    All lines at once, since looking for each gram in each line took most of a search: grams are compared by a hash of
    64 bits. None reaches over the end of a line, where two spaces meet.
    """
    import numpy as np

    counts = np.zeros(len(lines) * len(grams))
    codes = _codes("".join(lines))
    ends = np.cumsum([len(line) for line in lines])
    for size in {len(gram) for gram in grams}:
        columns = np.array([at for at, gram in enumerate(grams) if len(gram) == size])
        hashes = _hashes(_codes("".join(grams[at] for at in columns)), size)[::size]
        order = np.argsort(hashes)
        hashes, columns = hashes[order], columns[order]
        there = _hashes(codes, size)
        # Few are any of them, and a table tells most of the others apart more quickly than a search.
        possible = np.zeros(TABLE, dtype=bool)
        possible[hashes & (TABLE - 1)] = True
        places = np.flatnonzero(possible[there & (TABLE - 1)])
        nearest = np.minimum(np.searchsorted(hashes, there[places]), len(hashes) - 1)
        same = hashes[nearest] == there[places]
        cells = np.searchsorted(ends, places[same], side="right") * len(grams) + columns[nearest[same]]
        counts += np.bincount(cells, minlength=counts.size)
    return counts.reshape(len(lines), len(grams))


def _codes(text: str) -> NDArray[np.uint64]:
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)


def _hashes(codes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """Of each run of `size` characters."""
    last = max(len(codes) - size + 1, 0)
    found = codes[:last]
    for step in range(1, size):
        found = found * FACTOR + codes[step : last + step]
    return found


def _scaled(scores: Sequence[float], most: float) -> list[float]:
    best = max(scores, default=0.0)
    if best <= 0 or most <= 0:
        return [0.0] * len(scores)
    scale: float = best**LEXICAL * most ** (1 - LEXICAL)
    return [score / scale for score in scores]
