"""SQLite: where the file is, how it is opened, and how its schema came about.

Each operation has a connection to itself, which keeps threads apart; one that ended well is kept for the next, since
opening costs half a millisecond. WAL lets readers go on while one writes. `synchronous=NORMAL` under WAL survives a
killed process; it can lose the last commits of a power cut, so `durable=True` asks for FULL where a person was told
that something is kept.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend import errors

KEPT: Final = 8
"""Connections that wait for the next operation; each holds some 100 kB."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

    CREATE TABLE conversations (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        titled INTEGER NOT NULL DEFAULT 0,          -- 1: named by a person, never retitled
        leaf_id TEXT,                               -- last message of the branch shown last
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX conversations_by_time ON conversations (updated_at DESC);

    CREATE TABLE messages (
        id TEXT PRIMARY KEY,
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        parent_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
        content TEXT NOT NULL,
        thinking TEXT NOT NULL DEFAULT '',
        status TEXT NOT NULL CHECK (status IN ('streaming', 'done', 'stopped', 'interrupted', 'failed')),
        error TEXT,                                 -- JSON {error, message}
        model TEXT,
        sources TEXT NOT NULL DEFAULT '[]',         -- JSON list of Source
        usage TEXT,                                 -- JSON TurnUsage
        created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at);
    CREATE INDEX messages_by_parent ON messages (parent_id);
    CREATE INDEX messages_streaming ON messages (status) WHERE status = 'streaming';

    CREATE VIRTUAL TABLE message_words USING fts5 (
        content, content = 'messages', content_rowid = 'rowid', tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TRIGGER messages_words_insert AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
        INSERT INTO message_words (rowid, content) VALUES (new.rowid, new.content);
    END;
    -- While an answer streams its words are not indexed: each flush would rewrite them.
    CREATE TRIGGER messages_words_finish AFTER UPDATE OF status ON messages
        WHEN old.status = 'streaming' AND new.status <> 'streaming' BEGIN
        INSERT INTO message_words (rowid, content) VALUES (new.rowid, new.content);
    END;
    CREATE TRIGGER messages_words_delete AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
        INSERT INTO message_words (message_words, rowid, content) VALUES ('delete', old.rowid, old.content);
    END;

    -- The documents table is the queue: 'queued', 'reading' and 'embedding' rows are taken up again at the next start.
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE,
        filename TEXT NOT NULL,
        size INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('queued', 'reading', 'embedding', 'ready', 'failed')),
        error_code TEXT,
        error_message TEXT,
        pages INTEGER,
        passages INTEGER NOT NULL DEFAULT 0,
        added_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX documents_by_status ON documents (status, added_at);
    """,
    """
    -- Where an imported conversation comes from ('chatgpt:<its id there>'), so that it comes only once.
    ALTER TABLE conversations ADD COLUMN origin TEXT;
    CREATE UNIQUE INDEX conversations_by_origin ON conversations (origin) WHERE origin IS NOT NULL;
    """,
)


class Database:
    """Opens `localchat.db`, bringing an older one up to date.

    Raises NewerData when a newer LocalChat wrote it, ReadOnlyData when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        with self._translating():
            self._migrate()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self._translating(), self._connection() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing. Raises DiskFull, ReadOnlyData."""
        with self._translating(), self._connection() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection

    def close(self) -> None:
        """Lets the file go. Operations are still possible, each over a connection of its own."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # pop and append of a deque are atomic, so this needs no lock.
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        well = False
        try:
            yield connection
            well = True
        finally:
            if well and not self._closed and len(self._idle) < KEPT:
                self._idle.append(connection)
            else:
                connection.close()

    def _open(self) -> sqlite3.Connection:
        # One thread at a time has it, but not always the one that opened it.
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self) -> None:
        connection = self._open()
        try:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise errors.NewerData(
                    f"This data folder was written by a newer LocalChat (data version {version}, this program knows "
                    f"{len(MIGRATIONS)}). Nothing was changed. Install the newer LocalChat, or use another data folder."
                )
            connection.execute("PRAGMA journal_mode = WAL")
            for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
                connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        finally:
            connection.close()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            known = from_sqlite(error)
            if known is None:
                raise
            raise known from error


def from_sqlite(error: sqlite3.Error) -> errors.LocalChatError | None:
    """SQLite's own way of saying that the disk is full or the folder read-only."""
    text = str(error).lower()
    if "unable to open database file" in text:
        return errors.ReadOnlyData("The data folder cannot be written. Check its permissions, or use --data FOLDER.")
    if "file is not a database" in text or "malformed" in text:
        return errors.DamagedData(
            "The database in the data folder is damaged. Restore a backup, or move localchat.db away to start anew."
        )
    return errors.from_storage(error)
