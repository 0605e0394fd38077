"""Conversations by the words of their titles and messages: one hit each, with a snippet and how many there are.

FTS5 answers with numbers alone (see the schema): a hit's conversation is its number without the low 20 bits, so 100,000
hits are counted without reading one row. Only what is shown is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.stores.conversations import SUMMARY, TAGGED, Summary, summary
from backend.stores.database import Database
from backend.stores.words import BEGIN, END, Part, match_query, parts

SNIPPET_TOKENS: Final = 14
"""About two lines of the sidebar."""


@dataclass(frozen=True, slots=True)
class Match:
    """`hits`: messages that hold the words. `message_id`: the newest of them; None when only the title does."""

    hits: int
    message_id: str | None
    title: list[Part]
    snippet: list[Part]


@dataclass(frozen=True, slots=True)
class Found(Summary):
    match: Match


class ConversationSearch:
    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, query: str, tag: str | None = None, offset: int = 0, limit: int = 200) -> tuple[list[Found], int]:
        """Those whose title or one of whose messages holds all words, in any form that begins so; with how many.

        Titles that match come first, then the newest. Case and diacritics do not matter.
        """
        words = match_query(query)
        if not words:
            return [], 0
        with self._database.read() as db:
            rows = db.execute(
                f"""
                WITH hits AS (
                    SELECT rowid >> 20 AS place, max(rowid) AS newest, sum((rowid & 1048575) > 0) AS messages,
                        min(rowid & 1048575) = 0 AS titled
                    FROM searched_words WHERE searched_words MATCH ? GROUP BY 1
                )
                SELECT c.id, c.number, hits.newest, hits.messages, hits.titled, count(*) OVER () AS total
                FROM hits CROSS JOIN conversations c ON c.number = hits.place << 20
                WHERE c.put_away_at IS NULL AND {"1" if tag is None else TAGGED}
                ORDER BY hits.titled DESC, c.updated_at DESC, c.id LIMIT ? OFFSET ?
                """,  # noqa: S608 - only our own text
                [words, *([] if tag is None else [tag]), limit, offset],
            ).fetchall()
            texts = _marked(db, words, [row["newest"] for row in rows] + [row["number"] for row in rows])
            known = _summaries(db, [row["id"] for row in rows])
            messages = _messages(db, [row["newest"] for row in rows if row["messages"]])
        found = [_found(row, known[row["id"]], texts, messages) for row in rows]
        return found, rows[0]["total"] if rows else 0


def _found(row: sqlite3.Row, known: Summary, texts: dict[int, str], messages: dict[int, str]) -> Found:
    title = texts.get(row["number"])
    match = Match(
        hits=row["messages"],
        message_id=messages.get(row["newest"]) if row["messages"] else None,
        title=parts(title) if title is not None else [Part(known.title, found=False)],
        snippet=parts(texts[row["newest"]]) if row["messages"] else [],
    )
    return Found(
        known.id,
        known.title,
        known.created_at,
        known.updated_at,
        known.answering,
        known.pinned,
        known.tags,
        match,
    )


def _marked(db: sqlite3.Connection, words: str, numbers: Sequence[int]) -> dict[int, str]:
    """Titles whole and snippets of messages, of those that match.

    `+rowid` makes it one walk over all hits: given each rowid, FTS5 would gather the forms of a prefix anew for each.
    """
    rows = db.execute(
        f"""
        SELECT rowid, CASE WHEN rowid & 1048575 THEN snippet(searched_words, 0, ?, ?, '…', ?)
            ELSE highlight(searched_words, 0, ?, ?) END
        FROM searched_words WHERE searched_words MATCH ? AND +rowid IN ({_places(numbers)})
        """,  # noqa: S608
        [BEGIN, END, SNIPPET_TOKENS, BEGIN, END, words, *numbers],
    )
    return {row[0]: row[1] for row in rows}


def _summaries(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Summary]:
    rows = db.execute(f"SELECT {SUMMARY} FROM conversations c WHERE c.id IN ({_places(ids)})", list(ids))  # noqa: S608
    return {row["id"]: summary(row) for row in rows}


def _messages(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, str]:
    rows = db.execute(f"SELECT number, id FROM messages WHERE number IN ({_places(numbers)})", list(numbers))  # noqa: S608
    return {row["number"]: row["id"] for row in rows}


def _places(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
