"""Which engine and model serve: listing, choosing, pulling, deleting, testing."""

from __future__ import annotations

import contextlib
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from backend.engines.base import ChatMessage, ChatRequest, Engine, EngineStatus, ModelInfo, Usage
from backend.engines.builtin import LABEL, MODEL, BuiltinEngine
from backend.engines.ollama import OllamaEngine, OllamaPull
from backend.engines.ollama_program import OllamaProgram, installed, is_here
from backend.errors import Conflict, EngineUnavailable, GenerationError, LocalChatError, ModelNotFound, NotFound
from backend.services.events import IDLE, Idle, PullStatus
from backend.services.relay import Relay
from backend.stores.settings import Settings

DEFAULT_WINDOW: Final = 8192
STALLED_SECONDS: Final = 10.0
KEEP_FINISHED: Final = 20
STRONG: Final = 3e9
"""Parameters from which a model's own words are worth more than quotes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers. `window`: tokens that will be asked for; `chosen`: by the user, not by us."""

    engine: Engine
    model: ModelInfo
    window: int
    chosen: bool

    @property
    def label(self) -> str:
        return LABEL if self.model.name == MODEL else self.model.name


@dataclass(frozen=True, slots=True)
class PullState:
    id: str
    model: str
    status: str
    completed: int | None
    total: int | None
    stalled: bool


