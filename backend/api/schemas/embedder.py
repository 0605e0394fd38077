"""The embedder, and its change."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.api.schemas.base import ErrorResponse, Schema


class EmbedderOption(Schema):
    """`size` in bytes; `context_window`: tokens of a text that it reads, 0 where that is not known."""

    id: str
    engine: Literal["builtin", "ollama"]
    model: str
    size: int
    context_window: int
    active: bool


class EmbedderChangeState(Schema):
    """`done` of `total` passages. `waiting`: its program does not answer, `trouble` says why; it goes on by itself.

    `failed`: it ended, with what was made; choosing the same again goes on.
    """

    id: str
    model: str
    state: Literal["embedding", "preparing", "waiting", "failed", "done"]
    done: int
    total: int
    seconds_left: float | None
    trouble: ErrorResponse | None


class EmbedderBefore(Schema):
    """What can be gone back to `until` then. `size`: bytes of its vectors and passages."""

    id: str
    model: str
    size: int
    until: str


class EmbedderState(Schema):
    """`problem`: why the documents are searched by words alone now. `cut`: passages that are longer than it reads."""

    id: str
    engine: Literal["builtin", "ollama"]
    model: str
    dimensions: int
    cut: int
    problem: ErrorResponse | None
    options: list[EmbedderOption]
    change: EmbedderChangeState | None
    before: EmbedderBefore | None


class EmbedderBody(Schema):
    embedder: Annotated[str, Field(min_length=1, max_length=300, description="the id of one of the options")]


class EmbedderEstimate(Schema):
    """What a change costs: passages to embed, seconds, bytes on the disk until the one before is given up.

    `reads_whole`: no passage of the usual length is cut.
    """

    passages: int
    seconds: float
    size: int
    dimensions: int
    reads_whole: bool
