"""The model that comes with LocalChat: llama.cpp's server in a child process, asked over its OpenAI-compatible API.

A crash there is an error event here, and the next question starts a new child.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend.engines.base import ChatDelta, ChatMessage, ChatRequest, EngineStatus, ModelInfo
from backend.engines.openai import OpenAIAnswer
from backend.engines.process import Child
from backend.errors import Details, EngineUnavailable, GenerationError

if TYPE_CHECKING:
    import httpx

FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL: Final = "builtin/smollm2-135m"
LABEL: Final = "SmolLM2 135M, built in"
MISSING: Final = "The file of the built-in model is missing. Install LocalChat again."

WINDOW: Final = 4096
"""Tokens a conversation may take; the model was trained for 8,192, and each slot's cache costs 23 kB a token."""
SLOTS: Final = 1
"""Answers at one time; further ones wait in llama.cpp's own queue, which on few cores is as fast."""


class BuiltinEngine:
    """`model`: the GGUF; `command`, `environment`: how the child is started."""

    name = "builtin"

    def __init__(self, model: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._model = model
        self._child = Child(command, environment)
        self._lock = threading.Lock()
        self._stopped = False
        self._client: httpx.Client | None = None

    def status(self) -> EngineStatus:
        """Never raises, and starts nothing."""
        if not self._model.is_file():
            return EngineStatus(
                self.name,
                "Built in",
                running=False,
                message=MISSING,
                details=Details("builtin_missing", {}),
            )
        info = ModelInfo(
            name=MODEL,
            engine=self.name,
            size=self._model.stat().st_size,
            parameters="135M",
            quantization="Q4_1",
            context_window=WINDOW,
            capabilities=("completion",),
            loaded=self._child.running,
        )
        return EngineStatus(
            self.name,
            "Built in",
            running=True,
            message="SmolLM2 135M for chat, MiniLM for embedding. Always there, nothing to install.",
            models=(info,),
        )

    def chat(self, request: ChatRequest) -> BuiltinAnswer:
        return BuiltinAnswer(self, request)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Exact: the prompt as the model's own template makes it, in its own tokens. Raises EngineUnavailable."""
        import httpx

        rows = [{"role": message.role, "content": message.content} for message in messages]
        try:
            client = self.client()
            prompt = client.post("/apply-template", json={"messages": rows}).raise_for_status().json()["prompt"]
            tokens = client.post("/tokenize", json={"content": prompt, "add_special": True, "parse_special": True})
            return len(tokens.raise_for_status().json()["tokens"])
        except httpx.HTTPError as error:
            raise EngineUnavailable("The built-in model does not answer. Try again.", "builtin_silent") from error

    def client(self) -> httpx.Client:
        """A client of the running child, started when it is not there. Raises EngineUnavailable."""
        with self._lock:
            if self._stopped:
                raise EngineUnavailable("LocalChat is closing.", "closing")
            if self._client is None or not self._child.running:
                self._start()
            assert self._client is not None
            return self._client

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid

    def died(self) -> bool:
        """Whether the child is gone; its end shows a moment after its connections broke."""
        return self._child.ended(0.5)

    def stop(self) -> None:
        """Ends the child for good. Idempotent; returns within a second."""
        self._stopped = True
        # Not under the lock: a child that is just starting is ended too.
        self._child.stop()
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _start(self) -> None:
        if not self._model.is_file():
            raise EngineUnavailable(MISSING, "builtin_missing")
        from backend.engines import transport

        key = secrets.token_urlsafe(24)
        answer = self._child.start(
            {
                "model": str(self._model),
                "name": MODEL,
                "key": key,
                "window": WINDOW,
                "slots": SLOTS,
                "threads": max(1, (os.cpu_count() or 2) // 2),
            }
        )
        if self._client is not None:
            self._client.close()
        self._client = transport.client(answer["address"], key=key)


class BuiltinAnswer:
    """One answer under way; see `ChatStream`. The child is started on the first step, not before."""

    def __init__(self, engine: BuiltinEngine, request: ChatRequest) -> None:
        self._engine = engine
        self._request = request
        self._answer: OpenAIAnswer | None = None
        self._closed = False

    def close(self) -> None:
        self._closed = True
        if self._answer is not None:
            self._answer.close()

    def __iter__(self) -> Iterator[ChatDelta]:
        spoken = False
        try:
            for delta in self._attempt():
                spoken = True
                yield delta
        except (GenerationError, EngineUnavailable):
            # A child that died since the last answer is found out only by asking it. It is started again, once.
            if spoken or self._closed or not self._engine.died():
                raise
            yield from self._attempt()

    def _attempt(self) -> Iterator[ChatDelta]:
        self._answer = OpenAIAnswer(self._engine.client(), self._request)
        if not self._closed:
            yield from self._answer