class Models:
    """`ollama_host` of the environment wins over the one in the settings."""

    def __init__(
        self, settings: Settings, builtin: BuiltinEngine, ollama_host: str | None, program: OllamaProgram
    ) -> None:
        self._settings = settings
        self._builtin = builtin
        self._environment_host = ollama_host
        self._program = program
        self._ollama = OllamaEngine(self._host())
        self._pulls: dict[str, PullJob] = {}
        self._closed = False
        self._lock = threading.Lock()
        self._starting = threading.Lock()

    # --- what there is ---

    @property
    def ollama(self) -> OllamaEngine:
        host = self._host()
        if host != self._ollama.host:
            self._ollama = OllamaEngine(host)
        return self._ollama

    def statuses(self, *, fresh: bool = False) -> list[EngineStatus]:
        return [self.ollama.status(fresh=fresh), self._builtin.status()]

    def active(self, name: str | None = None) -> Choice:
        """The model for a question: `name`, else the chosen one, else Ollama's first that can chat, else the built-in.

        Raises ModelNotFound, EngineUnavailable: a model that a person chose is never replaced in silence.
        """
        wanted = name or self._settings.get("model")
        if wanted == MODEL:
            return self._choice(self._builtin, self._builtin_model(), chosen=True)
        ollama = self.ollama.status()
        if wanted and not ollama.running:
            ollama = self.ollama.status(fresh=True)
        chats = [model for model in ollama.models if can_chat(model)]
        if wanted is None:
            if chats:
                # The one in memory answers at once.
                best = next((model for model in chats if model.loaded), chats[0])
                return self._choice(self.ollama, best, chosen=False)
            return self._choice(self._builtin, self._builtin_model(), chosen=False)
        if not ollama.running:
            raise EngineUnavailable(
                f"{wanted} runs in Ollama, which does not answer at {ollama.address}. Start Ollama, or choose the "
                "built-in model.",
                "model_in_silent_ollama",
                model=wanted,
                address=ollama.address,
            )
        for model in ollama.models:
            if model.name in (wanted, f"{wanted}:latest"):
                if not can_chat(model):
                    raise ModelNotFound(
                        f"{wanted} cannot chat: it makes embeddings. Choose another model.",
                        "model_makes_embeddings",
                        model=wanted,
                    )
                return self._choice(self.ollama, model, chosen=True)
        raise ModelNotFound(
            f"{wanted} is not installed any more. Pull it again, or choose another model.", "model_gone", model=wanted
        )

    def at_hand(self, name: str | None = None) -> Choice | None:
        """As `active`; None where nobody chose a model and no engine has one."""
        try:
            return self.active(name)
        except EngineUnavailable:
            if name or self._settings.get("model"):
                raise
            return None

    def checker(self) -> Choice | None:
        """The model that looks again at what is not proved: the one that answers if it is strong, else a strong one of
        Ollama, those in memory first. None where there is none.
        """
        with contextlib.suppress(EngineUnavailable, ModelNotFound):
            active = self.active()
            if active.engine is not self._builtin and is_strong(active.model):
                return active
        strong = [model for model in self.ollama.status().models if can_chat(model) and is_strong(model)]
        best = next((model for model in strong if model.loaded), strong[0] if strong else None)
        return self._choice(self.ollama, best, chosen=False) if best else None

    def choose(self, name: str | None) -> Choice:
        """Raises ModelNotFound, EngineUnavailable."""
        choice = self.active(name) if name else None
        self._settings.update({"model": choice.model.name if choice else None})
        return self.active()

    def delete(self, name: str) -> None:
        """Raises ModelNotFound, EngineUnavailable, Conflict for the built-in model."""
        if name == MODEL:
            raise Conflict("The built-in model belongs to LocalChat and cannot be deleted.", "builtin_kept")
        self.ollama.delete(name)
        if self._settings.get("model") == name:
            self._settings.update({"model": None})

    def test(self, name: str) -> tuple[str, float, Usage | None]:
        """A short answer, the seconds to its first token, and the engine's counts. Raises what chat raises."""
        choice = self.active(name)
        asked = time.perf_counter()
        first: float | None = None
        text, usage = "", None
        request = ChatRequest(choice.model.name, [ChatMessage("user", "Say hello.")], choice.window, max_tokens=24)
        for delta in choice.engine.chat(request):
            if first is None and (delta.text or delta.thinking):
                first = time.perf_counter() - asked
            text += delta.text
            usage = delta.usage or usage
        if first is None:
            raise GenerationError(
                f"{name} answered with nothing. Pull it again, or choose another model.",
                "model_said_nothing",
                model=name,
            )
        return text.strip(), first, usage

    def warm_up(self, after: float = 0.0) -> None:
        """Makes the model that will answer ready, `after` seconds from now, so that the first words wait for nothing.

        That looks for Ollama, which takes an import of a quarter second, and starts the built-in child if that is next.
        """
        timer = threading.Timer(after, self._warm_up)
        timer.daemon = True
        timer.start()

    # --- the program of Ollama ---

    def can_start_ollama(self) -> bool:
        """Whether it is installed here and does not run."""
        status = self.ollama.status()
        return not status.running and is_here(status.address) and installed() is not None

    def start_ollama(self) -> EngineStatus:
        """Raises EngineUnavailable with the reason. One that runs already is left as it is."""
        with self._starting:
            status = self.ollama.status(fresh=True)
            if not status.running:
                self._program.start(status.address)
                status = self.ollama.status(fresh=True)
        return status

    # --- pulls ---

    def pull(self, model: str) -> PullJob:
        """Begins a pull, or joins the one of the same model. Raises EngineUnavailable."""
        with self._lock:
            for job in self._pulls.values():
                if job.model == model and job.running:
                    return job
            if not self.ollama.status(fresh=True).running:
                address = self.ollama.status().address
                raise EngineUnavailable(
                    f"Models are pulled by Ollama, which does not answer at {address}. Start it, or install it from "
                    "ollama.com.",
                    "pull_needs_ollama",
                    address=address,
                )
            for old in [job for job in self._pulls.values() if not job.running][:-KEEP_FINISHED]:
                del self._pulls[old.id]
            job = PullJob(model, self.ollama.pull(model))
            self._pulls[job.id] = job
        return job

    def cancel_pull(self, identity: str) -> None:
        """Raises NotFound. What is already here stays for the next try."""
        job = self._pulls.get(identity)
        if job is None:
            raise NotFound("There is no such pull. It may have ended.", "pull_gone")
        job.cancel()

    def pulls(self) -> list[PullState]:
        """Those under way."""
        return [job.state() for job in self._pulls.values() if job.running]

    def close(self) -> None:
        self._closed = True
        for job in self._pulls.values():
            job.cancel()
        self._builtin.stop()
        self._program.stop()

    # --- inside ---

    def _host(self) -> str:
        return self._environment_host or self._settings.get("ollama_host") or "127.0.0.1:11434"

    def _builtin_model(self) -> ModelInfo:
        status = self._builtin.status()
        if not status.running:
            raise EngineUnavailable(status.message, "builtin_missing")
        return status.models[0]

    def _choice(self, engine: Engine, model: ModelInfo, *, chosen: bool) -> Choice:
        window = int(self._settings.get("context_window", DEFAULT_WINDOW))
        if model.context_window:
            window = min(window, model.context_window)
        return Choice(engine, model, window, chosen)

    def _warm_up(self) -> None:
        # What is wrong, the question itself will say.
        with contextlib.suppress(LocalChatError):
            if self.active().engine is self._builtin and not self._closed:
                self._builtin.client()


