"""Where a sentence stands in the passages: the neighbouring sentences that have most of its words and figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from backend.pipeline.proof.derived import follows
from backend.pipeline.proof.identifiers import identifiers
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.places import Nodes, nodes
from backend.pipeline.proof.wording import tokens
from backend.pipeline.proof.words import Reading, alike, read
from backend.pipeline.sentences import Span, split
from backend.pipeline.terms import guess_language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.pipeline.proof.parts import Level

    Floats = NDArray[np.float32]

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Texts → normalised vectors, a row each."""

COSINE_FROM: Final = 0.25
COSINE_SPAN: Final = 0.55
MOST_BY_MEANING: Final = 0.9
"""clip((cosine − .25) ÷ .55, 0, .9): a word of like meaning never counts as much as the word itself."""
FOUND: Final = 0.5
"""Similarity from which a word counts as found."""
THE_SAME: Final = 0.84
"""From which it is that word, in another form maybe: one of like meaning only may stand in another place without a
fault."""
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
    nodes: list[Nodes]
    """Of each passage."""
    tokens: list[list[str]]
    """Of each source."""
    passage_rows: list[list[int]]
    """The windows of each passage."""
    names: frozenset[str]
    """Stems that a passage has as a name: at the start of a sentence their capital would not tell."""
    identifiers: frozenset[str]
    """Figures that are names, as they are written."""
    opening: list[int]
    """Of each passage, how many sentences it takes until its own first is said: its title's and that one."""
    similar: dict[str, Floats] = field(default_factory=dict)
    places: dict[int, tuple[Level, Level, Level]] = field(default_factory=dict)
    """Of the passages that were looked at."""


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
    placed: Floats
    """(windows, words): `found`, or nearly as much where the opening of the passage has the word: who or what the
    passage is about stands there, and in the sentence."""
    whole: Floats
    """(passages, words): the best of the windows of each passage."""
    own: Floats
    """(words,): how much a word belongs to some passages and not to others, 0 to 1."""
    rightful: Floats
    """(passages,): how much of the sentence's own words each passage has, as a share of all its words."""
    names: NDArray[np.bool_]
    vector: Floats | None
    """The sentence's meaning."""
    ranked: list[int]
    """The best window of each passage, the best passage first; empty without passages."""
    rivals: dict[str, float] = field(default_factory=dict)
    """What `features` found of the figures in all passages: the same for each passage that is tried."""
    rival_faults: list[Any] = field(default_factory=list)


def prepare(passages: Sequence[str], embed: Embed | None = None, above: Sequence[str] = ()) -> Prepared:
    """Reads `passages`; with `embed`, also the meaning of their words and sentences (some 100 ms for 8 passages).

    above: what each of them begins with that is not its own, a title."""
    import numpy as np

    language = guess_language("\n".join(passages).lower())
    known = identifiers(passages)
    sources: list[Source] = []
    passage_sources: list[range] = []
    for number, passage in enumerate(passages):
        first = len(sources)
        readings = ((span, read(passage[span.start : span.end], language, known)) for span in split(passage))
        sources.extend(Source(number, span, reading) for span, reading in readings)
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
                surface.append("" if word.unspaced or word.lower.isdigit() else word.lower)
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
        [_nodes(sources, own, vocabulary) for own in passage_sources],
        [tokens(source.reading.text) for source in sources],
        [[row for row, window in enumerate(windows) if window.passage == at] for at in range(len(passages))],
        frozenset(word.stem for source in sources for word in source.reading.words if word.name),
        known,
        [
            1 + sum(sources[at].span.start < len(title) for at in own)
            for own, title in zip(passage_sources, above or [""] * len(passages), strict=True)
        ],
    )  # fmt: skip


