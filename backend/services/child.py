"""How this program starts itself again as a child: the built-in engine and the document reader are such children."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def command(verb: str) -> list[str]:
    """The argument vector of `localchat VERB`, frozen or from the checkout."""
    if getattr(sys, "frozen", False):
        return [sys.executable, verb]
    return [sys.executable, "-m", "desktop", verb]


def environment() -> dict[str, str]:
    """The child finds our packages wherever it is started."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": root + (os.pathsep + path if path else "")}
