"""Which embedder the documents are searched with: what there is to choose from, the change to another, the way back.

Each embedder has a table of its own. The one that answers, the one that is being filled and the one to go back to are
kept in one row of the settings, so that a change takes effect in one transaction. The table of before stays until the
user gives it up, KEEP_DAYS have passed, or another change takes its place.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from backend.engines.base import EngineStatus, ModelInfo
from backend.engines.embedder import DIMENSIONS, MOST_TOKENS, NAME, Embedder
from backend.engines.embedding import Embedding
from backend.engines.ollama_embedder import OllamaEmbedder
from backend.errors import Conflict, DiskFull, EngineError, EngineUnavailable, ModelNotFound, NotFound
from backend.pipeline.chunk import with_heading
from backend.services.embedder_change import Change, Progress
from backend.services.knowledge import Knowledge, kept_under
from backend.services.models import Models
from backend.services.search import Search
from backend.stores.documents import Documents
from backend.stores.evaluations import Evaluations
from backend.stores.passage_tables import PassageTables, Table
from backend.stores.passages_search import PassageSearch
from backend.stores.settings import Settings
from backend.stores.vectors import TABLE, Vectors

if TYPE_CHECKING:
    from backend.services.evaluate import Evaluation, Quoter

log = logging.getLogger(__name__)

KEY: Final = "embedder"
KEEP_DAYS: Final = 30
SAMPLE: Final = 16
"""Passages that are embedded to say how long all of them will take."""

SEED: Final = 1
BUILTIN_ID: Final = "builtin"


@dataclass(frozen=True, slots=True)
class Spec:
    """An embedder with the table of its vectors. `name`: of exactly this model, by its content."""

    engine: Literal["builtin", "ollama"]
    model: str
    name: str
    dimensions: int
    table: str

    @property
    def id(self) -> str:
        return BUILTIN_ID if self.engine == "builtin" else f"{self.engine}/{self.model}"

    @property
    def as_table(self) -> Table:
        return Table(self.name, self.table, self.dimensions)


BUILTIN: Final = Spec("builtin", NAME, NAME, DIMENSIONS, TABLE)


@dataclass(frozen=True, slots=True)
class Option:
    """What can be chosen. `size` in bytes; `context_window`: tokens of a text that it reads, 0 where not known."""

    id: str
    engine: Literal["builtin", "ollama"]
    model: str
    size: int
    context_window: int
    active: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a change costs: passages to embed, seconds, and bytes on the disk meanwhile. `reads_whole`: a passage of
    the usual length is within the tokens that the embedder reads; longer ones are cut, and counted."""

    passages: int
    seconds: float
    size: int
    dimensions: int
    reads_whole: bool


@dataclass(frozen=True, slots=True)
class Before:
    """The table to go back to; `size` in bytes."""

    spec: Spec
    size: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Index:
    """All that one embedder's table is searched with."""

    spec: Spec
    embedder: Embedding
    knowledge: Knowledge
    passages: PassageSearch
    search: Search


