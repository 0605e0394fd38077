"""Conversations as trees of messages.

A message names its parent; a question asked again or an answer written again is a sibling. The branch that was shown
last is remembered by its leaf. An answer's row exists from the moment its question is accepted, and grows while it is
written, so that a crash keeps what was there.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from backend.errors import NotFound
from backend.stores.database import Database

Role = Literal["user", "assistant"]
Status = Literal["streaming", "done", "stopped", "interrupted", "failed"]
JSON = Any


@dataclass(frozen=True, slots=True)
class Message:
    """`sources` and `usage` are JSON as `services.events` has them; `error` is {error, message} of a failed answer."""

    id: str
    parent_id: str | None
    role: Role
    content: str
    thinking: str
    status: Status
    error: JSON
    model: str | None
    sources: JSON
    usage: JSON
    created_at: str


@dataclass(frozen=True, slots=True)
class Summary:
    id: str
    title: str
    created_at: str
    updated_at: str
    answering: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    title: str
    created_at: str
    updated_at: str
    answering: bool
    leaf_id: str | None
    preset_id: str | None
    messages: list[Message]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was kept, and the answer that will be written to it."""

    conversation_id: str
    title: str
    question_id: str
    answer_id: str


ANSWERING = "EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.status = 'streaming')"


class Conversations:
    def __init__(self, database: Database) -> None:
        self._database = database

    # --- conversations ---

    def create(self, title: str, *, named: bool = False) -> str:
        identity, now = uuid.uuid4().hex, _now()
        with self._database.write() as db:
            _insert(db, identity, title, now, named=named)
        return identity

    def search(self, query: str = "", offset: int = 0, limit: int = 200) -> tuple[list[Summary], int]:
        """The newest first, with how many there are. `query`: words that a message or the title must hold."""
        where, values = "1", list[object]()
        query = "".join(character for character in query if character.isprintable()).strip()
        words = _fts_query(query)
        if query:
            where = """(c.title LIKE ? ESCAPE '\\'"""
            values.append(f"%{_like(query)}%")
            if words:
                where += """ OR c.id IN (SELECT conversation_id FROM messages WHERE rowid IN
                    (SELECT rowid FROM message_words WHERE message_words MATCH ?))"""
                values.append(words)
            where += ")"
        with self._database.read() as db:
            total: int = db.execute(f"SELECT count(*) FROM conversations c WHERE {where}", values).fetchone()[0]  # noqa: S608 - only our own text
            rows = db.execute(
                f"SELECT c.*, {ANSWERING} AS answering FROM conversations c WHERE {where} "  # noqa: S608
                "ORDER BY c.updated_at DESC, c.id LIMIT ? OFFSET ?",
                [*values, limit, offset],
            ).fetchall()
        return [_summary(row) for row in rows], total

    def get(self, identity: str) -> Conversation:
        """Raises NotFound."""
        with self._database.read() as db:
            row = self._row(db, identity)
            messages = db.execute(
                "SELECT * FROM messages WHERE conversation_id = ? ORDER BY created_at, rowid", (identity,)
            ).fetchall()
        summary = _summary(row)
        return Conversation(
            summary.id,
            summary.title,
            summary.created_at,
            summary.updated_at,
            summary.answering,
            row["leaf_id"],
            row["preset_id"],
            [_message(message) for message in messages],
        )

    def rename(self, identity: str, title: str) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("UPDATE conversations SET title = ?, titled = 1 WHERE id = ?", (title, identity))

    def show_branch(self, identity: str, leaf_id: str) -> None:
        """Raises NotFound when the message is not of this conversation."""
        with self._database.write() as db:
            self._row(db, identity)
            _require_message(db, identity, leaf_id)
            db.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf_id, identity))

    def preset(self, identity: str) -> str | None:
        """The preset that was used last. Raises NotFound."""
        with self._database.read() as db:
            preset: str | None = self._row(db, identity)["preset_id"]
        return preset

    def use_preset(self, identity: str, preset_id: str | None) -> None:
        """For the next questions. Raises NotFound for an unknown conversation or preset."""
        with self._database.write() as db:
            self._row(db, identity)
            if preset_id and not db.execute("SELECT 1 FROM presets WHERE id = ?", (preset_id,)).fetchone():
                raise NotFound("There is no such preset. It may have been deleted.")
            db.execute("UPDATE conversations SET preset_id = ? WHERE id = ?", (preset_id, identity))

    def delete(self, identity: str) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("DELETE FROM conversations WHERE id = ?", (identity,))

    # --- messages ---

    def branch(self, identity: str, message_id: str | None) -> list[Message]:
        """The messages from the first one down to `message_id`; none for None. Raises NotFound."""
        if message_id is None:
            return []
        with self._database.read() as db:
            _require_message(db, identity, message_id)
            rows = db.execute(
                """
                WITH RECURSIVE path (id, depth) AS (
                    SELECT ?, 0
                    UNION ALL
                    SELECT m.parent_id, depth + 1 FROM messages m JOIN path ON m.id = path.id
                    WHERE m.parent_id IS NOT NULL
                )
                SELECT m.* FROM messages m JOIN path ON m.id = path.id ORDER BY path.depth DESC
                """,
                (message_id,),
            ).fetchall()
        return [_message(row) for row in rows]

    def leaf(self, identity: str) -> str | None:
        """Raises NotFound."""
        with self._database.read() as db:
            leaf: str | None = self._row(db, identity)["leaf_id"]
        return leaf

    def begin_turn(
        self,
        identity: str | None,
        parent_id: str | None,
        question: str,
        *,
        model: str,
        sources: Sequence[JSON],
        title: str = "",
        preset_id: str | None = None,
    ) -> Turn:
        """Keeps the question and the still empty answer in one transaction; for None in a new conversation, `title`d.

        The conversation remembers the preset; one that was deleted a moment ago is none.

        A question equal to one that `parent_id` already has is that question again, so writing an answer again makes
        a sibling of the answer and not a second question.
        """
        answer_id, now = uuid.uuid4().hex, _now()
        with self._database.write(durable=True) as db:
            if identity is None:
                identity = uuid.uuid4().hex
                _insert(db, identity, title, now)
            else:
                title = self._row(db, identity)["title"]
            if parent_id is not None:
                _require_message(db, identity, parent_id)
            same = db.execute(
                "SELECT id FROM messages WHERE conversation_id = ? AND parent_id IS ? AND role = 'user' "
                "AND content = ? ORDER BY created_at DESC LIMIT 1",
                (identity, parent_id, question),
            ).fetchone()
            question_id: str = same["id"] if same else uuid.uuid4().hex
            if not same:
                db.execute(
                    "INSERT INTO messages (id, conversation_id, parent_id, role, content, status, created_at) "
                    "VALUES (?, ?, ?, 'user', ?, 'done', ?)",
                    (question_id, identity, parent_id, question, now),
                )
            db.execute(
                "INSERT INTO messages (id, conversation_id, parent_id, role, content, status, model, sources, "
                "created_at) VALUES (?, ?, ?, 'assistant', '', 'streaming', ?, ?, ?)",
                (answer_id, identity, question_id, model, json.dumps(list(sources)), now),
            )
            db.execute(
                "UPDATE conversations SET leaf_id = ?, updated_at = ?,"
                " preset_id = (SELECT id FROM presets WHERE id = ?) WHERE id = ?",
                (answer_id, now, preset_id, identity),
            )
        return Turn(identity, title, question_id, answer_id)

    def keep_partial(self, message_id: str, content: str, thinking: str) -> None:
        with self._database.write() as db:
            db.execute(
                "UPDATE messages SET content = ?, thinking = ? WHERE id = ? AND status = 'streaming'",
                (content, thinking, message_id),
            )

    def keep_sources(self, message_id: str, sources: Sequence[JSON]) -> None:
        with self._database.write() as db:
            db.execute("UPDATE messages SET sources = ? WHERE id = ?", (json.dumps(list(sources)), message_id))

    def finish(
        self, message_id: str, status: Status, content: str, thinking: str, *, usage: JSON = None, error: JSON = None
    ) -> None:
        """Ends an answer. Nothing happens when its conversation was deleted meanwhile."""
        with self._database.write(durable=True) as db:
            db.execute(
                "UPDATE messages SET content = ?, thinking = ?, usage = ?, error = ?, status = ? WHERE id = ?",
                (
                    content,
                    thinking,
                    json.dumps(usage) if usage is not None else None,
                    json.dumps(error) if error is not None else None,
                    status,
                    message_id,
                ),
            )

    def message(self, message_id: str) -> Message:
        """Raises NotFound."""
        with self._database.read() as db:
            row = db.execute("SELECT * FROM messages WHERE id = ?", (message_id,)).fetchone()
        if row is None:
            raise NotFound("There is no such message. It may have been deleted.")
        return _message(row)

    def interrupt_unfinished(self) -> int:
        """Answers that were being written when the program ended are kept as interrupted; how many there were."""
        with self._database.write() as db:
            return db.execute("UPDATE messages SET status = 'interrupted' WHERE status = 'streaming'").rowcount

    @staticmethod
    def _row(db: sqlite3.Connection, identity: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute(
            f"SELECT c.*, {ANSWERING} AS answering FROM conversations c WHERE id = ?",  # noqa: S608
            (identity,),
        ).fetchone()
        if row is None:
            raise NotFound("There is no such conversation. It may have been deleted.")
        return row


def _insert(db: sqlite3.Connection, identity: str, title: str, now: str, *, named: bool = False) -> None:
    db.execute(
        "INSERT INTO conversations (id, title, titled, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (identity, title, int(named), now, now),
    )


def _require_message(db: sqlite3.Connection, conversation_id: str, message_id: str) -> None:
    found = db.execute(
        "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?", (message_id, conversation_id)
    ).fetchone()
    if found is None:
        raise NotFound("There is no such message in this conversation. It may have been deleted.")


def _summary(row: sqlite3.Row) -> Summary:
    return Summary(row["id"], row["title"], row["created_at"], row["updated_at"], bool(row["answering"]))


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        parent_id=row["parent_id"],
        role=row["role"],
        content=row["content"],
        thinking=row["thinking"],
        status=row["status"],
        error=json.loads(row["error"]) if row["error"] else None,
        model=row["model"],
        sources=json.loads(row["sources"]),
        usage=json.loads(row["usage"]) if row["usage"] else None,
        created_at=row["created_at"],
    )


def _fts_query(text: str) -> str:
    """Each word as a quoted prefix, all of them required: FTS5's own syntax never reaches it."""
    words = "".join(character if character.isalnum() else " " for character in text).split()
    return " ".join(f'"{word}"*' for word in words)


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
