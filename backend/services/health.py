"""The doctor: each part checked, with what is wrong and how to mend it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from backend.errors import LocalChatError

if TYPE_CHECKING:
    from backend.services import Services

LOW_DISK: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: Literal["ok", "warning", "failed"]
    message: str
    mend: str = ""


def checks(services: Services) -> list[Check]:
    """Quick enough for each opening of the settings page: nothing is loaded for it."""
    return [
        _data_folder(services.config.data),
        _disk(services.config.data),
        _database(services),
        _builtin(services),
        _embedder(services.config.models),
        _ollama(services),
        _model(services),
        _documents(services),
        _page(services.config.page),
    ]


def _data_folder(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return Check(
            "Data folder",
            "failed",
            f"{folder} cannot be written.",
            "Give yourself write permission, or use --data FOLDER.",
        )
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        return Check("Data folder", "warning", "Other users of this computer can read it.", f"chmod 700 {folder}")
    return Check("Data folder", "ok", str(folder))


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        return Check("Disk", "warning", f"Only {free // 1024**2} MB are free.", "Free some space.")
    return Check("Disk", "ok", f"{free // 1024**3} GB are free.")


def _database(services: Services) -> Check:
    try:
        with services.database.read() as db:
            result = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except LocalChatError as error:
        return Check("Database", "failed", error.message, "Restore a backup.")
    if result != "ok":
        return Check("Database", "failed", f"It is damaged: {result}.", "Restore a backup.")
    return Check("Database", "ok", "Sound.")


def _builtin(services: Services) -> Check:
    status = services.models.statuses()[1]
    if not status.running:
        return Check("Built-in model", "failed", status.message, "Install LocalChat again.")
    return Check("Built-in model", "ok", status.message)


def _embedder(models: Path) -> Check:
    files = ("all-MiniLM-L6-v2.int8.onnx", "all-MiniLM-L6-v2.tokenizer.json")
    if not all((models / name).is_file() for name in files):
        return Check("Embedder", "failed", "The file of the embedder is missing.", "Install LocalChat again.")
    return Check("Embedder", "ok", "MiniLM reads documents on this computer.")


def _ollama(services: Services) -> Check:
    status = services.models.ollama.status()
    if status.running:
        return Check("Ollama", "ok", f"{status.label} at {status.address}, {len(status.models)} models.")
    return Check(
        "Ollama",
        "warning",
        f"{status.message} The built-in model answers meanwhile.",
        f"Start Ollama, or check its address: {status.address}.",
    )


def _model(services: Services) -> Check:
    try:
        choice = services.models.active()
    except LocalChatError as error:
        return Check("Model", "failed", error.message, "Choose another model.")
    return Check("Model", "ok", f"{choice.label} answers.")


def _documents(services: Services) -> Check:
    counts = services.documents.counts()
    _, failed = services.documents.list("failed", limit=1)
    if failed:
        return Check("Documents", "warning", f"{failed} could not be read.", "The documents page says why, for each.")
    return Check("Documents", "ok", f"{counts.documents} documents, {counts.passages} passages.")


def _page(page: Path) -> Check:
    if not (page / "index.html").is_file():
        return Check("Page", "failed", "The page is not built.", "python3 build_scripts/dev.py setup")
    return Check("Page", "ok", "Built.")
