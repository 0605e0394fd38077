"""Where a sentence stands in the passages: the neighbouring sentences that have most of its words and figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.numbers import Number
from backend.pipeline.proof.words import Reading, Word, alike, read
from backend.pipeline.sentences import Span, split
from backend.pipeline.terms import guess_language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Texts → normalised vectors, a row each."""

COSINE_FROM: Final = 0.25
COSINE_SPAN: Final = 0.55
MOST_BY_MEANING: Final = 0.9
"""clip((cosine − .25) ÷ .55, 0, .9): a word of like meaning never counts as much as the word itself."""
FOUND: Final = 0.5
"""Similarity from which a word counts as found."""
WINDOW: Final = 3
LENGTH_COST: Final = 0.03
"""What each further sentence must add to a window's coverage to be worth it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence of a passage."""

    passage: int
    span: Span
    reading: Reading


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences `first` to `last` (inclusive) of `Prepared.sources`, all of one passage."""

    passage: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a passage and the words of its sentence: `columns` of the vocabulary, how `near` each is, 0 to 1."""

    number: Number
    source: int
    columns: NDArray[np.int64]
    near: Floats


@dataclass(slots=True)
class Prepared:
    """The passages of one answer, read once. Not for use by two threads at once: it remembers words it has met."""

    passages: Sequence[str]
    language: str
    sources: list[Source]
    windows: list[Window]
    vocabulary: dict[str, int]
    presence: Floats
    """(windows, vocabulary), 1 where the window has the stem."""
    idf: dict[str, float]
    rarest: float
    embed: Embed | None
    vectors: Floats | None
    """(vocabulary, dimensions), zero rows for what has no meaning by itself."""
    meanings: Floats | None
    """(sources, dimensions)."""
    passage_sources: list[range]
    figures: list[Figure]
    similar: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alignment:
    """`found`: (windows, words), the similarity of each word to its best in each window."""

    reading: Reading
    weights: Floats
    found: Floats
    figures: tuple[Number, ...]
    figure_weight: float
    held: NDArray[np.bool_]
    """(figures, sources): which sentence of a passage says the same amount."""
    coverage: Floats
    """(windows,): words and figures."""
    ranked: list[int]
    """The best window of each passage, the best passage first; empty without passages."""


def prepare(passages: Sequence[str], embed: Embed | None = None) -> Prepared:
    """Reads `passages`; with `embed`, also the meaning of their words and sentences (some 100 ms for 8 passages)."""
    import numpy as np

    language = guess_language("\n".join(passages).lower())
    sources: list[Source] = []
    passage_sources: list[range] = []
    for number, passage in enumerate(passages):
        first = len(sources)
        sources.extend(Source(number, span, read(passage[span.start : span.end], language)) for span in split(passage))
        passage_sources.append(range(first, len(sources)))
    windows = [
        Window(number, first, last)
        for number, own in enumerate(passage_sources)
        for first in own
        for last in range(first, min(first + WINDOW, own.stop))
    ]
    vocabulary: dict[str, int] = {}
    surface: list[str] = []
    frequency: dict[str, int] = {}
    for source in sources:
        for stem in {word.stem for word in source.reading.words}:
            frequency[stem] = frequency.get(stem, 0) + 1
        for word in source.reading.words:
            if word.stem not in vocabulary:
                vocabulary[word.stem] = len(vocabulary)
                surface.append("" if word.unspaced else word.lower)
    presence = np.zeros((len(windows), len(vocabulary)), dtype=np.float32)
    for row, window in enumerate(windows):
        for at in range(window.first, window.last + 1):
            for word in sources[at].reading.words:
                presence[row, vocabulary[word.stem]] = 1.0
    count = len(sources) + 1
    idf = {stem: math.log(1 + count / (times + 0.5)) for stem, times in frequency.items()}
    vectors = meanings = None
    if embed is not None and sources:
        spelled = [at for at, word in enumerate(surface) if word]
        texts = [surface[at] for at in spelled] + [source.reading.text for source in sources]
        embedded = embed(texts)
        vectors = np.zeros((len(vocabulary), embedded.shape[1]), dtype=np.float32)
        vectors[spelled] = embedded[: len(spelled)]
        meanings = embedded[len(spelled) :]
    return Prepared(
        passages, language, sources, windows, vocabulary, presence, idf, math.log(1 + count / 0.5), embed, vectors,
        meanings, passage_sources, _placed_figures(sources, vocabulary),
    )  # fmt: skip


