"""Everything that can go wrong and that a person should hear about.

LocalChatError                    500
├── RequestError
│   ├── MalformedRequest          400  not JSON, not multipart
│   ├── NotAuthorized             401  no launch token
│   ├── ForbiddenOrigin           403  wrong Host or Origin
│   ├── NotFound                  404  no such conversation, message, document, address
│   ├── MethodNotAllowed          405
│   ├── Conflict                  409
│   ├── TooLarge                  413
│   ├── UnsupportedType           415
│   └── InvalidRequest            422  well-formed, but a value is wrong
├── EngineError
│   ├── EngineUnavailable         503  nothing answers there
│   ├── ModelNotFound             404
│   ├── ContextOverflow           413  the question alone does not fit the model's window
│   ├── GenerationError           502  the engine failed in the middle of an answer
│   └── PullError                 502
├── DocumentError                 422  a file that cannot be read, and why
│   ├── EmptyDocument
│   ├── EncryptedDocument
│   ├── DamagedDocument
│   ├── MislabelledDocument
│   ├── ScannedDocument
│   ├── UnsupportedDocument       415
│   ├── ReadingTimeout
│   └── Cancelled                      its reading was stopped by a person
└── StorageError                  500
    ├── DiskFull                  507
    ├── ReadOnlyData              500
    ├── NewerData                 500  written by a newer LocalChat
    ├── DamagedData               500
    ├── RefusedBackup             422  a file that cannot be restored, and why
    └── DataInUse                 409  another LocalChat holds the data folder

The class name is the code of the API; the message says what happened and what to do about it, in English. A program
that says it in another language finds which sentence it is in `reason`, with the values that stand in it.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Final

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    # what was asked for
    "backup_elsewhere": (),
    "backup_newer": (),
    "backup_refused": ("filename",),
    "backup_runs": (),
    "check_runs": (),
    "document_gone": (),
    "collection_gone": (),
    "collection_name_taken": ("name",),
    "document_is_read": ("filename",),
    "document_not_read": ("filename",),
    "file_not_opened": ("filename", "words"),
    "folder_gone": (),
    "folder_missing": ("path",),
    "folder_not_opened": ("path", "words"),
    "folder_of_ours": (),
    "folder_overlaps": ("path",),
    "folder_whole_path": (),
    "in_circles": (),
    "log_gone": (),
    "message_being_written": (),
    "message_empty": (),
    "message_long": ("characters", "limit"),
    "conversation_gone": (),
    "message_gone": (),
    "no_export": (),
    "no_folder_chosen": (),
    "no_window": (),
    "original_gone": (),
    "picture_elsewhere": (),
    "picture_gone": (),
    "picture_too_large": ("size",),
    "pictures_too_large": ("size",),
    "pictures_too_many": ("pictures", "most"),
    "place_taken": ("path",),
    "preset_gone": (),
    "preset_name_taken": ("name",),
    "preset_newer": (),
    "preset_not_ours": (),
    "prompt_cut": ("read", "sent"),
    "pull_gone": (),
    "restore_runs": (),
    "row_gone": (),
    "row_waits": (),
    "table_gone": (),
    "whole_path": (),
    "window_full": (),
    "zip_damaged": (),
    "zip_locked": (),
    # files that are not read
    "book_locked": ("filename",),
    "document_locked": ("filename",),
    "mail_locked": ("filename",),
    "password_needed": ("filename",),
    "password_wrong": ("filename",),
    "scan_unreadable": ("filename",),
    "scans_need_tesseract": ("filename", "pages"),
    # engines
    "builtin_kept": (),
    "builtin_missing": (),
    "builtin_not_started": (),
    "builtin_silent": (),
    "closing": (),
    "embedder_changed": ("model",),
    "embedder_failed": ("model", "words"),
    "embedder_gone": ("model",),
    "embedder_kept": (),
    "embedder_missing": (),
    "embedder_other": ("model", "found", "dimensions"),
    "embedder_runs": (),
    "embedder_same": (),
    "embedder_silent": ("model", "address"),
    "embedder_unknown": ("model",),
    "engine_failed": ("words",),
    "engine_loads": (),
    "engine_stopped": (),
    "message_over_window": ("tokens", "window"),
    "model_gone": ("model",),
    "no_checker": (),
    "model_in_silent_ollama": ("model", "address"),
    "model_makes_embeddings": ("model",),
    "model_not_pulled": ("model",),
    "model_said_nothing": ("model",),
    "ollama_elsewhere": ("address",),
    "ollama_not_installed": (),
    "ollama_not_started": ("words",),
    "ollama_other": ("address",),
    "ollama_silent": ("address",),
    "prompt_over_window": ("system", "tokens", "window"),
    "pull_cut": (),
    "pull_failed": ("words",),
    "pull_needs_ollama": ("address",),
    "pull_no_room": (),
    "pull_unknown": ("model",),
    "question_over_window": (),
    "reply_unreadable": ("model",),
    # the disk: sizes in bytes
    "backup_no_room": ("size", "path"),
    "embedder_no_room": ("size", "path"),
    "restore_no_room": ("size", "path"),
}
"""Sentences that a person meets on the page, and the values that stand in each. Errors of programs have none."""


@dataclass(frozen=True, slots=True)
class Details:
    """Which sentence of REASONS a message is, and its values."""

    reason: str
    values: dict[str, str | int]


class LocalChatError(Exception):
    """Base of all our errors. `message` is shown to people as it stands; `reason` and `values`: see REASONS."""

    status: ClassVar[int] = 500

    def __init__(self, message: str, reason: str | None = None, **values: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.details = None if reason is None else Details(reason, values)

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def kept(self) -> dict[str, object]:
        """As it crosses the wire and is kept beside an answer."""
        told = {} if self.details is None else {"details": asdict(self.details)}
        return {"error": self.code, "message": self.message, **told}


def codes() -> list[str]:
    """Every code that the API may say."""
    found: list[str] = ["InternalError"]
    kinds: list[type[LocalChatError]] = [LocalChatError]
    while kinds:
        kind = kinds.pop()
        found.append(kind.__name__)
        # Of this file: what a module makes of one for itself, it does not let out.
        kinds.extend(child for child in kind.__subclasses__() if child.__module__ == __name__)
    return sorted(found)


class RequestError(LocalChatError):
    status = 400


class MalformedRequest(RequestError):
    status = 400


class NotAuthorized(RequestError):
    status = 401


class ForbiddenOrigin(RequestError):
    status = 403


class NotFound(RequestError):
    status = 404


class MethodNotAllowed(RequestError):
    status = 405


class Conflict(RequestError):
    status = 409


class TooLarge(RequestError):
    status = 413


class UnsupportedType(RequestError):
    status = 415


class InvalidRequest(RequestError):
    status = 422


class EngineError(LocalChatError):
    status = 502


class EngineUnavailable(EngineError):
    status = 503


class ModelNotFound(EngineError):
    status = 404


class ContextOverflow(EngineError):
    status = 413


class GenerationError(EngineError):
    status = 502


class PullError(EngineError):
    status = 502


class DocumentError(LocalChatError):
    status = 422


class EmptyDocument(DocumentError):
    pass


class EncryptedDocument(DocumentError):
    """Reasons `password_needed` and `password_wrong`: with the right one it is read; with any other it is not."""


class DamagedDocument(DocumentError):
    pass


class MislabelledDocument(DocumentError):
    pass


class ScannedDocument(DocumentError):
    """Reason `scans_need_tesseract`: with that program it may be read; `scan_unreadable`: it was tried in vain."""


class UnsupportedDocument(DocumentError):
    status = 415


class ReadingTimeout(DocumentError):
    pass


class Cancelled(DocumentError):
    pass


class StorageError(LocalChatError):
    status = 500


class DiskFull(StorageError):
    status = 507


class ReadOnlyData(StorageError):
    pass


class NewerData(StorageError):
    pass


class DamagedData(StorageError):
    pass


class RefusedBackup(StorageError):
    status = 422


class DataInUse(StorageError):
    status = 409


def from_storage(error: OSError | sqlite3.Error) -> LocalChatError | None:
    """The storage error behind an operating system's or SQLite's, or None when it is another thing."""
    text = str(error).lower()
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in text or "no space left" in text:
        return DiskFull("The disk is full. Nothing that was saved before is lost. Free some space and try again.")
    if number in (errno.EROFS, errno.EACCES, errno.EPERM) or "readonly database" in text:
        return ReadOnlyData(
            "The data folder cannot be written. Give yourself write permission to it, "
            "or start LocalChat with another folder: --data FOLDER."
        )
    return None
