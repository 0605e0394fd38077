"""Conversations as trees of messages.

A message names its parent; a question asked again or an answer written again is a sibling. The branch that was shown
last is remembered by its leaf. An answer's row exists from the moment its question is accepted, and grows while it is
written, so that a crash keeps what was there.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from backend.errors import NotFound
from backend.stores import pictures
from backend.stores.database import Database
from backend.stores.pictures import Image, Picture

Role = Literal["user", "assistant"]
Status = Literal["streaming", "done", "stopped", "interrupted", "failed"]
JSON = Any


@dataclass(frozen=True, slots=True)
class Message:
    """`sources`, `proof` and `usage` are JSON as `services.events` has them; `error`: {error, message} of a failure.

    `images`: the pictures of a question.
    """

    id: str
    parent_id: str | None
    role: Role
    content: str
    thinking: str
    status: Status
    error: JSON
    model: str | None
    sources: JSON
    proof: JSON
    usage: JSON
    created_at: str
    images: list[Picture]


@dataclass(frozen=True, slots=True)
class Summary:
    id: str
    title: str
    created_at: str
    updated_at: str
    answering: bool
    pinned: bool
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Conversation(Summary):
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


SUMMARY: Final = """c.id, c.title, c.created_at, c.updated_at, c.pinned,
    c.id IN (SELECT conversation_id FROM messages WHERE status = 'streaming') AS answering,
    (SELECT json_group_array(tag) FROM (SELECT tag FROM conversation_tags t WHERE t.conversation_id = c.id
        ORDER BY tag COLLATE NOCASE)) AS tags"""
"""The columns of a `Summary`, of a conversation `c`."""

TAGGED: Final = "c.id IN (SELECT conversation_id FROM conversation_tags WHERE tag = ?)"

UNDO_TIME: Final = timedelta(minutes=5)
"""A conversation put away longer ago than this can no longer be asked for by any page."""


class Conversations:
    def __init__(self, database: Database) -> None:
        self._database = database

    # --- conversations ---

    def create(self, title: str, *, named: bool = False) -> str:
        identity, now = uuid.uuid4().hex, _now()
        with self._database.write() as db:
            _insert(db, identity, title, now, named=named)
        return identity

    def listed(self, tag: str | None = None, offset: int = 0, limit: int = 200) -> tuple[list[Summary], int]:
        """Pinned ones first, then the newest, with how many there are; `tag`: only those that carry it."""
        where, values = TAGGED if tag is not None else "1", [tag] if tag is not None else []
        with self._database.read() as db:
            total: int = db.execute(
                f"SELECT count(*) FROM conversations c WHERE c.put_away_at IS NULL AND {where}",  # noqa: S608 - only our own text
                values,
            ).fetchone()[0]
            rows = db.execute(
                f"SELECT {SUMMARY} FROM conversations c WHERE c.put_away_at IS NULL AND {where} "  # noqa: S608
                "ORDER BY c.pinned DESC, c.updated_at DESC, c.id LIMIT ? OFFSET ?",
                [*values, limit, offset],
            ).fetchall()
        return [summary(row) for row in rows], total

    def tags(self) -> list[tuple[str, int]]:
        """Every tag with the number of conversations that carry it, by name."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT tag, count(*) FROM conversation_tags t JOIN conversations c ON c.id = t.conversation_id "
                "WHERE c.put_away_at IS NULL GROUP BY tag ORDER BY tag COLLATE NOCASE"
            ).fetchall()
        return [(row[0], row[1]) for row in rows]

    def get(self, identity: str) -> Conversation:
        """Raises NotFound."""
        with self._database.read() as db:
            row = self._row(db, identity)
            messages = db.execute(
                "SELECT * FROM messages WHERE conversation_id = ? ORDER BY created_at, rowid", (identity,)
            ).fetchall()
            images = pictures.of_messages(db, identity)
        return Conversation(
            **_summary_values(row),
            leaf_id=row["leaf_id"],
            preset_id=row["preset_id"],
            messages=[_message(one, images) for one in messages],
        )

    def rename(self, identity: str, title: str) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("UPDATE conversations SET title = ?, titled = 1 WHERE id = ?", (title, identity))

    def pin(self, identity: str, pinned: bool) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("UPDATE conversations SET pinned = ? WHERE id = ?", (int(pinned), identity))

    def tag(self, identity: str, tags: Sequence[str]) -> None:
        """These tags and no others. One that is there in other letters (Lease, lease) is that tag. Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("DELETE FROM conversation_tags WHERE conversation_id = ?", (identity,))
            known = {row[0].casefold(): row[0] for row in db.execute("SELECT DISTINCT tag FROM conversation_tags")}
            wanted = {tag.casefold(): known.get(tag.casefold(), tag) for tag in reversed(tags)}
            db.executemany("INSERT INTO conversation_tags VALUES (?, ?)", [(identity, tag) for tag in wanted.values()])

    def show_branch(self, identity: str, leaf_id: str) -> None:
        """Raises NotFound when the message is not of this conversation."""
        with self._database.write() as db:
            self._row(db, identity)
            _require_message(db, identity, leaf_id)
            db.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf_id, identity))

    def put_away(self, identity: str) -> None:
        """Out of every list and search until it is deleted or brought back. Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("UPDATE conversations SET put_away_at = ? WHERE id = ?", (_now(), identity))
            # A page that was closed or killed could not ask for it.
            before = (datetime.now(UTC) - UNDO_TIME).isoformat(timespec="milliseconds")
            db.execute("DELETE FROM conversations WHERE put_away_at < ?", (before,))

    def bring_back(self, identity: str) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("UPDATE conversations SET put_away_at = NULL WHERE id = ?", (identity,))

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
                raise NotFound("There is no such preset. It may have been deleted.", "preset_gone")
            db.execute("UPDATE conversations SET preset_id = ? WHERE id = ?", (preset_id, identity))

    def delete(self, identity: str) -> None:
        """Raises NotFound."""
        with self._database.write(durable=True) as db:
            self._row(db, identity)
            db.execute("DELETE FROM conversations WHERE id = ?", (identity,))

    def delete_put_away(self) -> int:
        """At a start no page can undo any more; how many were deleted."""
        with self._database.write() as db:
            return db.execute("DELETE FROM conversations WHERE put_away_at IS NOT NULL").rowcount

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
            images = pictures.of_messages(db, identity)
        return [_message(row, images) for row in rows]

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
        images: Sequence[Image] = (),
    ) -> Turn:
        """Keeps the question and the still empty answer in one transaction; for None in a new conversation, `title`d.

        The conversation remembers the preset; one that was deleted a moment ago is none.

        A question equal to one that `parent_id` already has, pictures included, is that question again, so writing an
        answer again makes a sibling of the answer and not a second question.
        """
        answer_id, now = uuid.uuid4().hex, _now()
        with self._database.write(durable=True) as db:
            if identity is None:
                identity = uuid.uuid4().hex
                _insert(db, identity, title, now)
            else:
                title = self._row(db, identity)["title"]
                now = max(now, _newest(db, identity))
            if parent_id is not None:
                _require_message(db, identity, parent_id)
            same = _same_question(db, identity, parent_id, question, [image.picture.id for image in images])
            question_id = same or uuid.uuid4().hex
            if not same:
                db.execute(
                    "INSERT INTO messages (id, conversation_id, parent_id, role, content, status, created_at) "
                    "VALUES (?, ?, ?, 'user', ?, 'done', ?)",
                    (question_id, identity, parent_id, question, now),
                )
                pictures.keep(db, question_id, images)
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
        self,
        message_id: str,
        status: Status,
        content: str,
        thinking: str,
        *,
        usage: JSON = None,
        error: JSON = None,
        proof: JSON = None,
    ) -> None:
        """Ends an answer. Nothing happens when its conversation was deleted meanwhile."""
        with self._database.write(durable=True) as db:
            db.execute(
                "UPDATE messages SET content = ?, thinking = ?, usage = ?, error = ?, proof = ?, status = ? "
                "WHERE id = ?",
                (
                    content,
                    thinking,
                    json.dumps(usage) if usage is not None else None,
                    json.dumps(error) if error is not None else None,
                    json.dumps(proof) if proof is not None else None,
                    status,
                    message_id,
                ),
            )

    def settle(self, message_id: str, sentence: int, before: JSON, after: JSON) -> bool:
        """Puts a citation in the place of the one that was there. False, and nothing happens, where the message is gone
        or that citation is another one by now.
        """
        with self._database.write() as db:
            row = db.execute("SELECT proof FROM messages WHERE id = ?", (message_id,)).fetchone()
            proof = json.loads(row["proof"]) if row is not None and row["proof"] else {"citations": []}
            citations = proof["citations"]
            # One that was kept before a field was added has fewer of them.
            if sentence >= len(citations) or {**before, **citations[sentence]} != before:
                return False
            citations[sentence] = after
            db.execute("UPDATE messages SET proof = ? WHERE id = ?", (json.dumps(proof), message_id))
        return True

    def message(self, message_id: str) -> Message:
        """Raises NotFound."""
        with self._database.read() as db:
            row = db.execute("SELECT * FROM messages WHERE id = ?", (message_id,)).fetchone()
            if row is None:
                raise NotFound("There is no such message. It may have been deleted.", "message_gone")
            images = pictures.of_messages(db, row["conversation_id"])
        return _message(row, images)

    def interrupt_unfinished(self) -> int:
        """Answers that were being written when the program ended are kept as interrupted; how many there were."""
        with self._database.write() as db:
            return db.execute("UPDATE messages SET status = 'interrupted' WHERE status = 'streaming'").rowcount

    @staticmethod
    def _row(db: sqlite3.Connection, identity: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute(
            f"SELECT {SUMMARY}, c.leaf_id, c.preset_id FROM conversations c WHERE id = ?",  # noqa: S608
            (identity,),
        ).fetchone()
        if row is None:
            raise NotFound("There is no such conversation. It may have been deleted.", "conversation_gone")
        return row


def _newest(db: sqlite3.Connection, identity: str) -> str:
    """When the last message was written, or "". A clock that was set back must not put a new one before it."""
    newest: str | None = db.execute(
        "SELECT max(created_at) FROM messages WHERE conversation_id = ?", (identity,)
    ).fetchone()[0]
    return newest or ""


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
        raise NotFound("There is no such message in this conversation. It may have been deleted.", "message_gone")


def _same_question(
    db: sqlite3.Connection, conversation_id: str, parent_id: str | None, question: str, images: Sequence[str]
) -> str | None:
    """The newest question after `parent_id` with these words and these pictures."""
    row = db.execute(
        "SELECT id FROM messages WHERE conversation_id = ? AND parent_id IS ? AND role = 'user' AND content = ? "
        "AND (SELECT json_group_array(picture_id) FROM (SELECT picture_id FROM message_pictures "
        "WHERE message_id = messages.id ORDER BY position)) = ? ORDER BY created_at DESC LIMIT 1",
        (conversation_id, parent_id, question, json.dumps(list(images), separators=(",", ":"))),
    ).fetchone()
    return row["id"] if row else None


def summary(row: sqlite3.Row) -> Summary:
    """Of a row with the columns of `SUMMARY`."""
    return Summary(**_summary_values(row))


def _summary_values(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "answering": bool(row["answering"]),
        "pinned": bool(row["pinned"]),
        "tags": json.loads(row["tags"]),
    }


def _message(row: sqlite3.Row, images: Mapping[str, list[Picture]]) -> Message:
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
        proof=json.loads(row["proof"]) if row["proof"] else None,
        usage=json.loads(row["usage"]) if row["usage"] else None,
        created_at=row["created_at"],
        images=images.get(row["id"], []),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
