"""What the search knows of the collection it searches, and keeps up to date in the background.

Frequencies of words and grams from a sample; the weight of meaning for each language, from sentences of the collection
used as questions; the rows and the indexes of the store; and the terms of passages that older rules made.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backend.engines.embedder import NAME
from backend.engines.embedding import Embedding
from backend.errors import EngineError
from backend.pipeline.chunk import with_heading
from backend.pipeline.signals import Candidate, Statistics, ask, measure, statistics
from backend.pipeline.terms import VERSION, guess_language, terms
from backend.pipeline.weights import Draw, Trial, Weights, choose, draw, usual
from backend.stores.passages_search import PassageSearch, Sampled
from backend.stores.settings import Settings
from backend.stores.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

KEY: Final = "retrieval"
"""Of the settings: what was measured with each embedder, so that a start need not measure again."""

FIRST_SAMPLE: Final = 200
"""Passages that a question waits for (some 50 ms) where nothing is known yet."""

SAMPLE: Final = 2_000
GROWN: Final = 1.5
"""Measured again when there are so many times more passages, or so many times fewer."""

DRAWS: Final = 200
LEAST_DRAWS: Final = 25
"""Of one language; with fewer its weights stay as usual."""

ARM: Final = 50
SLICE: Final = 8
"""Texts embedded at once: a question that comes meanwhile waits for a tenth of a second at most."""

LOOK_SECONDS: Final = 20.0
STOP_SECONDS: Final = 0.9
SEED: Final = 1


@dataclass(frozen=True)
class Known:
    """`rows`: passages there were when `statistics` were taken."""

    rows: int
    statistics: Statistics
    weights: Mapping[str, Weights]

    def weights_for(self, language: str) -> Weights:
        return self.weights.get(language) or usual(language)


class Knowledge:
    def __init__(self, vectors: Vectors, passages: PassageSearch, embedder: Embedding, settings: Settings) -> None:
        self._vectors = vectors
        self._passages = passages
        self._embedder = embedder
        self._settings = settings
        self._key = kept_under(embedder.name)
        self._known: Known | None = None
        self._learning = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="search-knowledge", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Idempotent."""
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def now(self) -> Known:
        """What is known; learned quickly from a few passages where it is not, or no longer true."""
        known, rows = self._known, self._passages.count()
        if known is None or _changed(known.rows, rows):
            known = self._learn(FIRST_SAMPLE, rows)
            self._wake.set()
        elif self._passages.behind:
            self._wake.set()
        return known

    def refresh(self, *, searched: bool = True) -> None:
        """All that the background does, at once. `searched`: somebody searches, so that it should be quick; while
        documents are added and nobody does, the rows are not read over and over."""
        indexed = 0
        while not self._closing.is_set() and (count := self._vectors.refresh_terms(VERSION, _terms_of)):
            indexed += count
        if indexed and not self._closing.is_set():
            # What is not in the index is looked through word by word.
            self._vectors.optimize()
        rows = self._passages.count()
        if rows == 0:
            return
        known = self._known
        if known is None or _changed(known.rows, rows) or known.statistics.passages < min(rows, SAMPLE):
            self._learn(SAMPLE, rows)
        if searched and not self._closing.is_set():
            self._passages.keep_ready()
        if _changed(int(self._kept().get("rows", 0)), rows):
            self._weigh(rows)
        if not self._closing.is_set() and self._passages.keep_quick():
            log.info("the search's indexes are built for %d passages", rows)

    # --- inside ---

    def _work(self) -> None:
        while not self._closing.is_set():
            searched = self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            if self._closing.is_set() or not self._vectors.exists or not self._embedder.loaded:
                continue
            try:
                self.refresh(searched=searched)
            except EngineError as error:
                log.info("the search learns about the collection when its embedder answers: %s", error.code)
            except Exception:
                log.exception("the search could not learn about the collection")

    def _kept(self) -> dict[str, Any]:
        kept = self._settings.get(self._key)
        fits = isinstance(kept, dict) and kept.get("embedder") == self._embedder.name
        return kept if fits else {}

    def _learn(self, most: int, rows: int) -> Known:
        with self._learning:
            sample = self._passages.sample(most, SEED)
            texts = [_indexed(sample, at) for at in range(len(sample.passages))]
            learned = statistics(list(zip(texts, sample.terms, strict=True)), _mean(sample))
            meaning = self._kept().get("meaning", {})
            weights = {language: {**usual(language), "meaning": float(value)} for language, value in meaning.items()}
            self._known = Known(rows, learned, weights)
            return self._known

    def _weigh(self, rows: int) -> None:
        """Draws, asks, chooses and keeps; leaves all as it was when LocalChat closes meanwhile."""
        sample = self._passages.sample(SAMPLE, SEED)
        texts = [passage.text for passage in sample.passages]
        languages = [guess_language(text) for text in texts]
        meaning: dict[str, float] = {}
        for language, count in Counter(languages).most_common():
            if count < LEAST_DRAWS:
                break
            own = [at for at, spoken in enumerate(languages) if spoken == language]
            drawn = [
                Draw(own[one.index], one.question, one.rest) for one in draw([texts[at] for at in own], DRAWS, SEED)
            ]
            if len(drawn) < LEAST_DRAWS:
                continue
            trials = self._trials(sample, texts, drawn)
            if trials is None:
                return
            meaning[language] = choose(trials)["meaning"]
        self._settings.update({self._key: {"embedder": self._embedder.name, "rows": rows, "meaning": meaning}})
        self._learn(SAMPLE, rows)

    def _trials(self, sample: Sampled, texts: list[str], drawn: list[Draw]) -> list[Trial] | None:
        """Each drawn sentence asked of the sample, in which its passage lacks it. None: closing."""
        import numpy as np

        questions = self._embed([one.question for one in drawn], self._embedder.embed_questions)
        rests = self._embed([one.rest for one in drawn], self._embedder.embed)
        if questions is None or rests is None:
            return None
        remaining = list(texts)
        vectors = sample.vectors.copy()
        for one, rest in zip(drawn, rests, strict=True):
            remaining[one.index] = one.rest
            vectors[one.index] = rest
        indexed = [" ".join(terms(text)) for text in remaining]
        mean = vectors.mean(axis=0)
        known = statistics(list(zip(remaining, indexed, strict=True)), mean.tolist())
        index = _Words(indexed)
        trials: list[Trial] = []
        for one, question in zip(drawn, questions, strict=True):
            if self._closing.is_set():
                return None
            asked = ask(one.question, known)
            cosines = vectors @ question
            chosen = dict.fromkeys(
                [*index.best(asked.words, known, ARM), *np.argsort(-cosines, kind="stable")[:ARM].tolist()]
            )
            average = float(mean @ question)
            candidates = [Candidate(remaining[at], indexed[at], float(cosines[at]) - average) for at in chosen]
            said = measure(asked, candidates, known, usual(asked.language)["meaning"])
            trials.append(Trial(said, list(chosen).index(one.index) if one.index in chosen else None))
        return trials

    def _embed(
        self, texts: list[str], embed: Callable[[Sequence[str]], NDArray[np.float32]]
    ) -> NDArray[np.float32] | None:
        import numpy as np

        parts = []
        for first in range(0, len(texts), SLICE):
            if self._closing.is_set():
                return None
            parts.append(embed(texts[first : first + SLICE]))
        return np.concatenate(parts)