NEAR: Final = 25.0
"""Characters at which a word counts half as near to a figure."""


def _placed_figures(sources: list[Source], vocabulary: dict[str, int]) -> list[Figure]:
    import numpy as np

    figures = []
    for at, source in enumerate(sources):
        words = source.reading.words
        columns = np.array([vocabulary[word.stem] for word in words], dtype=np.int64)
        for number in source.reading.numbers:
            if number.weak:
                continue
            gaps = [max(number.start - word.end, word.start - number.end, 0) for word in words]
            near = np.array([NEAR / (NEAR + gap) for gap in gaps], dtype=np.float32)
            figures.append(Figure(number, at, columns, near))
    return figures


def align(prepared: Prepared, sentence: str) -> Alignment:
    import numpy as np

    reading = read(sentence, prepared.language)
    words = reading.words
    _learn(prepared, words)
    weights = np.array([prepared.idf.get(word.stem, prepared.rarest) for word in words], dtype=np.float32)
    weights *= np.array([0.55 if word.unspaced else 1.0 for word in words], dtype=np.float32)
    found = np.zeros((len(prepared.windows), len(words)), dtype=np.float32)
    for at, word in enumerate(words):
        similar = prepared.similar[word.stem]
        columns = np.nonzero(similar)[0]
        if columns.size and prepared.windows:
            found[:, at] = (prepared.presence[:, columns] * similar[columns]).max(axis=1)
    figures = tuple(number for number in reading.numbers if not number.weak)
    held = np.zeros((len(figures), len(prepared.sources)), dtype=bool)
    for row, figure in enumerate(figures):
        for column, source in enumerate(prepared.sources):
            held[row, column] = any(figure.same(other) for other in source.reading.numbers)
    figure_weight = prepared.rarest
    total = float(weights.sum()) + figure_weight * len(figures)
    coverage = found @ weights
    if figures:
        for row, window in enumerate(prepared.windows):
            coverage[row] += figure_weight * float(held[:, window.first : window.last + 1].any(axis=1).sum())
    coverage = coverage / total if total else coverage
    return Alignment(reading, weights, found, figures, figure_weight, held, coverage, _ranked(prepared, coverage))


def _ranked(prepared: Prepared, coverage: Floats) -> list[int]:
    best: dict[int, tuple[float, int]] = {}
    for row, window in enumerate(prepared.windows):
        worth = float(coverage[row]) - LENGTH_COST * (window.last - window.first)
        if window.passage not in best or worth > best[window.passage][0] + 1e-6:
            best[window.passage] = (worth, row)
    return [row for _, row in sorted(best.values(), key=lambda pair: -pair[0])]


def _learn(prepared: Prepared, words: Sequence[Word]) -> None:
    """The similarity of each new stem to every stem of the passages."""
    import numpy as np

    fresh = {word.stem: word for word in words if word.stem not in prepared.similar}
    if not fresh:
        return
    known = list(prepared.vocabulary)
    meaning: dict[str, Floats] = {}
    strange = [word for word in fresh.values() if not word.unspaced and word.stem not in prepared.vocabulary]
    if prepared.embed is not None and prepared.vectors is not None and strange:
        cosines = prepared.embed([word.lower for word in strange]) @ prepared.vectors.T
        scaled = np.clip((cosines - COSINE_FROM) / COSINE_SPAN, 0, MOST_BY_MEANING)
        meaning = {word.stem: scaled[at] for at, word in enumerate(strange)}
    for stem, word in fresh.items():
        if word.unspaced:
            row = np.array(
                [1.0 if other == stem else 0.4 if stem[0] in other or stem[-1] in other else 0.0 for other in known],
                dtype=np.float32,
            )
        else:
            row = np.array([alike(stem, other) for other in known], dtype=np.float32)
            if stem in meaning:
                row = np.maximum(row, meaning[stem])
        prepared.similar[stem] = row
