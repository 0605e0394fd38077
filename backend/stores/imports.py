"""Conversations that come from elsewhere: each whole or not at all, and each only once."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.stores import pictures
from backend.stores.conversations import Role, Status
from backend.stores.database import Database
from backend.stores.pictures import Image

MOST_VARIABLES = 500
"""Values in one IN (…); SQLite takes some thousands."""

AUTOMERGE = 4
"""FTS5's own setting: segments of a level that are merged while words are written."""


@dataclass(frozen=True, slots=True)
class ImportedMessage:
    """`key` names it within its conversation; parents come before their children. Times are ISO 8601 in UTC."""

    key: str
    parent: str | None
    role: Role
    content: str
    created_at: str
    thinking: str = ""
    status: Status = "done"
    model: str | None = None
    error: Any = None
    sources: Sequence[Any] = field(default_factory=list)
    usage: Any = None
    proof: Any = None
    images: Sequence[Image] = ()


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """`origin` is unique among all imports. `identity`: the id it had here before, and its messages' keys were theirs;
    they are kept where nobody else has them by now."""

    origin: str
    title: str
    created_at: str
    updated_at: str
    leaf: str | None
    messages: Sequence[ImportedMessage]
    identity: str | None = None


class Imports:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, conversations: Sequence[ImportedConversation]) -> list[bool]:
        """Keeps all of them in one transaction; False for each that is already here.

        Raises DiskFull, ReadOnlyData, and then keeps nothing.
        """
        with self._database.write() as db:
            # The words of many messages at once make few segments, so that merging them at each one is for nothing
            # (measured: half of the time). The words of later messages merge them.
            db.execute("INSERT INTO message_words (message_words, rank) VALUES ('automerge', 0)")
            added = [_add(db, conversation) for conversation in conversations]
            db.execute("INSERT INTO message_words (message_words, rank) VALUES ('automerge', ?)", (AUTOMERGE,))
        return added

    def origin(self, identity: str) -> str | None:
        """Where a conversation was imported from; None for one that began here, or is not there."""
        with self._database.read() as db:
            row = db.execute("SELECT origin FROM conversations WHERE id = ?", (identity,)).fetchone()
        return row["origin"] if row else None


def _add(db: sqlite3.Connection, conversation: ImportedConversation) -> bool:
    if _is_here(db, conversation):
        return False
    ids = _ids(db, conversation)
    identity = conversation.identity or uuid.uuid4().hex
    leaf = ids[conversation.leaf] if conversation.leaf is not None else None
    db.execute(
        "INSERT INTO conversations (id, title, titled, leaf_id, created_at, updated_at, origin) "
        "VALUES (?, ?, 1, ?, ?, ?, ?)",
        (identity, conversation.title, leaf, conversation.created_at, conversation.updated_at, conversation.origin),
    )
    db.executemany(
        "INSERT INTO messages (id, conversation_id, parent_id, role, content, thinking, status, error, model, "
        "sources, usage, proof, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(message, identity, ids) for message in conversation.messages],
    )
    for message in conversation.messages:
        pictures.keep(db, ids[message.key], message.images)
    return True


def _is_here(db: sqlite3.Connection, conversation: ImportedConversation) -> bool:
    found = db.execute(
        "SELECT 1 FROM conversations WHERE origin = ? UNION ALL SELECT 1 FROM conversations WHERE id = ?",
        (conversation.origin, conversation.identity),
    ).fetchone()
    return found is not None


def _ids(db: sqlite3.Connection, conversation: ImportedConversation) -> dict[str, str]:
    """The id of each message by its key."""
    keys = [message.key for message in conversation.messages]
    if conversation.identity is not None and not _any_taken(db, keys):
        return {key: key for key in keys}
    return {key: uuid.uuid4().hex for key in keys}


def _any_taken(db: sqlite3.Connection, ids: Sequence[str]) -> bool:
    for start in range(0, len(ids), MOST_VARIABLES):
        some = ids[start : start + MOST_VARIABLES]
        marks = ",".join("?" * len(some))
        if db.execute(f"SELECT 1 FROM messages WHERE id IN ({marks}) LIMIT 1", some).fetchone():  # noqa: S608 - marks only
            return True
    return False


def _row(message: ImportedMessage, identity: str, ids: dict[str, str]) -> tuple[object, ...]:
    return (
        ids[message.key],
        identity,
        ids[message.parent] if message.parent is not None else None,
        message.role,
        message.content,
        message.thinking,
        message.status,
        json.dumps(message.error) if message.error is not None else None,
        message.model,
        json.dumps(list(message.sources)),
        json.dumps(message.usage) if message.usage is not None else None,
        json.dumps(message.proof) if message.proof is not None else None,
        message.created_at,
    )