def kept_under(embedder: str) -> str:
    """The settings' key for what was measured with an embedder."""
    return KEY if embedder == NAME else f"{KEY}:{embedder}"


class _Words:
    """The words of a sample, the other way round: which passages hold each."""

    def __init__(self, indexed: list[str]) -> None:
        self._holders: dict[str, list[int]] = {}
        for at, line in enumerate(indexed):
            for word in set(line.split()):
                self._holders.setdefault(word, []).append(at)

    def best(self, wanted: list[tuple[str, float]], known: Statistics, most: int) -> list[int]:
        scores: Counter[int] = Counter()
        for word, idf in wanted:
            holders = self._holders.get(word, ())
            # A word of half the collection chooses nobody.
            if 2 * len(holders) <= known.passages or len(wanted) == 1:
                for at in holders:
                    scores[at] += idf  # type: ignore[assignment]
        return [at for at, _ in scores.most_common(most)]


def _changed(before: int, now: int) -> bool:
    return now > GROWN * before or GROWN * now < before


def _terms_of(row: dict[str, Any]) -> str:
    return " ".join(terms(with_heading(row["heading"], row["text"], row["title"] or "")))


def _indexed(sample: Sampled, at: int) -> str:
    passage = sample.passages[at]
    return with_heading(passage.heading, passage.text, sample.titles[at] or "")


def _mean(sample: Sampled) -> list[float]:
    if not sample.passages:
        return []
    mean: list[float] = sample.vectors.mean(axis=0).tolist()
    return mean
