"""Folders that are watched, and the places where documents' files lie.

A place knows the content that it had when it was looked at last, so that a look at the disk tells what has changed.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.errors import Conflict, NotFound
from backend.stores.database import Database
from backend.stores.documents import NO_ERROR, Gone, content, sweep, unused


@dataclass(frozen=True, slots=True)
class FolderRow:
    """`files`: places in it; the others count the documents at these places."""

    id: str
    path: str
    added_at: str
    files: int = 0
    documents: int = 0
    ready: int = 0
    failed: int = 0
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A file as it was found. `modified`: nanoseconds. `elsewhere`: on another disk than its folder.

    `picked`: a person chose the file itself. `document_id` is None where a person deleted the document.
    """

    path: str
    folder_id: str | None
    sha256: str
    size: int
    modified: int
    picked: bool = False
    elsewhere: bool = False
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Per place the id of its document (None: it was deleted by a person and has not changed), and whether it was new.

    `changed`: documents that have a new version to be read; `gone`: what nothing holds any more.
    """

    documents: list[tuple[str | None, bool]]
    changed: list[str]
    gone: Gone


class Folders:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, path: str) -> FolderRow:
        """Raises Conflict when it is there already."""
        row = FolderRow(uuid.uuid4().hex, path, datetime.now(UTC).isoformat(timespec="microseconds"))
        try:
            with self._database.write(durable=True) as connection:
                connection.execute(
                    "INSERT INTO folders (id, path, added_at) VALUES (?, ?, ?)", (row.id, row.path, row.added_at)
                )
        except sqlite3.IntegrityError as error:
            raise Conflict(f"{path} is among your folders already.", "folder_overlaps", path=path) from error
        return row

    def list(self) -> list[FolderRow]:
        """By path, each with its counts."""
        with self._database.read() as connection:
            rows = connection.execute(
                """
                SELECT f.id, f.path, f.added_at, count(p.path) AS files, count(DISTINCT d.id) AS documents,
                    count(DISTINCT iif(d.status = 'ready', d.id, NULL)) AS ready,
                    count(DISTINCT iif(d.status = 'failed', d.id, NULL)) AS failed,
                    coalesce(sum(d.passages), 0) AS passages
                FROM folders f LEFT JOIN places p ON p.folder_id = f.id LEFT JOIN documents d ON d.id = p.document_id
                GROUP BY f.id ORDER BY f.path
                """
            ).fetchall()
        return [FolderRow(**dict(row)) for row in rows]

    def get(self, identity: str) -> FolderRow:
        """Raises NotFound."""
        found = next((row for row in self.list() if row.id == identity), None)
        if found is None:
            raise NotFound("There is no such folder.", "folder_gone")
        return found

    def delete(self, identity: str) -> Gone:
        """Its places go, and the documents that lie nowhere else. Raises NotFound."""
        with self._database.write(durable=True) as connection:
            if connection.execute("SELECT 1 FROM folders WHERE id = ?", (identity,)).fetchone() is None:
                raise NotFound("There is no such folder.", "folder_gone")
            connection.execute(
                "UPDATE places SET folder_id = NULL, elsewhere = 0 WHERE folder_id = ? AND picked = 1", (identity,)
            )
            # Cascades to the other places.
            connection.execute("DELETE FROM folders WHERE id = ?", (identity,))
            return sweep(connection)

    def places(self, folder_id: str) -> dict[str, Place]:
        """By path."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM places WHERE folder_id = ?", (folder_id,)).fetchall()
        return {row["path"]: _place(row) for row in rows}

    def place(self, path: str) -> Place | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM places WHERE path = ?", (path,)).fetchone()
        return _place(row) if row is not None else None

    def put(self, places: Sequence[tuple[Place, str]], *, priority: int = 0) -> Put:
        """Files that were found, each with the name that its document gets; one commit.

        Where the content has changed, the document that only this place holds gets a next version.
        """
        put = Put([], [], Gone())
        with self._database.write(durable=True) as connection:
            for place, filename in places:
                put.documents.append(_put(connection, place, filename, priority, put))
            swept = sweep(connection)
            put.gone.documents.extend(swept.documents)
            put.gone.originals[:] = unused(connection, [*put.gone.originals, *swept.originals])
        return put

    def touch(self, places: Iterable[Place]) -> None:
        """The files have another time, or folder, and the same content as before."""
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE places SET modified = ?, folder_id = ?, elsewhere = ? WHERE path = ?",
                [(place.modified, place.folder_id, place.elsewhere, place.path) for place in places],
            )

    def remove(self, paths: Iterable[str]) -> tuple[Gone, dict[str, str]]:
        """Files that are not there any more; the documents that lie nowhere else go.

        Of the others id → the path where they lie now, unless a person named them: a file that was moved.
        """
        with self._database.write() as connection:
            touched = {
                row["document_id"]
                for path in paths
                for row in connection.execute("DELETE FROM places WHERE path = ? RETURNING document_id", (path,))
            }
            gone = sweep(connection)
            moved = {}
            for identity in touched:
                row = connection.execute(
                    "SELECT min(path) AS path FROM places WHERE document_id = ?1"
                    " AND EXISTS (SELECT 1 FROM documents WHERE id = ?1 AND kept = 0)",
                    (identity,),
                ).fetchone()
                if row["path"] is not None:
                    moved[identity] = row["path"]
        return gone, moved


