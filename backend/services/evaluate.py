"""Labelled questions through the real search: figures of the vector, text and hybrid mode, and what to change.

Sets: XQuAD's JSON (SQuAD's format), BEIR's folder, or the user's own documents, from whose passages a sentence is
taken out and asked for. Each is searched in a store of its own in a temporary folder, which learns its weights from
itself like any other collection.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from backend.engines.embedding import Embedding
from backend.errors import InvalidRequest
from backend.pipeline.chunk import chunk, with_heading
from backend.pipeline.readers import Block
from backend.pipeline.terms import VERSION, guess_language, terms
from backend.pipeline.weights import draw
from backend.services.events import (
    Advice,
    EvaluationDone,
    EvaluationProgress,
    EvaluationStep,
    Figures,
    ProofEvaluated,
    QuoteFigures,
)
from backend.services.knowledge import Knowledge
from backend.services.search import Found, Mode, Search
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.evaluations import Evaluations
from backend.stores.passages_search import PassageSearch, Sampled
from backend.stores.settings import Settings
from backend.stores.vectors import NewDocument, NewPassage, Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.services.proving import Embed

MODES: Final[tuple[Mode, ...]] = ("vector", "text", "hybrid")
DEPTH: Final = 50
"""Passages that are looked at for the first right one."""

BATCH: Final = 64
COMMIT: Final = 512
"""Passages that are written at once."""

QUOTED: Final = 5
"""Passages that quotes are taken from."""

OWN_PASSAGES: Final = 2_000
OWN_QUESTIONS: Final = 200
LEAST_QUESTIONS: Final = 5
SEED: Final = 7
"""Another one than the weights are drawn with: they must not be judged by the questions that made them."""

LARGEST_SET: Final = 2 * 1024**3

Quoter = Callable[[str, Sequence[str], Sequence[float]], Sequence[str]]
"""A question, its passages and their scores → sentences of them, the best first."""

GROUPS_END: Final = ".jsonl"
"""A file of this name holds labelled sentences for the proof, one group a line."""

Event = EvaluationStep | EvaluationDone | ProofEvaluated


@dataclass(frozen=True, slots=True)
class Labelled:
    """`relevant`: key of a unit → how relevant it is; `answers`: strings one of which a quote should hold."""

    question: str
    relevant: Mapping[str, int]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """What is to be found. `group`: units of one document; long ones become several passages."""

    key: str
    group: str
    title: str
    text: str


@dataclass(frozen=True)
class LabelledSet:
    units: list[Unit]
    questions: list[Labelled]
    vectors: Any = None
    """(units, 384) where they are known already; each unit is then one passage."""


def read_set(path: Path, name: str | None = None) -> LabelledSet:
    """`name`: what people call it. Raises InvalidRequest where it is none of the two formats, or not there."""
    name = name or path.name
    try:
        if path.is_dir():
            return _beir(path)
        if path.stat().st_size > LARGEST_SET:
            raise InvalidRequest(f"{name} is larger than {LARGEST_SET // 1024**3} GB.")
        return _squad(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise InvalidRequest(f"{name} could not be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidRequest(
            f"{name} is no labelled set. LocalChat reads XQuAD's JSON, and BEIR's folders with corpus.jsonl, "
            "queries.jsonl and qrels/test.tsv."
        ) from error


def _squad(content: Any) -> LabelledSet:
    units: list[Unit] = []
    questions: list[Labelled] = []
    for number, article in enumerate(content["data"]):
        for paragraph in article["paragraphs"]:
            key = str(len(units))
            units.append(Unit(key, str(number), "", str(paragraph["context"])))
            for item in paragraph["qas"]:
                answers = tuple(str(answer["text"]) for answer in item.get("answers", ()))
                questions.append(Labelled(str(item["question"]), {key: 1}, answers))
    return _checked(LabelledSet(units, questions))


def _beir(folder: Path) -> LabelledSet:
    units = [
        Unit(str(row["_id"]), "", str(row.get("title") or ""), str(row["text"]))
        for row in _lines(folder / "corpus.jsonl")
    ]
    relevant: dict[str, dict[str, int]] = defaultdict(dict)
    qrels = folder / "qrels"
    file = next((qrels / name for name in ("test.tsv", "dev.tsv", "train.tsv") if (qrels / name).is_file()), None)
    if file is None:
        raise InvalidRequest(f"{folder.name} has no qrels/test.tsv.")
    for number, line in enumerate(file.read_text("utf-8").splitlines()):
        cells = line.split("\t")
        if number == 0 and not cells[-1].strip().lstrip("-").isdigit():
            continue
        # TREC's own form has a column more in the middle.
        if line.strip() and int(cells[-1]) > 0:
            relevant[cells[0]][cells[-2]] = int(cells[-1])
    questions = [
        Labelled(str(row["text"]), relevant[str(row["_id"])])
        for row in _lines(folder / "queries.jsonl")
        if str(row["_id"]) in relevant
    ]
    return _checked(LabelledSet(units, questions))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _checked(labelled: LabelledSet) -> LabelledSet:
    if not labelled.questions or not any(unit.text.strip() for unit in labelled.units):
        raise InvalidRequest("The set has no passages or no questions with a right answer.")
    return labelled


class Evaluation:
    def __init__(
        self,
        documents: Documents,
        passages: PassageSearch,
        embedder: Embedding,
        quoter: Quoter | None = None,
        *,
        kept: Evaluations | None = None,
        embed: Embed | None = None,
    ) -> None:
        """`kept`: where the figures stay. `embed`: of the proof, which goes by the built-in embedder alone."""
        self._documents = documents
        self._passages = passages
        self._embedder = embedder
        self._quoter = quoter
        self._kept = kept
        self._embed = embed

    def of_set(self, path: Path, name: str | None = None) -> Iterator[Event]:
        """Progress, then the figures. `name`: what people call it. Raises InvalidRequest, EngineUnavailable."""
        yield _step("reading", 0, 1)
        name = name or path.name
        proof = name.lower().endswith(GROUPS_END)
        events = self._prove(path, name) if proof else self._measure(read_set(path, name))
        yield from self._keeping(name, events)

    def of_mine(self) -> Iterator[Event]:
        """The same for the user's own documents, with advice. Raises InvalidRequest where there is too little text."""
        yield _step("reading", 0, 1)
        yield from self._keeping(None, self._mine())

    def kept(self) -> list[dict[str, Any]]:
        """`name`, `at` and `result` of the last evaluations, the newest first."""
        return self._kept.list() if self._kept else []

    def _keeping(self, name: str | None, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if self._kept is not None and not isinstance(event, EvaluationStep):
                self._kept.keep(name, dataclasses.asdict(event))
            yield event

    def _prove(self, path: Path, name: str) -> Iterator[Event]:
        # The rules of five languages are no part of a start.
        from backend.services.evaluate_proof import Judgement, judgements, proof_figures, read_groups

        groups = list(read_groups(path, name))
        if not groups:
            raise InvalidRequest(f"{name} has no groups of sentences.")
        started = time.perf_counter()
        right: list[Judgement] = []
        for at, group in enumerate(groups):
            yield _step("proving", at, len(groups))
            right.extend(judgements(group, self._embed))
        yield proof_figures(len(groups), right, 1000 * (time.perf_counter() - started))

    def _mine(self) -> Iterator[Event]:
        sample = self._passages.sample(OWN_PASSAGES, SEED)
        names = self._documents.names_of_ready({passage.document_id for passage in sample.passages})
        own = yield from self._own(sample, names)
        missed: dict[str, list[bool]] = defaultdict(list)
        for event in self._measure(own, lambda unit, *, found: missed[unit.group].append(not found)):
            if isinstance(event, EvaluationDone):
                yield dataclasses.replace(event, advice=advise(event, own, missed, names))
            else:
                yield event

    def _own(self, sample: Sampled, names: Mapping[str, str]) -> Generator[EvaluationStep, None, LabelledSet]:
        kept = [at for at, passage in enumerate(sample.passages) if passage.document_id in names]
        drawn = draw([sample.passages[at].text for at in kept], OWN_QUESTIONS, SEED)
        if len(drawn) < LEAST_QUESTIONS:
            raise InvalidRequest(
                f"Your documents have only {len(drawn)} passages that a question can be made from; "
                f"{LEAST_QUESTIONS} are needed. Add some documents first."
            )
        vectors = sample.vectors[kept].copy()
        texts = [sample.passages[at].text for at in kept]
        for first in range(0, len(drawn), BATCH):
            part = drawn[first : first + BATCH]
            rests = []
            for one in part:
                passage = sample.passages[kept[one.index]]
                texts[one.index] = one.rest
                rests.append(with_heading(passage.heading, one.rest, sample.titles[kept[one.index]] or ""))
            vectors[[one.index for one in part]] = self._embedder.embed(rests)
            yield _step("embedding", min(first + BATCH, len(drawn)), len(drawn))
        units = [Unit(str(at), sample.passages[row].document_id, "", texts[at]) for at, row in enumerate(kept)]
        questions = [Labelled(one.question, {str(one.index): 1}) for one in drawn]
        return LabelledSet(units, questions, vectors)

    def _measure(
        self, labelled: LabelledSet, told: Callable[..., None] | None = None
    ) -> Iterator[EvaluationStep | EvaluationDone]:
        with _store(self._embedder) as (documents, vectors, search, knowledge):
            owners = yield from self._fill(labelled, documents, vectors)
            yield _step("weighing", 0, 1)
            knowledge.refresh()
            units = {unit.key: unit for unit in labelled.units}
            figures: dict[str, Figures] = {}
            quoted: list[tuple[Labelled, list[Found]]] = []
            total = len(MODES) * len(labelled.questions)
            for number, mode in enumerate(MODES):
                tally = Tally()
                for at, one in enumerate(labelled.questions):
                    started = time.perf_counter()
                    found = search.find(one.question, limit=DEPTH, mode=mode)
                    seconds = time.perf_counter() - started
                    keys = list(dict.fromkeys(owners[passage.passage_id] for passage in found))
                    tally.add(keys, one.relevant, seconds)
                    if mode == "hybrid":
                        quoted.append((one, found[:QUOTED]))
                        if told is not None:
                            told(units[next(iter(one.relevant))], found=bool(set(keys[:5]) & set(one.relevant)))
                    if at % BATCH == 0:
                        yield _step("asking", number * len(labelled.questions) + at, total)
                figures[mode] = tally.figures()
            yield EvaluationDone(
                len(owners),
                len(labelled.questions),
                figures["vector"],
                figures["text"],
                figures["hybrid"],
                quotes=_quotes(self._quoter, quoted),
            )

    def _fill(
        self, labelled: LabelledSet, documents: Documents, vectors: Vectors
    ) -> Generator[EvaluationStep, None, dict[str, str]]:
        """Stores the units, one document a group; returns passage id → key of its unit."""
        groups: dict[str, list[int]] = defaultdict(list)
        for at, unit in enumerate(labelled.units):
            groups[unit.group].append(at)
        owners: dict[str, str] = {}
        written: list[NewDocument] = []
        done = 0
        for group, members in groups.items():
            row, _ = documents.add(hashlib.sha256(group.encode()).hexdigest(), group, 1)
            rows: list[NewPassage] = []
            keys: list[str] = []
            embedded: list[NDArray[np.float32]] = []
            for at in members:
                unit = labelled.units[at]
                pieces = _passages(unit, self._embedder, whole=bool(unit.group))
                rows.extend(pieces)
                keys.extend([unit.key] * len(pieces))
                if labelled.vectors is not None:
                    embedded.append(labelled.vectors[at : at + 1])
            if labelled.vectors is None:
                for first in range(0, len(rows), BATCH):
                    part = rows[first : first + BATCH]
                    embedded.append(
                        self._embedder.embed([with_heading(one.heading, one.text, one.title or "") for one in part])
                    )
                    yield _step("embedding", done + first, max(len(labelled.units), done + len(rows)))
            if rows:
                import numpy as np

                written.append(NewDocument(row.id, rows, np.concatenate(embedded), self._embedder.name))
                documents.ready(row.id, None, len(rows))
                owners.update({f"{row.id}-{index}": key for index, key in enumerate(keys)})
            done += len(rows)
            # A commit takes as long as hundreds of passages, and a set may have as many documents.
            if sum(len(one.passages) for one in written) >= COMMIT:
                vectors.replace_many(written)
                written = []
        vectors.replace_many(written)
        vectors.optimize()
        return owners


def _step(
    stage: Literal["reading", "embedding", "weighing", "asking", "proving"], done: int, total: int
) -> EvaluationStep:
    return EvaluationStep(EvaluationProgress(stage, done, total))


@contextmanager
def _store(embedder: Embedding) -> Iterator[tuple[Documents, Vectors, Search, Knowledge]]:
    """A collection of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="localchat-evaluate-", ignore_cleanup_errors=True) as folder:
        database = Database(Path(folder) / "localchat.db")
        documents, vectors = (
            Documents(database),
            Vectors(Path(folder) / "passages.lance", dimensions=embedder.dimensions),
        )
        passages = PassageSearch(vectors)
        knowledge = Knowledge(vectors, passages, embedder, Settings(database))
        try:
            yield documents, vectors, Search(documents, passages, embedder, knowledge), knowledge
        finally:
            knowledge.close()
            database.close()


def _passages(unit: Unit, embedder: Embedding, *, whole: bool) -> list[NewPassage]:
    """`whole`: what the set calls a passage stays one, even where the embedder reads its beginning only."""
    if not unit.text.strip():
        return []
    if whole:
        parts = [(unit.text, 0, len(unit.text))]
    else:
        made = chunk([[Block(unit.text, "paragraph")]], embedder.count)
        parts = [(passage.text, passage.start, passage.end) for passage in made]
    return [
        NewPassage(
            text,
            "paragraph",
            None,
            [],
            start,
            end,
            " ".join(terms(with_heading([], text, unit.title))),
            VERSION,
            unit.title or None,
        )
        for text, start, end in parts
    ]


@dataclass
class Tally:
    """Sums over questions; `figures` are their means."""

    count: int = 0
    first: int = 0
    five: int = 0
    reciprocal: float = 0.0
    gained: float = 0.0
    seconds: float = 0.0

    def add(self, keys: Sequence[str], relevant: Mapping[str, int], seconds: float) -> None:
        """`keys`: what was found, the best first. nDCG@10 with the labels as gains and log2 discounts, as trec_eval."""
        self.count += 1
        self.first += bool(keys) and keys[0] in relevant
        self.five += any(key in relevant for key in keys[:5])
        self.reciprocal += next((1 / rank for rank, key in enumerate(keys, 1) if key in relevant), 0.0)
        gained = sum(relevant.get(key, 0) / math.log2(rank + 1) for rank, key in enumerate(keys[:10], 1))
        best = sorted(relevant.values(), reverse=True)[:10]
        self.gained += gained / sum(gain / math.log2(rank + 1) for rank, gain in enumerate(best, 1))
        self.seconds += seconds

    def figures(self) -> Figures:
        count = max(self.count, 1)
        return Figures(
            hit_1=round(self.first / count, 4),
            hit_5=round(self.five / count, 4),
            mrr=round(self.reciprocal / count, 4),
            ndcg_10=round(self.gained / count, 4),
            milliseconds=round(1000 * self.seconds / count, 2),
        )


def _quotes(quoter: Quoter | None, asked: Sequence[tuple[Labelled, list[Found]]]) -> QuoteFigures | None:
    """Whether the first sentence, or one of three, holds the answer; None where the set has no answers."""
    with_answers = [(one, found) for one, found in asked if one.answers]
    if quoter is None or not with_answers:
        return None
    first = three = 0
    started = time.perf_counter()
    for one, found in with_answers:
        holds = [
            any(answer in sentence for answer in one.answers)
            for sentence in quoter(
                one.question, [passage.text for passage in found], [passage.score for passage in found]
            )[:3]
        ]
        first += any(holds[:1])
        three += any(holds)
    count = len(with_answers)
    milliseconds = 1000 * (time.perf_counter() - started) / count
    return QuoteFigures(round(first / count, 4), round(three / count, 4), round(milliseconds, 2))


def advise(
    done: EvaluationDone, own: LabelledSet, missed: Mapping[str, Sequence[bool]], names: Mapping[str, str]
) -> list[Advice]:
    """What the figures say should be changed.

    missed: document id → of each of its questions, whether it was missed. names: document id → file name.
    """
    advice: list[Advice] = []
    if done.vector.hit_5 < 0.6 * done.text.hit_5:
        languages = sorted({guess_language(unit.text) for unit in own.units[:50]} - {"english"})
        known = f" ({', '.join(languages)})" if languages else ""
        advice.append(
            Advice(
                "weak_meaning",
                f"The embedding model hardly understands the language of these documents{known}: searching by meaning "
                "finds far less than by words, so words decide. Ask with the words of the documents.",
                [],
            )
        )
    if done.hybrid.hit_5 < 0.5:
        advice.append(
            Advice(
                "look_alike",
                "Less than half of the questions found their passage. Many passages say much the same, or are lists "
                "and numbers without sentences: name the document when you ask, or narrow the question to some.",
                [],
            )
        )
    worst = sorted(
        (
            (sum(wrong) / len(wrong), names[document], document)
            for document, wrong in missed.items()
            if len(wrong) >= LEAST_QUESTIONS and 2 * sum(wrong) > len(wrong)
        ),
        reverse=True,
    )
    # One document alone cannot be worse than the others.
    if worst and len(missed) > 1:
        hard = [name for _, name, _ in worst[:3]]
        advice.append(
            Advice(
                "hard_documents",
                f"Little was found again in {', '.join(hard)}. Look at their passages: a scan that was read badly, or "
                "tables without headings, cannot be found by their words.",
                hard,
                [document for _, _, document in worst[:3]],
            )
        )
    short = sum(len(unit.text) < 100 for unit in own.units) / len(own.units)
    if short > 0.4:
        advice.append(
            Advice(
                "short_passages",
                f"{short:.0%} of the passages are shorter than a sentence or two, so that they say little about what "
                "they belong to. Files with headings and paragraphs are found better than slides and lists.",
                [],
            )
        )
    return advice or [Advice("good", "Nothing needs to be changed: the search finds what these documents say.", [])]