def _nodes(sources: list[Source], own: range, vocabulary: dict[str, int]) -> Nodes:
    return nodes([sources[at].reading for at in own], [sources[at].span.start for at in own], vocabulary)


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

    reading = read(sentence, prepared.language, prepared.identifiers)
    words = reading.words
    vector = _learn(prepared, reading)
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
        _derive(prepared, figure, held[row])
    figure_weight = prepared.rarest
    names = np.array([word.name or word.stem in prepared.names for word in words], dtype=bool)
    whole, placed = _placed(prepared, found)
    own = _own(whole)
    total = float(weights.sum()) + figure_weight * len(figures)
    coverage = found @ weights
    around_coverage = placed @ (weights * (1 + own))
    around_total = float((weights * (1 + own)).sum()) + figure_weight * len(figures)
    if figures:
        for row, window in enumerate(prepared.windows):
            there = figure_weight * float(held[:, window.first : window.last + 1].any(axis=1).sum())
            coverage[row] += there
            around_coverage[row] += there
    coverage = coverage / total if total else coverage
    around_coverage = around_coverage / around_total if around_total else around_coverage
    rightful = ((whole >= THE_SAME) * (weights * own)).sum(axis=1) / (float(weights.sum()) or 1.0)
    ranked = _ranked(prepared, ((coverage + around_coverage) / 2).astype(np.float32))
    return Alignment(
        reading,
        weights,
        found,
        figures,
        figure_weight,
        held,
        coverage,
        placed,
        whole,
        own,
        rightful,
        names,
        vector,
        ranked,
    )


OPENING: Final = 0.95
ELSEWHERE: Final = 0.6
"""What a word is worth to a window that has it only in the first sentence of its passage, or in any other."""


def _placed(prepared: Prepared, found: Floats) -> tuple[Floats, Floats]:
    """`Alignment.whole` and `Alignment.placed`."""
    import numpy as np

    whole = np.zeros((len(prepared.passages), found.shape[1]), dtype=np.float32)
    placed = found.copy()
    for at, rows in enumerate(prepared.passage_rows):
        if rows and found.shape[1]:
            whole[at] = found[rows].max(axis=0)
            end = prepared.passage_sources[at].start + prepared.opening[at]
            opening = [row for row in rows if prepared.windows[row].last < end]
            around = np.maximum(OPENING * found[opening].max(axis=0), ELSEWHERE * whole[at])
            placed[rows] = np.maximum(placed[rows], around)
    return whole, placed


def _derive(prepared: Prepared, figure: Number, held: NDArray[np.bool_]) -> None:
    """Marks the neighbouring sentences from whose figures `figure` follows, in passages that do not give it."""
    for own in prepared.passage_sources:
        if held[own.start : own.stop].any():
            continue
        for at in own:
            near = range(at, min(at + 2, own.stop))
            if follows(figure, [number for place in near for number in prepared.sources[place].reading.numbers]):
                held[near.start : near.stop] = True


def _own(whole: Floats) -> Floats:
    """log(passages ÷ passages with the word) ÷ log(passages); 0 for what none has or all have."""
    import numpy as np

    passages = len(whole)
    having = (whole >= THE_SAME).sum(axis=0)
    if passages < 2:
        return np.zeros(whole.shape[1], dtype=np.float32)
    shares = np.log(passages / np.maximum(having, 1)) / np.log(passages)
    return np.where(having > 0, shares, 0).astype(np.float32)


def _ranked(prepared: Prepared, coverage: Floats) -> list[int]:
    best: dict[int, tuple[float, int]] = {}
    for row, window in enumerate(prepared.windows):
        worth = float(coverage[row]) - LENGTH_COST * (window.last - window.first)
        if window.passage not in best or worth > best[window.passage][0] + 1e-6:
            best[window.passage] = (worth, row)
    return [row for _, row in sorted(best.values(), key=lambda pair: -pair[0])]


def _learn(prepared: Prepared, reading: Reading) -> Floats | None:
    """The similarity of each new stem to every stem of the passages; returns the meaning of the sentence."""
    import numpy as np

    fresh = {word.stem: word for word in reading.words if word.stem not in prepared.similar}
    known = list(prepared.vocabulary)
    meaning: dict[str, Floats] = {}
    vector: Floats | None = None
    # What names a thing by a figure is like no other figure.
    meant = (word for word in fresh.values() if not word.unspaced and not word.lower.isdigit())
    strange = [word for word in meant if word.stem not in prepared.vocabulary]
    if prepared.embed is not None and prepared.vectors is not None and reading.words:
        # The embedder does not know scripts without spaces.
        if not reading.words[0].unspaced:
            vector = prepared.embed([reading.text])[0]
        if strange:
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
            row = np.zeros(len(known), dtype=np.float32)
            begin = stem[:4]
            for at, other in enumerate(known):
                if other[:4] == begin or other in stem or stem in other:
                    row[at] = alike(stem, other)
            if stem in meaning:
                row = np.maximum(row, meaning[stem])
        prepared.similar[stem] = row
    return vector
