"""Collections: documents under a name. A document can be in several; neither goes when the other is deleted."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from backend.errors import Conflict, NotFound
from backend.stores.database import Database

NAME_LENGTH: Final = 100

WITH_COUNT: Final = (
    "SELECT c.*, (SELECT count(*) FROM collection_documents d WHERE d.collection_id = c.id) AS documents"
    " FROM collections c"
)


@dataclass(frozen=True, slots=True)
class Collection:
    """`documents` counts them, ready or not."""

    id: str
    name: str
    documents: int
    created_at: str
    updated_at: str


class Collections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[Collection]:
        """By name."""
        with self._database.read() as db:
            return [_collection(row) for row in db.execute(f"{WITH_COUNT} ORDER BY c.name_key")]

    def get(self, identity: str) -> Collection:
        """Raises NotFound."""
        with self._database.read() as db:
            return _get(db, identity)

    def create(self, name: str, documents: Sequence[str] = (), identity: str | None = None) -> Collection:
        """`documents`: ids; those that are gone are left out. `identity`: the one that it had before it was deleted, so
        that presets know it again. Raises Conflict for a name or an identity that is taken.
        """
        with self._database.write(durable=True) as db:
            made, now = identity or uuid.uuid4().hex, _now()
            if db.execute("SELECT 1 FROM collections WHERE id = ?", (made,)).fetchone():
                raise Conflict("This collection is there already.")
            try:
                db.execute(
                    "INSERT INTO collections (id, name, name_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                    (made, name, _key(name), now, now),
                )
            except sqlite3.IntegrityError as error:
                raise _taken(name) from error
            db.executemany(
                "INSERT INTO collection_documents (collection_id, document_id)"
                " SELECT ?, id FROM documents WHERE id = ? ON CONFLICT DO NOTHING",
                [(made, document) for document in documents],
            )
            return _get(db, made)

    def rename(self, identity: str, name: str) -> Collection:
        """Raises NotFound, Conflict."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            try:
                db.execute(
                    "UPDATE collections SET name = ?, name_key = ?, updated_at = ? WHERE id = ?",
                    (name, _key(name), _now(), identity),
                )
            except sqlite3.IntegrityError as error:
                raise _taken(name) from error
            return _get(db, identity)

    def delete(self, identity: str) -> None:
        """Its documents stay. Raises NotFound."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            db.execute("DELETE FROM collections WHERE id = ?", (identity,))

    def put(self, identity: str, document: str) -> Collection:
        """Puts a document into it, if it is not there yet. Raises NotFound for either."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            if not db.execute("SELECT 1 FROM documents WHERE id = ?", (document,)).fetchone():
                raise NotFound("There is no such document. It may have been deleted.", "document_gone")
            added = db.execute(
                "INSERT INTO collection_documents (collection_id, document_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (identity, document),
            )
            return _touched(db, identity, changed=added.rowcount > 0)

    def put_many(self, identity: str, documents: Sequence[str]) -> Collection:
        """The same for many; those that are gone are left out. Raises NotFound for the collection."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            added = db.execute(
                "INSERT INTO collection_documents (collection_id, document_id)"
                " SELECT ?, id FROM documents WHERE id IN (SELECT value FROM json_each(?)) ON CONFLICT DO NOTHING",
                (identity, json.dumps(list(documents))),
            )
            return _touched(db, identity, changed=added.rowcount > 0)

    def take_out(self, identity: str, document: str) -> Collection:
        """The document stays; one that is not in it is no error. Raises NotFound for the collection."""
        with self._database.write(durable=True) as db:
            _get(db, identity)
            removed = db.execute(
                "DELETE FROM collection_documents WHERE collection_id = ? AND document_id = ?", (identity, document)
            )
            return _touched(db, identity, changed=removed.rowcount > 0)

    def of_documents(self, documents: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """The ids of the collections that each document is in; without those that are in none."""
        wanted = set(documents)
        found: dict[str, list[str]] = {}
        with self._database.read() as db:
            for row in db.execute(
                "SELECT d.document_id, d.collection_id FROM collection_documents d"
                " JOIN collections c ON c.id = d.collection_id ORDER BY c.name_key"
            ):
                if row["document_id"] in wanted:
                    found.setdefault(row["document_id"], []).append(row["collection_id"])
        return found

    def scope(self, documents: Sequence[str] | None, collections: Sequence[str] | None) -> Sequence[str] | None:
        """Where to search: these documents and those of these collections; None, which is everywhere, for neither.

        Raises NotFound for a collection that is not there.
        """
        if collections is None:
            return documents
        found = dict.fromkeys(documents or ())
        with self._database.read() as db:
            for identity in dict.fromkeys(collections):
                _get(db, identity)
                rows = db.execute("SELECT document_id FROM collection_documents WHERE collection_id = ?", (identity,))
                found.update(dict.fromkeys(row["document_id"] for row in rows))
        return list(found)


def _get(db: sqlite3.Connection, identity: str) -> Collection:
    row = db.execute(f"{WITH_COUNT} WHERE c.id = ?", (identity,)).fetchone()
    if row is None:
        raise NotFound("There is no such collection. It may have been deleted.", "collection_gone")
    return _collection(row)


def _touched(db: sqlite3.Connection, identity: str, *, changed: bool) -> Collection:
    if changed:
        db.execute("UPDATE collections SET updated_at = ? WHERE id = ?", (_now(), identity))
    return _get(db, identity)


def _collection(row: sqlite3.Row) -> Collection:
    return Collection(row["id"], row["name"], row["documents"], row["created_at"], row["updated_at"])


def _key(name: str) -> str:
    return name.casefold()


def _taken(name: str) -> Conflict:
    return Conflict(
        f"There is a collection named “{name}” already. Choose another name.", "collection_name_taken", name=name
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