class PullJob:
    """A pull on a thread of its own: leaving its stream does not stop it, `cancel` does."""

    def __init__(self, model: str, source: OllamaPull) -> None:
        self.id = uuid.uuid4().hex
        self.model = model
        self._source = source
        self._changed = threading.Condition()
        self._last = PullStatus(self.id, "starting")
        self._version = 0
        self._moved = (time.monotonic(), 0)
        self._error: BaseException | None = None
        self.running = True
        self.cancelled = False
        self._relay = Relay(source, "pull")
        threading.Thread(target=self._follow, name="pull-state", daemon=True).start()

    def cancel(self) -> None:
        self.cancelled = True
        self._source.close()

    def state(self) -> PullState:
        with self._changed:
            stalled = time.monotonic() - self._moved[0] > STALLED_SECONDS
            last = self._last
        return PullState(self.id, self.model, last.status, last.completed, last.total, stalled)

    def events(self) -> Iterator[PullStatus | Idle]:
        """The newest state whenever it changed, to any number of listeners; raises the pull's error at its end."""
        seen = -1
        while True:
            with self._changed:
                if self._version == seen and self.running:
                    self._changed.wait(0.25)
                version, last, running = self._version, self._last, self.running
            if version != seen:
                seen = version
                yield last
            elif running:
                yield IDLE
            if not running and version == self._version:
                break
        if self._error is not None:
            raise self._error
        if self.cancelled and last.status != "success":
            yield replace(last, status="cancelled", digest=None, completed=None, total=None)

    def _follow(self) -> None:
        try:
            for batch in self._relay.batches():
                for progress in batch:
                    self._publish(
                        PullStatus(
                            self.id,
                            "downloading" if progress.digest and progress.total else progress.status,
                            progress.digest,
                            progress.completed if progress.total else None,
                            progress.total,
                        )
                    )
        except BaseException as error:  # noqa: BLE001 - raised again to each listener
            self._error = error
        with self._changed:
            self.running = False
            self._changed.notify_all()

    def _publish(self, status: PullStatus) -> None:
        with self._changed:
            if status == self._last:
                return
            self._last = status
            self._version += 1
            self._moved = (time.monotonic(), status.completed or 0)
            self._changed.notify_all()


def can_chat(model: ModelInfo) -> bool:
    """An Ollama too old to tell its models' capabilities is believed to chat."""
    return not model.capabilities or "completion" in model.capabilities


def can_see(model: ModelInfo) -> bool:
    """Only what is said: Ollama takes a picture for a model that cannot see, and answers as if it were not there."""
    return "vision" in model.capabilities


def is_strong(model: ModelInfo) -> bool:
    """By its parameters, as engines name them ("8.0B", "135M"); one that names none is not."""
    found = re.fullmatch(r"([\d.]+)\s*([KMBT])", model.parameters.strip().upper())
    return found is not None and float(found[1]) * {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}[found[2]] >= STRONG


def fit_to_memory(size: int, memory: int) -> Literal["fits", "tight", "too large"]:
    """Whether a model of `size` bytes runs in `memory` bytes; a fifth is added for its context and buffers."""
    need = size * 1.2
    if need > memory * 0.95:
        return "too large"
    return "tight" if need > memory * 0.75 else "fits"
