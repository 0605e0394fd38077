"""Values out of files that nobody vouches for: whatever stands there becomes a value of ours, or None."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

MOST_CONTENT: Final = 8_000_000
"""Characters of one message. What is longer is cut off and reported."""

MOST_TITLE: Final = 200
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
UNTITLED: Final = "Untitled conversation"

# Halves of surrogate pairs cannot be written as UTF-8; of control characters a text needs line feed and tab.
UNSTORABLE: Final = re.compile("[\ud800-\udfff]")
CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
JOINERS: Final = frozenset("\u200c\u200d")


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def string(value: Any) -> str:
    """`value` as storable text; empty when it is none."""
    return storable(value) if isinstance(value, str) else ""


def storable(text: str) -> str:
    text = UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text).replace("\r\n", "\n").replace("\r", "\n")
    return CONTROL.sub("", text)


def short(value: Any) -> str | None:
    """A name of a model: one line of at most 200 characters, or None."""
    name = " ".join(string(value).split())[:MOST_TITLE]
    return name or None


def title(value: Any) -> str:
    """One line without control characters and without marks that turn the direction of writing; may be empty."""
    given = string(value).strip()
    if given.isprintable() and len(given) <= MOST_TITLE:
        return given
    # Cf but the joiners, which emoji and Persian are written with.
    letters = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in string(value)[: MOST_TITLE * 10]
        if letter in JOINERS or unicodedata.category(letter) not in ("Cf", "Cn")
    )
    line = " ".join(letters.split()).strip("\u200c\u200d")
    return line if len(line) <= MOST_TITLE else line[: MOST_TITLE - 1].rstrip() + "…"


def moment(value: Any) -> str | None:
    """Seconds (or milli-, micro-, nanoseconds) since 1970, or ISO 8601 → ISO 8601 in UTC as it is stored.

    None for anything before 1990 or after tomorrow: no such conversation was ever held.
    """
    found = _moment(value)
    if found is None or not EARLIEST <= found <= datetime.now(UTC) + timedelta(days=1):
        return None
    return found.isoformat(timespec="milliseconds")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return None
        seconds = float(value)
        while seconds > 1e11:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
