"""Conversations by the words of their titles and messages: one hit each, with a snippet and how many there are.

FTS5 answers with numbers alone (see the schema): a hit's conversation is its number without the low 20 bits, so hits
are counted without reading a row. Only what is shown is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from backend.stores.conversations import SUMMARY, TAGGED, Summary, summary
from backend.stores.database import Database
from backend.stores.words import BEGIN, END, Part, match_query, parts

MOST_HITS: Final = 5_000
"""Of words in more messages than this, the newest so many: who types one letter will type another, and not wait."""

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


@dataclass(frozen=True, slots=True)
class Results:
    """`complete`: false when the words are in more than `MOST_HITS` messages, and older ones were not looked at."""

    found: list[Found]
    total: int
    complete: bool = True


class ConversationSearch:
    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, query: str, tag: str | None = None, offset: int = 0, limit: int = 200) -> Results:
        """Those whose title or one of whose messages holds all words, in any form that begins so.

        Titles that match come first, then the newest. Case and diacritics do not matter.
        """
        words = match_query(query)
        if not words:
            return Results([], 0)
        with self._database.read() as db:
            rows = db.execute(
                f"""
                WITH newest AS MATERIALIZED (
                    SELECT rowid AS number FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT ?
                ), hits AS (
                    SELECT number >> 20 AS place, max(number) AS message, count(*) AS messages, 0 AS titled
                    FROM newest GROUP BY 1
                    UNION ALL SELECT rowid >> 20, 0, 0, 1 FROM title_words WHERE title_words MATCH ?
                ), places AS (
                    SELECT place, max(message) AS message, sum(messages) AS messages, max(titled) AS titled
                    FROM hits GROUP BY 1
                )
                SELECT c.id, c.number, places.message, places.messages, count(*) OVER () AS total,
                    (SELECT count(*) FROM newest) AS seen
                FROM places CROSS JOIN conversations c ON c.number = places.place << 20
                WHERE c.put_away_at IS NULL AND {"1" if tag is None else TAGGED}
                ORDER BY places.titled DESC, c.updated_at DESC, c.id LIMIT ? OFFSET ?
                """,  # noqa: S608 - only our own text
                [words, MOST_HITS, words, *([] if tag is None else [tag]), limit, offset],
            ).fetchall()
            numbers = [row["message"] for row in rows if row["messages"]]
            titles = _titles(db, words, [row["number"] for row in rows])
            snippets = _snippets(db, words, numbers)
            known = _summaries(db, [row["id"] for row in rows])
            messages = _messages(db, numbers)
        found = []
        for row in rows:
            summary, number = known[row["id"]], row["message"]
            title = parts(titles[row["number"]]) if row["number"] in titles else [Part(summary.title, found=False)]
            match = Match(row["messages"], messages.get(number), title, parts(snippets.get(number, "")))
            found.append(_with(summary, match))
        return Results(found, rows[0]["total"], rows[0]["seen"] < MOST_HITS) if rows else Results([], 0)


def _with(known: Summary, match: Match) -> Found:
    return Found(**{field.name: getattr(known, field.name) for field in fields(known)}, match=match)


def _titles(db: sqlite3.Connection, words: str, numbers: Sequence[int]) -> dict[int, str]:
    """Marked, of those that match.

    `+rowid` makes it one walk over all hits: given each rowid, FTS5 would gather the forms of a prefix anew for each.
    """
    return dict(
        db.execute(
            "SELECT rowid, highlight(title_words, 0, ?, ?) FROM title_words "  # noqa: S608
            f"WHERE title_words MATCH ? AND +rowid IN ({_places(numbers)})",
            [BEGIN, END, words, *numbers],
        ).fetchall()
    )


def _snippets(db: sqlite3.Connection, words: str, numbers: Sequence[int]) -> dict[int, str]:
    if not numbers:
        return {}
    return dict(
        db.execute(
            "SELECT rowid, snippet(message_words, 0, ?, ?, '…', ?) FROM message_words WHERE message_words MATCH ? "  # noqa: S608
            f"AND rowid BETWEEN ? AND ? AND +rowid IN ({_places(numbers)})",
            [BEGIN, END, SNIPPET_TOKENS, words, min(numbers), max(numbers), *numbers],
        ).fetchall()
    )


def _summaries(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Summary]:
    rows = db.execute(f"SELECT {SUMMARY} FROM conversations c WHERE c.id IN ({_places(ids)})", list(ids))  # noqa: S608
    return {row["id"]: summary(row) for row in rows}


def _messages(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, str]:
    rows = db.execute(f"SELECT number, id FROM messages WHERE number IN ({_places(numbers)})", list(numbers))  # noqa: S608
    return {row["number"]: row["id"] for row in rows}


def _places(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