def _put(
    connection: sqlite3.Connection, place: Place, filename: str, priority: int, put: Put
) -> tuple[str | None, bool]:
    before = connection.execute("SELECT * FROM places WHERE path = ?", (place.path,)).fetchone()
    if before is not None and before["sha256"] == place.sha256 and (before["document_id"] or not place.picked):
        _write(connection, place, before["document_id"])
        if before["document_id"] is not None and place.picked:
            connection.execute("UPDATE documents SET priority = 1 WHERE id = ?", (before["document_id"],))
        return before["document_id"], False
    old = before["document_id"] if before is not None else None
    known = connection.execute(
        "SELECT id FROM documents WHERE sha256 = ?1 OR next_sha256 = ?1", (place.sha256,)
    ).fetchone()
    if old is not None and _reverted(connection, old, place):
        identity, new = old, False
    elif known is None and old is not None and _held_once(connection, old):
        put.gone.originals.append(_follow_up(connection, old, place, filename, priority))
        put.changed.append(old)
        identity, new = old, True
    else:
        identity, new = content(connection, place.sha256, filename, place.size, kept=False, priority=priority)
    _write(connection, place, identity)
    return identity, new


def _reverted(connection: sqlite3.Connection, document_id: str, place: Place) -> bool:
    """The file has its earlier content again before the later was read: that need not be read any more."""
    if not _held_once(connection, document_id):
        return False
    return (
        connection.execute(
            f"UPDATE documents SET next_sha256 = NULL, next_size = NULL, {NO_ERROR},"  # noqa: S608 - text of ours
            " status = iif(answers, 'ready', 'queued') WHERE id = ? AND sha256 = ? AND next_sha256 IS NOT NULL",
            (document_id, place.sha256),
        ).rowcount
        > 0
    )


def _held_once(connection: sqlite3.Connection, document_id: str) -> bool:
    """By one place and nobody else, so that the document may change with its file."""
    row = connection.execute(
        "SELECT kept = 0 AND (SELECT count(*) FROM places WHERE document_id = d.id) = 1"
        " AND NOT EXISTS (SELECT 1 FROM attachments WHERE document_id = d.id) FROM documents d WHERE id = ?",
        (document_id,),
    ).fetchone()
    return bool(row[0])


def _follow_up(connection: sqlite3.Connection, document_id: str, place: Place, filename: str, priority: int) -> str:
    """The SHA-256 of the version that need not be read any more, or that answers no more."""
    row = connection.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    before: str = row["next_sha256"] or row["sha256"]
    version = "next_sha256 = ?, next_size = ?" if row["answers"] else "sha256 = ?, size = ?"
    connection.execute(
        f"UPDATE documents SET {version}, filename = ?, status = 'queued', {NO_ERROR},"  # noqa: S608
        " priority = max(priority, ?) WHERE id = ?",
        (place.sha256, place.size, filename, priority, document_id),
    )
    return before


def _write(connection: sqlite3.Connection, place: Place, document_id: str | None) -> None:
    connection.execute(
        "INSERT INTO places (path, folder_id, document_id, sha256, size, modified, picked, elsewhere)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
        " folder_id = coalesce(excluded.folder_id, folder_id), document_id = excluded.document_id,"
        " sha256 = excluded.sha256, size = excluded.size, modified = excluded.modified,"
        " picked = max(picked, excluded.picked), elsewhere = excluded.elsewhere",
        (
            place.path,
            place.folder_id,
            document_id,
            place.sha256,
            place.size,
            place.modified,
            place.picked,
            place.elsewhere,
        ),
    )


def _place(row: sqlite3.Row) -> Place:
    return Place(**{**dict(row), "picked": bool(row["picked"]), "elsewhere": bool(row["elsewhere"])})
