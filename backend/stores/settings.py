"""Settings as key and JSON value; what a key means and its default stand in `api.schemas.system.Settings`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backend.stores.database import Database


class Settings:
    """Read at each question, so the rows are kept in memory; this process is the only writer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as db:
            rows = db.execute("SELECT key, value FROM settings").fetchall()
        self._values: dict[str, Any] = {row["key"]: json.loads(row["value"]) for row in rows}

    def all(self) -> dict[str, Any]:
        return dict(self._values)

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def update(self, changes: Mapping[str, Any]) -> None:
        """All changes in one transaction; a None takes the key back to its default."""
        with self._database.write(durable=True) as db:
            for key, value in changes.items():
                if value is None:
                    db.execute("DELETE FROM settings WHERE key = ?", (key,))
                else:
                    db.execute(
                        "INSERT INTO settings (key, value) VALUES (?, ?) "
                        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                        (key, json.dumps(value)),
                    )
        values = {**self._values, **changes}
        self._values = {key: value for key, value in values.items() if value is not None}
