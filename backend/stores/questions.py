"""Questions to whole collections: what was asked, and a row for each document, waiting or answered.

The rows are the queue too: what waits in a running question is what is asked next, also after a crash.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from backend.errors import NotFound
from backend.stores.database import Database

State = Literal["running", "done", "stopped"]
RowState = Literal["waiting", "covered", "empty", "failed"]

NEXT: Final = """
    SELECT r.question_id, r.document_id, r.filename FROM questions q
    JOIN question_rows r ON r.question_id = q.id AND r.state = 'waiting'
    LEFT JOIN documents d ON d.id = r.document_id
    WHERE q.state = 'running' AND (d.id IS NULL OR d.answers = 1 OR d.status NOT IN ('queued', 'reading', 'embedding'))
    ORDER BY q.created_at, q.id, r.position LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """Documents. `covered`: with at least one value; `empty`: asked, and nothing found; `left`: not asked yet.

    `seconds`: what one took on average, None while none was asked.
    """

    total: int
    covered: int
    empty: int
    failed: int
    left: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without its rows. `columns`: {name, kind} each; `model`: None where no model was asked.

    `error`: {error, message} of what stopped it; `revision` grows with each change of a row.
    """

    id: str
    collection_id: str
    question: str
    columns: Sequence[Mapping[str, str]]
    model: str | None
    state: State
    error: Mapping[str, Any] | None
    revision: int
    created_at: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Row:
    """`found`: {cells, sources} of one that was answered; `error`: {error, message} of one that failed."""

    document_id: str
    filename: str
    state: RowState
    found: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    revision: int


@dataclass(frozen=True, slots=True)
class Waiting:
    question_id: str
    document_id: str
    filename: str


class Questions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, collection_id: str, question: str, columns: Sequence[Mapping[str, str]], model: str | None
    ) -> Asked:
        """Of each document that is in the collection now, by name; it runs. Kept durably."""
        made = uuid.uuid4().hex
        with self._database.write(durable=True) as db:
            db.execute(
                "INSERT INTO questions (id, collection_id, question, columns, model, state, created_at)"
                " VALUES (?, ?, ?, ?, ?, 'running', ?)",
                (made, collection_id, question, json.dumps(list(columns)), model, _now()),
            )
            db.execute(
                "INSERT INTO question_rows (question_id, document_id, position, filename, state)"
                " SELECT ?, d.id, row_number() OVER (ORDER BY folded(d.filename), d.id), d.filename, 'waiting'"
                " FROM collection_documents c JOIN documents d ON d.id = c.document_id WHERE c.collection_id = ?",
                (made, collection_id),
            )
            return _get(db, made)

    def get(self, identity: str) -> Asked:
        """Raises NotFound."""
        with self._database.read() as db:
            return _get(db, identity)

    def of_collection(self, collection_id: str) -> list[Asked]:
        """The newest first."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT * FROM questions WHERE collection_id = ? ORDER BY created_at DESC, id", (collection_id,)
            ).fetchall()
            return [_asked(db, row) for row in rows]

    def rows(self, identity: str, after: int = -1) -> list[Row]:
        """Those that changed after this revision, in the order of the table."""
        with self._database.read() as db:
            found = db.execute(
                "SELECT * FROM question_rows WHERE question_id = ? AND revision > ? ORDER BY position",
                (identity, after),
            )
            return [
                Row(
                    row["document_id"],
                    row["filename"],
                    row["state"],
                    _read(row["found"]),
                    _read(row["error"]),
                    row["revision"],
                )
                for row in found
            ]

    def row(self, identity: str, document_id: str) -> RowState:
        """How it stands. Raises NotFound."""
        with self._database.read() as db:
            row = db.execute(
                "SELECT state FROM question_rows WHERE question_id = ? AND document_id = ?", (identity, document_id)
            ).fetchone()
        if row is None:
            raise NotFound("This document was not asked. Ask the question again.", "row_gone")
        state: RowState = row["state"]
        return state

    def running(self) -> bool:
        with self._database.read() as db:
            return db.execute("SELECT 1 FROM questions WHERE state = 'running' LIMIT 1").fetchone() is not None

    def next_waiting(self) -> Waiting | None:
        """The next row of the oldest question that runs; documents that are being read wait until they are ready."""
        with self._database.read() as db:
            row = db.execute(NEXT).fetchone()
        return None if row is None else Waiting(row["question_id"], row["document_id"], row["filename"])

    def keep(
        self,
        waiting: Waiting,
        state: RowState,
        *,
        found: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
        seconds: float | None = None,
    ) -> None:
        """A row that was answered or failed. Nothing happens where the question was deleted meanwhile."""
        with self._database.write() as db:
            revision = _next_revision(db, waiting.question_id)
            if revision is None:
                return
            db.execute(
                "UPDATE question_rows SET state = ?, found = ?, error = ?, seconds = ?, revision = ?"
                " WHERE question_id = ? AND document_id = ?",
                (
                    state,
                    _write(found),
                    _write(error),
                    seconds,
                    revision,
                    waiting.question_id,
                    waiting.document_id,
                ),
            )

    def finish(self) -> None:
        """Questions that run and have nothing left to ask are done."""
        with self._database.write() as db:
            db.execute(
                "UPDATE questions SET state = 'done' WHERE state = 'running' AND NOT EXISTS"
                " (SELECT 1 FROM question_rows WHERE question_id = questions.id AND state = 'waiting')"
            )

    def stop(self, identity: str, error: Mapping[str, Any] | None = None) -> None:
        """One that is done stays so. `error`: why it stopped by itself. Raises NotFound."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            db.execute(
                "UPDATE questions SET state = 'stopped', error = ? WHERE id = ? AND state = 'running'",
                (_write(error), identity),
            )

    def go_on(self, identity: str, documents: Iterable[str] = ()) -> None:
        """Runs again, with what waits, and with these rows once more. Raises NotFound."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            for document in documents:
                db.execute(
                    "UPDATE question_rows SET state = 'waiting', error = NULL, found = NULL, seconds = NULL,"
                    " revision = ? WHERE question_id = ? AND document_id = ?",
                    (_next_revision(db, identity), identity, document),
                )
            db.execute(
                "UPDATE questions SET state = 'running', error = NULL WHERE id = ? AND EXISTS"
                " (SELECT 1 FROM question_rows WHERE question_id = questions.id AND state = 'waiting')",
                (identity,),
            )

    def delete(self, identity: str) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            db.execute("DELETE FROM questions WHERE id = ?", (identity,))

    def delete_without_collection(self) -> None:
        """Those whose collection was deleted and did not come back."""
        with self._database.write() as db:
            db.execute("DELETE FROM questions WHERE collection_id NOT IN (SELECT id FROM collections)")


