"""The documents table: one row a file, which is also the queue of files to be read."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from backend.errors import NotFound
from backend.stores.database import Database

WORKING: Final = ("queued", "reading", "embedding")


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """size: bytes of the original. pages: None where the format has none, or while it is not known."""

    id: str
    sha256: str
    filename: str
    size: int
    status: str
    error_code: str | None
    error_message: str | None
    pages: int | None
    passages: int
    added_at: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Of all documents; size in bytes; `working` counts those that are not ready yet and have not failed."""

    documents: int
    passages: int
    size: int
    working: int


class Documents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, sha256: str, filename: str, size: int) -> tuple[DocumentRow, bool]:
        """The row of this content, and whether it is new: the same bytes are one document. Kept durably."""
        with self._database.write(durable=True) as connection:
            row = connection.execute("SELECT * FROM documents WHERE sha256 = ?", (sha256,)).fetchone()
            if row is not None:
                return _document(row), False
            identity = uuid.uuid4().hex
            connection.execute(
                "INSERT INTO documents (id, sha256, filename, size, status, added_at) VALUES (?, ?, ?, ?, 'queued', ?)",
                (identity, sha256, filename, size, datetime.now(UTC).isoformat(timespec="microseconds")),
            )
            row = connection.execute("SELECT * FROM documents WHERE id = ?", (identity,)).fetchone()
            return _document(row), True

    def get(self, identity: str) -> DocumentRow:
        """Raises NotFound."""
        row = self.find(identity)
        if row is None:
            raise NotFound("There is no such document. It may have been deleted.", "document_gone")
        return row

    def find(self, identity: str) -> DocumentRow | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM documents WHERE id = ?", (identity,)).fetchone()
        return _document(row) if row is not None else None

    def list(
        self, status: str | None = None, offset: int = 0, limit: int = 200, collection: str | None = None
    ) -> tuple[list[DocumentRow], int]:
        """The newest first, and how many there are with this status, in this collection."""
        chosen = (
            "(?1 IS NULL OR status = ?1)"
            " AND (?2 IS NULL OR id IN (SELECT document_id FROM collection_documents WHERE collection_id = ?2))"
        )
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM documents WHERE {chosen} ORDER BY added_at DESC, id LIMIT ?3 OFFSET ?4",  # noqa: S608 - constants
                (status, collection, limit, offset),
            ).fetchall()
            total: int = connection.execute(
                f"SELECT count(*) FROM documents WHERE {chosen}",  # noqa: S608 - constants
                (status, collection),
            ).fetchone()[0]
        return [_document(row) for row in rows], total

    def counts(self) -> Counts:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(passages), 0), coalesce(sum(size), 0),"
                " coalesce(sum(status IN ('queued', 'reading', 'embedding')), 0) FROM documents"
            ).fetchone()
        return Counts(*row)

    def names_of_ready(self, identities: Iterable[str]) -> dict[str, str]:
        """id → filename of those that are ready: only they may be found."""
        wanted = list(dict.fromkeys(identities))
        marks = ", ".join("?" * len(wanted))
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT id, filename FROM documents WHERE status = 'ready' AND id IN ({marks})",  # noqa: S608 - marks only
                wanted,
            ).fetchall()
        return {row["id"]: row["filename"] for row in rows}

    def originals(self) -> set[str]:
        """The SHA-256 of each."""
        with self._database.read() as connection:
            return {row["sha256"] for row in connection.execute("SELECT sha256 FROM documents")}

    def has_ready(self) -> bool:
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM documents WHERE status = 'ready' LIMIT 1").fetchone() is not None

    def ids(self) -> set[str]:
        with self._database.read() as connection:
            return {row["id"] for row in connection.execute("SELECT id FROM documents")}

    def delete(self, identity: str) -> DocumentRow | None:
        """What was deleted; None when there was no such row."""
        with self._database.write(durable=True) as connection:
            row = connection.execute("DELETE FROM documents WHERE id = ? RETURNING *", (identity,)).fetchone()
        return _document(row) if row is not None else None

    # --- the queue ---

    def requeue_unfinished(self) -> int:
        """What a crash or a stop interrupted is queued again; how many there were."""
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE documents SET status = 'queued', passages = 0 WHERE status IN ('reading', 'embedding')"
            ).rowcount

    def next_queued(self) -> DocumentRow | None:
        """The one that waits longest."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM documents WHERE status = 'queued' ORDER BY added_at, id LIMIT 1"
            ).fetchone()
        return _document(row) if row is not None else None

    def ahead_of(self, row: DocumentRow) -> int:
        """How many files are worked on before this one."""
        with self._database.read() as connection:
            count: int = connection.execute(
                "SELECT count(*) FROM documents WHERE status IN ('reading', 'embedding')"
                " OR (status = 'queued' AND (added_at, id) < (?, ?))",
                (row.added_at, row.id),
            ).fetchone()[0]
        return count

    def move(self, identity: str, status: str) -> bool:
        """False when the row has been deleted meanwhile; the same for the next three."""
        return self._update("UPDATE documents SET status = ? WHERE id = ?", (status, identity))

    def queue(self, identity: str) -> bool:
        return self._update(
            "UPDATE documents SET status = 'queued', error_code = NULL, error_message = NULL, passages = 0,"
            " pages = NULL WHERE id = ?",
            (identity,),
        )

    def ready(self, identity: str, pages: int | None, passages: int) -> bool:
        return self._update(
            "UPDATE documents SET status = 'ready', pages = ?, passages = ?, error_code = NULL, error_message = NULL"
            " WHERE id = ?",
            (pages, passages, identity),
        )

    def fail(self, identity: str, code: str, message: str) -> bool:
        return self._update(
            "UPDATE documents SET status = 'failed', error_code = ?, error_message = ?, passages = 0 WHERE id = ?",
            (code, message, identity),
        )

    def _update(self, statement: str, values: tuple[object, ...]) -> bool:
        with self._database.write() as connection:
            return connection.execute(statement, values).rowcount > 0


def _document(row: sqlite3.Row) -> DocumentRow:
    return DocumentRow(**dict(row))
