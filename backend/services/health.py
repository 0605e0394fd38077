"""The doctor: each part checked, with what is wrong and how to mend it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from backend.errors import LocalChatError

if TYPE_CHECKING:
    from backend.services import Services

LOW_DISK: Final = 1024**3

CheckId = Literal["folder", "disk", "database", "builtin", "embedder", "ollama", "model", "documents", "page"]
CheckCode = Literal[
    "folder_ok",
    "folder_read_only",
    "folder_open",
    "disk_ok",
    "disk_low",
    "database_ok",
    "database_damaged",
    "builtin_ok",
    "builtin_missing",
    "embedder_ok",
    "embedder_missing",
    "embedder_own_ok",
    "embedder_away",
    "ollama_ok",
    "ollama_gone",
    "model_ok",
    "model_gone",
    "documents_ok",
    "documents_failed",
    "page_ok",
    "page_missing",
]

CODES: Final[tuple[CheckCode, ...]] = get_args(CheckCode)

NAMES: Final[dict[CheckId, str]] = {
    "folder": "Data folder",
    "disk": "Disk",
    "database": "Database",
    "builtin": "Built-in model",
    "embedder": "Embedder",
    "ollama": "Ollama",
    "model": "Model",
    "documents": "Documents",
    "page": "Page",
}

VALUES: Final[dict[CheckCode, tuple[str, ...]]] = {
    "folder_ok": ("path",),
    "folder_read_only": ("path",),
    "folder_open": ("path",),
    "disk_ok": ("free",),
    "disk_low": ("free",),
    "embedder_own_ok": ("model",),
    "ollama_ok": ("version", "address", "models"),
    "ollama_gone": ("address",),
    "model_ok": ("model",),
    "documents_ok": ("documents", "passages"),
    "documents_failed": ("failed",),
}
"""What stands in the sentence of a code; the others have no values. `free` is bytes."""


@dataclass(frozen=True, slots=True)
class Check:
    """`message` and `mend` in English; `code` and `values` for who says it in another language."""

    id: CheckId
    code: CheckCode
    state: Literal["ok", "warning", "failed"]
    message: str
    mend: str = ""
    values: dict[str, str | int] = field(default_factory=dict)
    error: LocalChatError | None = None

    @property
    def name(self) -> str:
        return NAMES[self.id]

    @property
    def cause(self) -> dict[str, object] | None:
        return None if self.error is None else self.error.kept


def checks(services: Services) -> list[Check]:
    """Quick enough for each opening of the settings page: nothing is loaded for it."""
    return [
        _data_folder(services.config.data),
        _disk(services.config.data),
        _database(services),
        _builtin(services),
        _embedder(services),
        _ollama(services),
        _model(services),
        _documents(services),
        _page(services.config.page),
    ]


def _data_folder(folder: Path) -> Check:
    values: dict[str, str | int] = {"path": str(folder)}
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return Check(
            "folder",
            "folder_read_only",
            "failed",
            f"{folder} cannot be written.",
            "Give yourself write permission, or use --data FOLDER.",
            values,
        )
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        return Check(
            "folder",
            "folder_open",
            "warning",
            "Other users of this computer can read it.",
            f"chmod 700 {folder}",
            values,
        )
    return Check("folder", "folder_ok", "ok", str(folder), values=values)


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        return Check(
            "disk", "disk_low", "warning", f"Only {free // 1024**2} MB are free.", "Free some space.", {"free": free}
        )
    return Check("disk", "disk_ok", "ok", f"{free // 1024**3} GB are free.", values={"free": free})


def _database(services: Services) -> Check:
    try:
        with services.database.read() as db:
            result = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except LocalChatError as error:
        return Check("database", "database_damaged", "failed", error.message, "Restore a backup.", error=error)
    if result != "ok":
        return Check("database", "database_damaged", "failed", f"It is damaged: {result}.", "Restore a backup.")
    return Check("database", "database_ok", "ok", "Sound.")


def _builtin(services: Services) -> Check:
    status = services.models.statuses()[1]
    if not status.running:
        return Check("builtin", "builtin_missing", "failed", status.message, "Install LocalChat again.")
    return Check("builtin", "builtin_ok", "ok", status.message)


def _embedder(services: Services) -> Check:
    models = services.config.models
    files = ("all-MiniLM-L6-v2.int8.onnx", "all-MiniLM-L6-v2.tokenizer.json")
    if not all((models / name).is_file() for name in files):
        message = "The file of the embedder is missing."
        return Check("embedder", "embedder_missing", "failed", message, "Install LocalChat again.")
    problem, active = services.embedders.problem(), services.embedders.active
    if problem is not None:
        mend = "Start Ollama or pull the model again; or choose another embedder in the settings."
        return Check("embedder", "embedder_away", "warning", problem.message, mend, error=problem)
    if active.engine != "builtin":
        message = f"{active.model} in Ollama reads documents."
        return Check("embedder", "embedder_own_ok", "ok", message, values={"model": active.model})
    return Check("embedder", "embedder_ok", "ok", "MiniLM reads documents on this computer.")


def _ollama(services: Services) -> Check:
    status = services.models.ollama.status()
    if status.running:
        models = len(status.models)
        return Check(
            "ollama",
            "ollama_ok",
            "ok",
            f"{status.label} at {status.address}, {models} models.",
            values={"version": status.version, "address": status.address, "models": models},
        )
    return Check(
        "ollama",
        "ollama_gone",
        "warning",
        f"{status.message} The built-in model answers meanwhile.",
        f"Start Ollama, or check its address: {status.address}.",
        {"address": status.address},
    )


def _model(services: Services) -> Check:
    try:
        choice = services.models.active()
    except LocalChatError as error:
        return Check("model", "model_gone", "failed", error.message, "Choose another model.", error=error)
    return Check("model", "model_ok", "ok", f"{choice.label} answers.", values={"model": choice.label})


def _documents(services: Services) -> Check:
    counts = services.documents.counts()
    _, failed = services.documents.list("failed", limit=1)
    if failed:
        return Check(
            "documents",
            "documents_failed",
            "warning",
            f"{failed} could not be read.",
            "The documents page says why, for each.",
            {"failed": failed},
        )
    return Check(
        "documents",
        "documents_ok",
        "ok",
        f"{counts.documents} documents, {counts.passages} passages.",
        values={"documents": counts.documents, "passages": counts.passages},
    )


def _page(page: Path) -> Check:
    if not (page / "index.html").is_file():
        return Check("page", "page_missing", "failed", "The page is not built.", "python3 build_scripts/dev.py setup")
    return Check("page", "page_ok", "ok", "Built.")