def _get(db: sqlite3.Connection, identity: str) -> Asked:
    row = db.execute("SELECT * FROM questions WHERE id = ?", (identity,)).fetchone()
    if row is None:
        raise NotFound("There is no such table. It may have been deleted.", "table_gone")
    return _asked(db, row)


def _asked(db: sqlite3.Connection, row: sqlite3.Row) -> Asked:
    counts = db.execute(
        "SELECT count(*), coalesce(sum(state = 'covered'), 0), coalesce(sum(state = 'empty'), 0),"
        " coalesce(sum(state = 'failed'), 0), coalesce(sum(state = 'waiting'), 0), avg(seconds)"
        " FROM question_rows WHERE question_id = ?",
        (row["id"],),
    ).fetchone()
    return Asked(
        row["id"],
        row["collection_id"],
        row["question"],
        json.loads(row["columns"]),
        row["model"],
        row["state"],
        _read(row["error"]),
        row["revision"],
        row["created_at"],
        Tally(*counts),
    )


def _next_revision(db: sqlite3.Connection, identity: str) -> int | None:
    row = db.execute("UPDATE questions SET revision = revision + 1 WHERE id = ? RETURNING revision", (identity,))
    found = row.fetchone()
    return None if found is None else found["revision"]


def _read(value: str | None) -> Mapping[str, Any] | None:
    return None if value is None else json.loads(value)


def _write(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
