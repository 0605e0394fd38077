"""Presets: a system prompt, a model, how freely it answers and from which documents, under a name.

A preset's documents are kept by id, content and name: one that was deleted is shown as gone, and one that comes back,
under whatever id, belongs to the preset again.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from backend.errors import Conflict, NotFound
from backend.stores.database import Database

NAME_LENGTH: Final = 100

PLAIN: Final = ("system_prompt", "model", "temperature", "context_window")
"""Columns that are kept as they come."""


@dataclass(frozen=True, slots=True)
class PresetDocument:
    """`gone`: there is no such document any more. `sha256`: None where it never was one."""

    id: str
    filename: str
    sha256: str | None
    gone: bool


@dataclass(frozen=True, slots=True)
class PresetCollection:
    """`gone`: there is no such collection any more."""

    id: str
    name: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Preset:
    """`system_prompt` "" is the built-in one; None means as the settings say; neither `documents` nor `collections`
    means all documents."""

    id: str
    name: str
    system_prompt: str
    model: str | None
    temperature: float | None
    context_window: int | None
    use_documents: bool | None
    documents: list[PresetDocument]
    collections: list[PresetCollection]
    is_default: bool
    created_at: str
    updated_at: str

    @property
    def document_ids(self) -> list[str] | None:
        """Where to search; None for all. Empty when every one of them is gone: then nothing is found."""
        if not self.documents and not self.collections:
            return None
        return [document.id for document in self.documents if not document.gone]

    @property
    def collection_ids(self) -> list[str] | None:
        """Where to search besides."""
        if not self.collections:
            return None
        return [collection.id for collection in self.collections if not collection.gone]


class Presets:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[Preset]:
        """By name."""
        with self._database.read() as db:
            rows = db.execute("SELECT * FROM presets ORDER BY name_key").fetchall()
            return [_preset(db, row) for row in rows]

    def get(self, identity: str) -> Preset:
        """Raises NotFound."""
        with self._database.read() as db:
            return _preset(db, _row(db, identity))

    def default(self) -> Preset | None:
        """The one for new conversations, if there is one."""
        with self._database.read() as db:
            row = db.execute("SELECT * FROM presets WHERE is_default = 1").fetchone()
            return _preset(db, row) if row is not None else None

    def create(
        self, name: str, values: Mapping[str, Any], documents: Sequence[str] = (), collections: Sequence[str] = ()
    ) -> Preset:
        """`values`: any of the other fields; `documents`, `collections`: ids, none of either for all documents.

        Raises Conflict for a taken name.
        """
        with self._database.write(durable=True) as db:
            identity = _insert(db, name)
            _change(db, identity, values)
            _choose(db, identity, documents)
            _choose_collections(db, identity, collections)
            return _preset(db, _row(db, identity))

    def change(
        self,
        identity: str,
        values: Mapping[str, Any],
        documents: Sequence[str] | None = None,
        collections: Sequence[str] | None = None,
    ) -> Preset:
        """`documents`, `collections`: None leaves them as they are, an empty one means none of them.

        Raises NotFound, Conflict.
        """
        with self._database.write(durable=True) as db:
            _row(db, identity)
            _change(db, identity, values)
            if documents is not None:
                _choose(db, identity, documents)
            if collections is not None:
                _choose_collections(db, identity, collections)
            return _preset(db, _row(db, identity))

    def delete(self, identity: str) -> None:
        """Conversations that used it go on without. Raises NotFound."""
        with self._database.write(durable=True) as db:
            _row(db, identity)
            db.execute("DELETE FROM presets WHERE id = ?", (identity,))

    def bring_in(
        self,
        name: str,
        values: Mapping[str, Any],
        documents: Sequence[tuple[str, str]],
        collections: Sequence[str] = (),
    ) -> Preset:
        """One from a file. `documents`: (sha256, filename) each; `collections`: names. A name that is taken gets a
        number."""
        with self._database.write(durable=True) as db:
            identity = _insert(db, _free_name(db, name))
            _change(db, identity, values)
            db.executemany(
                "INSERT INTO preset_documents (preset_id, position, document_id, sha256, filename)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (identity, position, uuid.uuid4().hex, sha256, filename)
                    for position, (sha256, filename) in enumerate(dict(documents).items())
                ],
            )
            db.executemany(
                "INSERT INTO preset_collections (preset_id, position, collection_id, name)"
                " VALUES (?1, ?2, coalesce((SELECT id FROM collections WHERE name_key = ?4), ?3), ?5)",
                [
                    (identity, position, uuid.uuid4().hex, _key(collection), collection)
                    for position, collection in enumerate(dict.fromkeys(collections))
                ],
            )
            return _preset(db, _row(db, identity))


def _insert(db: sqlite3.Connection, name: str) -> str:
    identity, now = uuid.uuid4().hex, _now()
    try:
        db.execute(
            "INSERT INTO presets (id, name, name_key, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            (identity, name, _key(name), now, now),
        )
    except sqlite3.IntegrityError as error:
        raise _taken(name) from error
    return identity


def _change(db: sqlite3.Connection, identity: str, values: Mapping[str, Any]) -> None:
    if "name" in values:
        name = values["name"]
        try:
            db.execute("UPDATE presets SET name = ?, name_key = ? WHERE id = ?", (name, _key(name), identity))
        except sqlite3.IntegrityError as error:
            raise _taken(name) from error
    for column in PLAIN:
        if column in values:
            db.execute(f"UPDATE presets SET {column} = ? WHERE id = ?", (values[column], identity))  # noqa: S608 - a constant
    if "use_documents" in values:
        use = values["use_documents"]
        db.execute("UPDATE presets SET use_documents = ? WHERE id = ?", (None if use is None else int(use), identity))
    if "is_default" in values:
        if values["is_default"]:
            db.execute("UPDATE presets SET is_default = 0 WHERE is_default = 1")
        db.execute("UPDATE presets SET is_default = ? WHERE id = ?", (int(values["is_default"]), identity))
    db.execute("UPDATE presets SET updated_at = ? WHERE id = ?", (_now(), identity))


def _choose(db: sqlite3.Connection, identity: str, documents: Sequence[str]) -> None:
    """Those that are gone keep the name they had here."""
    known = {document.id: document for document in _documents(db, identity)}
    rows = []
    for position, document_id in enumerate(dict.fromkeys(documents)):
        found = db.execute("SELECT sha256, filename FROM documents WHERE id = ?", (document_id,)).fetchone()
        if found is not None:
            rows.append((identity, position, document_id, found["sha256"], found["filename"]))
        elif document_id in known:
            rows.append((identity, position, document_id, known[document_id].sha256, known[document_id].filename))
        else:
            rows.append((identity, position, document_id, None, ""))
    db.execute("DELETE FROM preset_documents WHERE preset_id = ?", (identity,))
    db.executemany(
        "INSERT INTO preset_documents (preset_id, position, document_id, sha256, filename) VALUES (?, ?, ?, ?, ?)", rows
    )


def _choose_collections(db: sqlite3.Connection, identity: str, collections: Sequence[str]) -> None:
    """Those that are gone keep the name they had here."""
    known = {collection.id: collection.name for collection in _collections(db, identity)}
    db.execute("DELETE FROM preset_collections WHERE preset_id = ?", (identity,))
    db.executemany(
        "INSERT INTO preset_collections (preset_id, position, collection_id, name)"
        " VALUES (?1, ?2, ?3, coalesce((SELECT name FROM collections WHERE id = ?3), ?4))",
        [
            (identity, position, collection, known.get(collection, ""))
            for position, collection in enumerate(dict.fromkeys(collections))
        ],
    )


def _row(db: sqlite3.Connection, identity: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM presets WHERE id = ?", (identity,)).fetchone()
    if row is None:
        raise NotFound("There is no such preset. It may have been deleted.", "preset_gone")
    return row


def _documents(db: sqlite3.Connection, identity: str) -> list[PresetDocument]:
    rows = db.execute(
        """
        SELECT coalesce(d.id, p.document_id) AS id, coalesce(d.filename, p.filename) AS filename,
            coalesce(d.sha256, p.sha256) AS sha256, d.id IS NULL AS gone
        FROM preset_documents p LEFT JOIN documents d ON d.sha256 = p.sha256
        WHERE p.preset_id = ? ORDER BY p.position
        """,
        (identity,),
    ).fetchall()
    return [PresetDocument(row["id"], row["filename"], row["sha256"], bool(row["gone"])) for row in rows]


def _collections(db: sqlite3.Connection, identity: str) -> list[PresetCollection]:
    rows = db.execute(
        """
        SELECT p.collection_id AS id, coalesce(c.name, p.name) AS name, c.id IS NULL AS gone
        FROM preset_collections p LEFT JOIN collections c ON c.id = p.collection_id
        WHERE p.preset_id = ? ORDER BY p.position
        """,
        (identity,),
    ).fetchall()
    return [PresetCollection(row["id"], row["name"], bool(row["gone"])) for row in rows]


def _preset(db: sqlite3.Connection, row: sqlite3.Row) -> Preset:
    use = row["use_documents"]
    return Preset(
        id=row["id"],
        name=row["name"],
        system_prompt=row["system_prompt"],
        model=row["model"],
        temperature=row["temperature"],
        context_window=row["context_window"],
        use_documents=None if use is None else bool(use),
        documents=_documents(db, row["id"]),
        collections=_collections(db, row["id"]),
        is_default=bool(row["is_default"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _free_name(db: sqlite3.Connection, name: str) -> str:
    free, number = name, 1
    while db.execute("SELECT 1 FROM presets WHERE name_key = ?", (_key(free),)).fetchone():
        number += 1
        ending = f" {number}"
        free = name[: NAME_LENGTH - len(ending)].rstrip() + ending
    return free


def _key(name: str) -> str:
    return name.casefold()


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a preset named “{name}” already. Choose another name.", "preset_name_taken", name=name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
