"""Where log lines go: a small rotating file in the data folder, and stderr where somebody reads it."""

from __future__ import annotations

import logging
import re
import sys
import threading
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final

from backend.errors import from_storage

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
SECRET: Final = re.compile(r"(token=|Bearer )[\w.~-]+")


def configure(data: Path, *, stderr: bool = False) -> None:
    """Logs to data/logs/localchat.log, 1 MB and three older ones.

    Raises ReadOnlyData or DiskFull where the folder cannot be written.
    """
    folder = data / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers: list[logging.Handler] = [
            RotatingFileHandler(folder / "localchat.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8")
        ]
    except OSError as error:
        raise from_storage(error) or error from error
    # A windowed program on Windows has no stderr.
    if stderr and sys.stderr is not None:
        handlers.append(logging.StreamHandler())
    root = logging.getLogger()
    for handler in handlers:
        handler.setFormatter(WithoutSecrets(FORMAT))
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for ours in ("backend", "desktop"):
        logging.getLogger(ours).setLevel(logging.INFO)
    threading.excepthook = _log_uncaught


class WithoutSecrets(logging.Formatter):
    """Takes launch tokens out of whatever a library writes, traces included."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRET.sub(r"\1…", super().format(record))


def _log_uncaught(failure: threading.ExceptHookArgs) -> None:
    name = failure.thread.name if failure.thread else "a thread"
    error = failure.exc_value or failure.exc_type()
    logging.getLogger("desktop").error("%s failed", name, exc_info=error)