class Embedders:
    """`builtin`: the embedder that is in LocalChat. Every method may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        documents: Documents,
        models: Models,
        *,
        builtin: Embedder,
        quoter: Quoter,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._documents = documents
        self._models = models
        self._builtin = builtin
        self._quoter = quoter
        known = [spec for spec in (self._kept("building"), self._kept("previous")) if spec is not None]
        active = self._kept("active") or BUILTIN
        self.tables = PassageTables(folder, active.as_table, [spec.as_table for spec in known])
        self._index = self._make(active)
        self._change: Change | None = None

    def start(self) -> None:
        """Takes up a change that the last run left, and gives up what nobody can go back to any more."""
        self._index.knowledge.start()
        previous = self.previous(sized=False)
        building = self._kept("building")
        if previous is not None and previous.until < datetime.now(UTC) and previous.spec != building:
            self.give_up()
        for name in self.tables.clear_away():
            log.info("%s was left over and is gone", name)
        if building is not None:
            log.info("the change of the embedder goes on: %s", building.name)
            self._run(building)

    def close(self) -> None:
        """Within a second; a change goes on at the next start. Idempotent."""
        if self._change is not None:
            self._change.stop()
        self._index.embedder.close()
        self._index.knowledge.close()

    # --- what there is ---

    @property
    def index(self) -> Index:
        """What answers now."""
        return self._index

    def embedding(self) -> Embedding:
        return self._index.embedder

    def search(self) -> Search:
        """Over the table that answers now: one question sees one embedder only."""
        return self._index.search

    def evaluation(self) -> Evaluation:
        """Of the search as it is now."""
        from backend.services.evaluate import Evaluation

        index = self._index
        return Evaluation(
            self._documents,
            index.passages,
            index.embedder,
            self._quoter,
            kept=Evaluations(self._settings),
            embed=self._builtin.embed,
        )

    @property
    def active(self) -> Spec:
        return self._index.spec

    def options(self) -> list[Option]:
        """The built-in one first, then those that Ollama has now."""
        active = self.active
        found = [Option(BUILTIN_ID, "builtin", NAME, 0, MOST_TOKENS, active == BUILTIN)]
        for model in _embedding_models(self._models.ollama.status()):
            name = _name(model)
            found.append(
                Option(
                    f"ollama/{model.name}", "ollama", model.name, model.size, model.context_window, active.name == name
                )
            )
        return found

    def problem(self) -> EngineError | None:
        """Why questions are answered by words alone, and new documents wait; None while all is well."""
        active = self.active
        if active.engine == "builtin":
            return None
        status = self._models.ollama.status()
        if not status.running:
            return EngineUnavailable(
                f"The embedder {active.model} runs in Ollama, which does not answer at {status.address}. Start Ollama, "
                "or choose the built-in embedder in the settings.",
                "embedder_silent",
                model=active.model,
                address=status.address,
            )
        there = {model.name: model for model in status.models}.get(active.model)
        if there is None:
            return ModelNotFound(
                f"The embedder {active.model} is not in Ollama any more. Pull it again, or choose another one in the "
                "settings.",
                "embedder_gone",
                model=active.model,
            )
        if _name(there) != active.name:
            return ModelNotFound(
                f"{active.model} in Ollama is another version than the one that your documents were embedded with, so "
                "its vectors may not fit theirs. Choose it again in the settings to embed them anew.",
                "embedder_changed",
                model=active.model,
            )
        return None

    def progress(self) -> tuple[Spec, Progress] | None:
        """Of the change under way, or that has failed."""
        building, change = self._kept("building"), self._change
        if building is None or change is None:
            return None
        return building, change.progress

    def previous(self, *, sized: bool = True) -> Before | None:
        spec, until = self._kept("previous"), self._state().get("until")
        if spec is None or until is None:
            return None
        size = self.tables.get(spec.as_table).own_size() if sized else 0
        return Before(spec, size, datetime.fromisoformat(until))

    def cut(self) -> int:
        """Passages whose end the embedder that answers, or that is being changed to, does not read."""
        spec = self._kept("building") or self.active
        return int(self._state().get("cut", {}).get(spec.name, 0))

    # --- what is done ---

    def estimate(self, identity: str) -> Estimate:
        """By embedding a few of the stored passages. Raises ModelNotFound, EngineUnavailable, GenerationError."""
        option, embedder, spec = self._find(identity)
        passages = PassageSearch(self.tables.current)
        count = passages.count()
        have = self._there(spec)
        sample = passages.sample(SAMPLE, SEED)
        texts = [
            with_heading(passage.heading, passage.text, title or "")
            for passage, title in zip(sample.passages, sample.titles, strict=True)
        ]
        started = time.monotonic()
        if texts:
            embedder.embed(texts)
        each = (time.monotonic() - started) / max(len(texts), 1)
        missing = max(0, count - have)
        return Estimate(
            missing,
            round(each * missing, 1),
            self._size(spec.dimensions, count),
            spec.dimensions,
            option.context_window == 0 or option.context_window >= MOST_TOKENS,
        )

    def choose(self, identity: str) -> None:
        """Begins to change, in the background. Raises Conflict, ModelNotFound, EngineUnavailable, DiskFull."""
        self._refuse_if_running()
        _, _, spec = self._find(identity)
        if spec.name == self.active.name:
            raise Conflict("Your documents are embedded with this embedder already.", "embedder_same")
        size = self._size(spec.dimensions, max(0, self.tables.current.count() - self._there(spec)))
        if shutil.disk_usage(self._folder.parent).free < size:
            raise DiskFull(
                f"The vectors of another embedder take {size / 1e6:,.0f} MB, and there is less room on the disk.",
                "embedder_no_room",
                size=size,
                path=str(self._folder.parent),
            )
        self._begin(spec)

    def undo(self) -> None:
        """Goes back to the embedder of before, at once but for documents that came since. Raises Conflict, NotFound."""
        self._refuse_if_running()
        previous = self._kept("previous")
        if previous is None:
            raise NotFound("There is no embedder of before to go back to.", "embedder_kept")
        self._begin(previous)

    def cancel(self) -> None:
        """The change under way ends, and what it made is deleted. Raises NotFound when there is none."""
        change = self._change
        if change is not None:
            change.stop()
        with self.tables.alone():
            building = self._kept("building")
            if building is None:
                raise NotFound("The embedder is not being changed.", "embedder_kept")
            self._change = None
            self._put(building=None)
            self._throw_away(building)

    def give_up(self) -> None:
        """Deletes the table of before and gives its room free. Raises NotFound, Conflict while it is gone back to."""
        with self.tables.alone():
            previous = self._kept("previous")
            if previous is None:
                raise NotFound("There is no embedder of before to go back to.", "embedder_kept")
            if previous == self._kept("building"):
                raise Conflict("The embedder is being changed. Wait for its end, or cancel it.", "embedder_runs")
            self._put(previous=None, until=None)
            self._throw_away(previous)

    # --- inside ---

    def _begin(self, spec: Spec) -> None:
        with self.tables.alone():
            self._refuse_if_running()
            left = self._kept("building")
            self._put(building=asdict(spec))
            if left is not None and left != spec:
                self._throw_away(left)
        self._run(spec)

    def _run(self, spec: Spec) -> None:
        index = self._make(spec)
        change = Change(
            self.tables,
            spec.as_table,
            index.embedder,
            knowledge=index.knowledge,
            commit=lambda: self._commit(change, index),
            ended=partial(self._ended, self._index, self._kept("previous")),
        )
        self._change = change
        change.start()

    def _commit(self, change: Change, index: Index) -> None:
        """While no passage comes or goes. All or nothing: one transaction."""
        if change.stopped:
            raise Conflict("The change was cancelled.")
        before = self._index
        until = datetime.now(UTC) + timedelta(days=KEEP_DAYS)
        self._put(active=asdict(index.spec), building=None, previous=asdict(before.spec), until=until.isoformat())
        self._index = index

    def _ended(self, before: Index, older: Spec | None) -> None:
        log.info("the embedder is %s now", self.active.name)
        self._change = None
        before.knowledge.close()
        self._index.knowledge.start()
        if older is not None:
            with self.tables.alone():
                self._throw_away(older)

    def _throw_away(self, spec: Spec) -> None:
        """A table that the settings name no more. What a crash leaves of it goes at the next start."""
        if spec in (self.active, self._kept("previous"), self._kept("building")):
            return
        self.tables.drop(spec.as_table)
        cut = {name: count for name, count in self._state().get("cut", {}).items() if name != spec.name}
        self._put(cut=cut)
        self._settings.update({kept_under(spec.name): None})

    def _refuse_if_running(self) -> None:
        change = self._change
        if change is not None and change.progress.state not in ("failed", "done"):
            raise Conflict("The embedder is being changed. Wait for its end, or cancel it.", "embedder_runs")

    def _find(self, identity: str) -> tuple[Option, Embedding, Spec]:
        """What can be chosen now under this id; a table that is there of it is taken up."""
        if identity == BUILTIN_ID:
            return self.options()[0], self._builtin, BUILTIN
        status = self._models.ollama.status(fresh=True)
        for model in _embedding_models(status):
            if f"ollama/{model.name}" == identity:
                name = _name(model)
                option = Option(identity, "ollama", model.name, model.size, model.context_window, active=False)
                probe = self._ollama(model.name, name, 0)
                dimensions = probe.embed(["How long is a vector?"]).shape[1]
                spec = Spec("ollama", model.name, name, dimensions, _table(model.name, name, dimensions))
                return option, self._ollama(model.name, name, dimensions), spec
        wanted = identity.partition("/")[2] or identity
        if not status.running:
            raise EngineUnavailable(
                f"{wanted} runs in Ollama, which does not answer at {status.address}. Start Ollama first.",
                "model_in_silent_ollama",
                model=wanted,
                address=status.address,
            )
        raise ModelNotFound(
            f"{wanted} is not an embedding model that Ollama has. Pull it, or choose another.",
            "embedder_unknown",
            model=wanted,
        )

    def _ollama(
        self, model: str, name: str, dimensions: int, told_cut: Callable[[int], None] = lambda _: None
    ) -> OllamaEmbedder:
        return OllamaEmbedder(
            lambda: self._models.ollama.host, model, name, dimensions, count=self._builtin.count, told_cut=told_cut
        )

    def _make(self, spec: Spec) -> Index:
        embedder: Embedding = self._builtin
        if spec.engine != "builtin":
            embedder = self._ollama(spec.model, spec.name, spec.dimensions, partial(self._count_cut, spec.name))
        vectors: Vectors = self.tables.get(spec.as_table)
        passages = PassageSearch(vectors)
        knowledge = Knowledge(vectors, passages, embedder, self._settings)
        return Index(
            spec,
            embedder,
            knowledge,
            passages,
            Search(self._documents, passages, embedder, knowledge),
        )

    def _count_cut(self, name: str, more: int) -> None:
        with self.tables.alone():
            cut: dict[str, int] = dict(self._state().get("cut", {}))
            cut[name] = cut.get(name, 0) + more
            self._put(cut=cut)

    def _there(self, spec: Spec) -> int:
        """Passages that its table has already."""
        known = (self._kept("building"), self._kept("previous"))
        return self.tables.get(spec.as_table).count() if spec in known else 0

    def _size(self, dimensions: int, passages: int) -> int:
        """Bytes that so many passages take: as those that are stored, with vectors of another width."""
        current = self.tables.current
        count = current.count()
        if not count:
            return 0
        each = max(current.own_size() / count, 4 * self.active.dimensions) + 4 * (dimensions - self.active.dimensions)
        return int(each * passages)

    def _state(self) -> dict[str, Any]:
        state = self._settings.get(KEY)
        return state if isinstance(state, dict) else {}

    def _put(self, **changes: Any) -> None:
        self._settings.update({KEY: {**self._state(), **changes}})

    def _kept(self, role: Literal["active", "building", "previous"]) -> Spec | None:
        kept = self._state().get(role)
        return None if kept is None else Spec(**kept)


def _embedding_models(status: EngineStatus) -> list[ModelInfo]:
    return [model for model in status.models if "embedding" in model.capabilities]


def _name(model: ModelInfo) -> str:
    return f"ollama/{model.name}@{model.digest.removeprefix('sha256:')[:12]}"


def _table(model: str, name: str, dimensions: int) -> str:
    """A name that every file system takes, of this model and this width alone."""
    readable = re.sub(r"[^a-z0-9]+", "-", model.casefold()).strip("-")[:40]
    return f"{TABLE}_{readable}_{dimensions}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
