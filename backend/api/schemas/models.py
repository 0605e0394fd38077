"""Engines and models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from backend.api.schemas.base import Name, Schema
from backend.errors import Details


class Model(Schema):
    """`size` and `loaded_bytes` in bytes. `fits`: whether this machine's memory holds it."""

    name: str
    engine: Literal["ollama", "builtin"]
    label: str
    size: int
    parameters: str
    quantization: str
    context_window: int
    capabilities: list[str]
    loaded: bool
    loaded_bytes: int
    active: bool
    fits: Literal["fits", "tight", "too large"]


class Engine(Schema):
    name: Literal["ollama", "builtin"]
    label: str
    running: bool
    address: str
    version: str
    message: str
    details: Details | None = None
    startable: bool = Field(default=False, description="it is installed on this computer and does not run")


class Pull(Schema):
    id: str
    model: str
    status: str
    completed: int | None
    total: int | None
    stalled: bool


class ModelList(Schema):
    models: list[Model]
    engines: list[Engine]
    pulls: list[Pull]
    active: str
    memory: int


class ActiveModel(Schema):
    """`chosen` is false while LocalChat chooses by itself. `checker`: the model that can check sentences again."""

    model: str
    engine: str
    label: str
    context_window: int
    capabilities: list[str]
    chosen: bool
    checker: str | None = None


class ActiveModelChange(Schema):
    model: Name | None = Field(description="a name from GET /api/models; null: let LocalChat choose")


class PullBody(Schema):
    model: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[\w.\-:/@]+$")
    ]


class ModelTest(Schema):
    model: str
    answer: str
    first_token_seconds: float
    tokens_per_second: float
