"""The figures of the last evaluations, so that the next can be compared with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from backend.stores.settings import Settings

KEY: Final = "evaluations"
EACH: Final = 2
"""Of the same documents or the same file: the last one, and the one before."""

MOST: Final = 20


class Evaluations:
    """Kept beside the settings: they are few, small, and read as a whole."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def keep(self, name: str | None, result: Mapping[str, Any]) -> None:
        """`name`: of the labelled file; None: the user's own documents."""
        kept = [{"name": name, "at": datetime.now(UTC).isoformat(), "result": dict(result)}]
        same = 1
        for one in self.list():
            same += one["name"] == name
            if one["name"] != name or same <= EACH:
                kept.append(one)
        self._settings.update({KEY: kept[:MOST]})

    def list(self) -> list[dict[str, Any]]:
        """The newest first."""
        return list(self._settings.get(KEY, []))
