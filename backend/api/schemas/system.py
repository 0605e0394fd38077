"""Settings, health, what is kept where, logs, and backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from backend.api.schemas.base import ErrorResponse, Schema
from backend.api.schemas.models import ActiveModel, Engine
from backend.services.health import CheckCode, CheckId
from backend.services.storage import Place

RecentCommand = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Settings(Schema):
    """`quotes`: what the documents say, word for word, above an answer."""

    theme: Literal["system", "light", "dark"] = "system"
    language: Literal["system", "en", "de", "fr", "es", "zh"] = "system"
    reading_size: Literal["small", "normal", "large"] = "normal"
    use_documents: bool = True
    quotes: bool = True
    temperature: float = Field(0.3, ge=0, le=2)
    context_window: int = Field(8192, ge=2048, le=1_048_576)
    ollama_host: str = Field("", max_length=300, description="empty: OLLAMA_HOST, else 127.0.0.1:11434")
    model: str | None = Field(None, description="the chosen chat model; null: chosen by LocalChat")
    welcome_dismissed: bool = False
    meter_open: bool = False
    recent_commands: list[RecentCommand] = Field([], max_length=20, description="of the palette, the newest first")


class SettingsChange(Schema):
    theme: Literal["system", "light", "dark"] | None = None
    language: Literal["system", "en", "de", "fr", "es", "zh"] | None = None
    reading_size: Literal["small", "normal", "large"] | None = None
    use_documents: bool | None = None
    quotes: bool | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=2048, le=1_048_576)
    ollama_host: str | None = Field(None, max_length=300)
    welcome_dismissed: bool | None = None
    meter_open: bool | None = None
    recent_commands: list[RecentCommand] | None = Field(None, max_length=20)


class Health(Schema):
    status: Literal["ok"] = "ok"
    version: str


class Check(Schema):
    """One line of the doctor. `state`: ok, warning (works without), failed. `mend`: what to do, or empty.

    `id` is the part that was checked, `code` what was found, with its `values`, for who says it in another language;
    `cause` is the error behind it.
    """

    id: CheckId
    code: CheckCode
    values: dict[str, str | int]
    name: str
    state: Literal["ok", "warning", "failed"]
    message: str
    mend: str
    cause: ErrorResponse | None


class DocumentCounts(Schema):
    documents: int
    passages: int
    size: int
    working: int


class Status(Schema):
    version: str
    engines: list[Engine]
    model: ActiveModel
    documents: DocumentCounts
    checks: list[Check]
    data_folder: str
    desktop: bool


class Stored(Schema):
    """`size` in bytes, of all that is in it."""

    place: Place
    path: str
    size: int


class Storage(Schema):
    """`before`: bytes among those of the passages that an embedder of before takes, until it is given up."""

    places: list[Stored]
    before: int = 0


class OpenBody(Schema):
    place: Place


class DroppedFolders(Schema):
    """`paths`: of the folders that were dropped on the window last; told once."""

    paths: list[str]


class LogQuery(Schema):
    name: str = Field("localchat.log", max_length=100)
    lines: int = Field(200, ge=1, le=5_000)


class LogLines(Schema):
    """The last lines of a log, the newest last; `names` are the logs that there are."""

    name: str
    path: str
    names: list[str]
    lines: list[str]


class BackupBody(Schema):
    path: str | None = Field(None, max_length=4_000, description="a file or folder; null: in the user's documents")
    ask: bool = Field(default=False, description="let the user choose in the window's own dialog")


class RestoreBody(Schema):
    path: str | None = Field(None, max_length=4_000)
    ask: bool = Field(default=False, description="let the user choose in the window's own dialog")


class StagedBackup(Schema):
    """A backup whose data takes the place of the present data at the next start."""

    path: str
    created_at: str
    documents: int
    conversations: int


class RestoreState(Schema):
    staged: StagedBackup | None


class PickBody(Schema):
    folder: bool = False
