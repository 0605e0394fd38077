"""One protocol for everything that runs a chat model, and the values that cross it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from backend.errors import Details

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatImage:
    """A picture for a model that sees. `media_type` is image/png, image/jpeg, image/webp or image/gif."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: Role
    content: str
    images: tuple[ChatImage, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """`window`: tokens the engine must hold for prompt and answer together; `max_tokens`: of the answer.

    `schema`: a JSON schema that the answer must follow; the engine lets the model write nothing else. An answer that
    ends for its length is still cut where it stands.
    """

    model: str
    messages: Sequence[ChatMessage]
    window: int
    max_tokens: int | None = None
    temperature: float | None = None
    think: bool | None = None
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """The engine's own counts: tokens and seconds. `finish` is "stop" or "length"."""

    prompt_tokens: int
    completion_tokens: int
    prompt_seconds: float
    completion_seconds: float
    finish: str


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of an answer. The last one of a whole answer carries `usage`."""

    text: str = ""
    thinking: str = ""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """size: bytes on disk; context_window: tokens the model was trained for (0: not known); digest: of its content."""

    name: str
    engine: str
    size: int = 0
    parameters: str = ""
    quantization: str = ""
    context_window: int = 0
    capabilities: tuple[str, ...] = ()
    loaded: bool = False
    loaded_bytes: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PullProgress:
    """Bytes of one layer; `digest`, `completed` and `total` are None while there is nothing to count."""

    status: str
    digest: str | None = None
    completed: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    name: str
    label: str
    running: bool
    address: str = ""
    version: str = ""
    message: str = ""
    details: Details | None = None
    models: tuple[ModelInfo, ...] = field(default=())


class ChatStream(Protocol):
    """An answer under way. Iterating blocks for the next piece; `close` may be called from any thread,
    returns at once, wakes a blocked iteration (which then ends) and makes the engine stop."""

    def __iter__(self) -> Iterator[ChatDelta]: ...

    def close(self) -> None: ...


class Engine(Protocol):
    """Raises EngineUnavailable, ModelNotFound, ContextOverflow, GenerationError."""

    name: str

    def status(self) -> EngineStatus: ...

    def chat(self, request: ChatRequest) -> ChatStream: ...

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Tokens of the prompt that these messages become, or None where the engine cannot count."""
        ...
