"""The pictures of questions, each kept once under its SHA-256, for as long as a question shows it.

They lie in the database and not beside it: a picture is there in the same transaction as its question, goes in the same
one (a trigger deletes what no question shows any more), and is in every backup, with no files to keep in step. The page
scales them down, so that they have some hundred kB, which SQLite reads about as fast as a file.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.errors import NotFound
from backend.stores.database import Database


@dataclass(frozen=True, slots=True)
class Picture:
    """`id` is its SHA-256; `width` and `height` in pixels, `size` in bytes."""

    id: str
    media_type: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Image:
    """A picture with its bytes."""

    picture: Picture
    data: bytes

    @classmethod
    def of(cls, data: bytes, media_type: str, width: int, height: int) -> Image:
        return cls(Picture(hashlib.sha256(data).hexdigest(), media_type, width, height, len(data)), data)


class Pictures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, identity: str) -> Image:
        """Raises NotFound."""
        with self._database.read() as db:
            row = db.execute("SELECT * FROM pictures WHERE id = ?", (identity,)).fetchone()
        if row is None:
            raise NotFound("There is no such picture. Its conversation may have been deleted.", "picture_gone")
        return Image(_picture(row), row["data"])

    def of_conversation(self, conversation_id: str, ids: Sequence[str]) -> list[Image]:
        """Those of `ids`, in their order, that a question of the conversation shows. Raises NotFound."""
        found = []
        with self._database.read() as db:
            for identity in ids:
                row = db.execute(
                    "SELECT * FROM pictures WHERE id = ? AND EXISTS (SELECT 1 FROM message_pictures s "
                    "JOIN messages m ON m.id = s.message_id WHERE s.picture_id = ? AND m.conversation_id = ?)",
                    (identity, identity, conversation_id),
                ).fetchone()
                if row is None:
                    raise NotFound(
                        "A picture of the question is not in this conversation. Add it once more.", "picture_elsewhere"
                    )
                found.append(Image(_picture(row), row["data"]))
        return found


def keep(db: sqlite3.Connection, message_id: str, images: Iterable[Image]) -> None:
    """Within the transaction that writes the message."""
    for position, image in enumerate(images):
        kept = image.picture
        db.execute(
            "INSERT INTO pictures (id, media_type, width, height, size, data) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            (kept.id, kept.media_type, kept.width, kept.height, kept.size, image.data),
        )
        db.execute("INSERT INTO message_pictures VALUES (?, ?, ?)", (message_id, position, kept.id))


def of_messages(db: sqlite3.Connection, conversation_id: str) -> dict[str, list[Picture]]:
    """The pictures of each message that has some, without their bytes, in order."""
    rows = db.execute(
        "SELECT s.message_id, p.id, p.media_type, p.width, p.height, p.size FROM messages m "
        "JOIN message_pictures s ON s.message_id = m.id JOIN pictures p ON p.id = s.picture_id "
        "WHERE m.conversation_id = ? ORDER BY s.message_id, s.position",
        (conversation_id,),
    )
    found: dict[str, list[Picture]] = {}
    for row in rows:
        found.setdefault(row["message_id"], []).append(_picture(row))
    return found


def _picture(row: sqlite3.Row) -> Picture:
    return Picture(row["id"], row["media_type"], row["width"], row["height"], row["size"])
