"""SQLite: where the file is, how it is opened, and how its schema came about.

Each operation has a connection to itself, which keeps threads apart; one that ended well is kept for the next, since
opening costs half a millisecond. WAL lets readers go on while one writes. `synchronous=NORMAL` under WAL survives a
killed process; it can lose the last commits of a power cut, so `durable=True` asks for FULL where a person was told
that something is kept.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend import errors
from backend.stores.words import separated

FIGURES: Final = re.compile(r"\d+")
MOST_FIGURES: Final = 20
"""Of a number in a name, where names are sorted by its value."""

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
    # Pins, tags, conversations put away until they are deleted, and the words of titles and messages. `number` ties a
    # text to its words: a rowid would not do, VACUUM may change it. A conversation has a multiple of 2^20, its messages
    # the numbers after it, so hits are counted per conversation without reading a row. `separated`: see words.py.
    """
    DROP TRIGGER messages_words_insert;
    DROP TRIGGER messages_words_finish;
    DROP TRIGGER messages_words_delete;
    DROP TABLE message_words;

    ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversations ADD COLUMN put_away_at TEXT;      -- deleted, and can be brought back for a moment
    ALTER TABLE conversations ADD COLUMN number INTEGER;
    ALTER TABLE messages ADD COLUMN number INTEGER;
    UPDATE conversations SET number = rowid << 20;
    UPDATE messages SET number = counted.number FROM (
        SELECT m.id, c.number + row_number() OVER (PARTITION BY c.id ORDER BY m.created_at, m.rowid) AS number
        FROM messages m JOIN conversations c ON c.id = m.conversation_id
    ) AS counted WHERE counted.id = messages.id;
    CREATE UNIQUE INDEX conversations_by_number ON conversations (number);
    CREATE UNIQUE INDEX messages_by_number ON messages (number);
    DROP INDEX conversations_by_time;
    CREATE INDEX conversations_as_listed ON conversations (pinned DESC, updated_at DESC, id) WHERE put_away_at IS NULL;

    CREATE TABLE conversation_tags (
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (conversation_id, tag)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX conversation_tags_by_tag ON conversation_tags (tag);

    CREATE VIEW title_text AS SELECT number, separated(title) AS title FROM conversations;
    CREATE VIRTUAL TABLE title_words USING fts5 (
        title, content = 'title_text', content_rowid = 'number', columnsize = 0, prefix = '1 2',
        tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO title_words (rowid, title) SELECT number, title FROM title_text;
    CREATE TRIGGER conversations_words_insert AFTER INSERT ON conversations BEGIN
        UPDATE conversations SET number = (SELECT coalesce(max(number), 0) + (1 << 20) FROM conversations)
            WHERE rowid = new.rowid;
        INSERT INTO title_words (rowid, title)
            SELECT number, separated(title) FROM conversations WHERE rowid = new.rowid;
    END;
    CREATE TRIGGER conversations_words_update AFTER UPDATE OF title ON conversations BEGIN
        INSERT INTO title_words (title_words, rowid, title) VALUES ('delete', old.number, separated(old.title));
        INSERT INTO title_words (rowid, title) VALUES (old.number, separated(new.title));
    END;
    CREATE TRIGGER conversations_words_delete AFTER DELETE ON conversations BEGIN
        INSERT INTO title_words (title_words, rowid, title) VALUES ('delete', old.number, separated(old.title));
    END;

    CREATE VIEW message_text AS SELECT number, separated(content) AS content, status FROM messages;
    CREATE VIRTUAL TABLE message_words USING fts5 (
        content, content = 'message_text', content_rowid = 'number', columnsize = 0, prefix = '1 2',
        tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO message_words (rowid, content) SELECT number, content FROM message_text WHERE status <> 'streaming';
    CREATE TRIGGER messages_words_insert AFTER INSERT ON messages BEGIN
        UPDATE messages SET number = (
            SELECT coalesce(max(m.number), c.number) + 1 FROM conversations c
            LEFT JOIN messages m ON m.number > c.number AND m.number < c.number + (1 << 20)
            WHERE c.id = new.conversation_id
        ) WHERE rowid = new.rowid;
        INSERT INTO message_words (rowid, content)
            SELECT number, separated(content) FROM messages WHERE rowid = new.rowid AND status <> 'streaming';
    END;
    -- While an answer streams its words are not indexed: each flush would rewrite them.
    CREATE TRIGGER messages_words_finish AFTER UPDATE OF content, status ON messages
        WHEN old.status = 'streaming' AND new.status <> 'streaming' BEGIN
        INSERT INTO message_words (rowid, content) VALUES (old.number, separated(new.content));
    END;
    CREATE TRIGGER messages_words_update AFTER UPDATE OF content, status ON messages
        WHEN old.status <> 'streaming' BEGIN
        INSERT INTO message_words (message_words, rowid, content)
            VALUES ('delete', old.number, separated(old.content));
        INSERT INTO message_words (rowid, content) SELECT old.number, separated(new.content)
            WHERE new.status <> 'streaming';
    END;
    CREATE TRIGGER messages_words_delete AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
        INSERT INTO message_words (message_words, rowid, content)
            VALUES ('delete', old.number, separated(old.content));
    END;
    """,
    # Presets: how to answer, under a name.
    """
    CREATE TABLE presets (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,              -- the name without regard to case
        system_prompt TEXT NOT NULL DEFAULT '',     -- '': the built-in one
        model TEXT,                                 -- NULL here and below: as the settings say
        temperature REAL,
        context_window INTEGER,
        use_documents INTEGER,
        is_default INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX presets_one_default ON presets (is_default) WHERE is_default = 1;

    -- No rows: all documents. A row outlives its document, so that the preset can say what is missing; by its content's
    -- hash a document that comes back is known again.
    CREATE TABLE preset_documents (
        preset_id TEXT NOT NULL REFERENCES presets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        document_id TEXT NOT NULL,
        sha256 TEXT,
        filename TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (preset_id, position)
    ) STRICT;

    ALTER TABLE conversations ADD COLUMN preset_id TEXT REFERENCES presets (id) ON DELETE SET NULL;
    CREATE INDEX conversations_by_preset ON conversations (preset_id) WHERE preset_id IS NOT NULL;
    """,
    """
    -- Where an imported conversation comes from ('chatgpt:<its id there>'), so that it comes only once.
    ALTER TABLE conversations ADD COLUMN origin TEXT;
    CREATE UNIQUE INDEX conversations_by_origin ON conversations (origin) WHERE origin IS NOT NULL;
    """,
    """
    -- JSON of Proof: quotes, and the sentences of an answer as they were held against its sources; NULL: they were not.
    ALTER TABLE messages ADD COLUMN proof TEXT;
    """,
    # Pictures of questions: one row for each that is different, gone when the last question that shows it is.
    """
    CREATE TABLE pictures (
        id TEXT PRIMARY KEY,                        -- SHA-256 of data
        media_type TEXT NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        size INTEGER NOT NULL,
        data BLOB NOT NULL                          -- last, so that the rest is read without it
    ) STRICT;

    CREATE TABLE message_pictures (
        message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        picture_id TEXT NOT NULL REFERENCES pictures (id),
        PRIMARY KEY (message_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX message_pictures_by_picture ON message_pictures (picture_id);
    CREATE TRIGGER pictures_without_message AFTER DELETE ON message_pictures BEGIN
        DELETE FROM pictures WHERE id = old.picture_id
            AND NOT EXISTS (SELECT 1 FROM message_pictures WHERE picture_id = old.picture_id);
    END;
    """,
    # Collections: documents under a name.
    """
    CREATE TABLE collections (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,              -- the name without regard to case
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE collection_documents (
        collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        PRIMARY KEY (collection_id, document_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX collection_documents_by_document ON collection_documents (document_id);

    -- Beside a preset's documents; a row outlives its collection, so that the preset can say what is missing.
    CREATE TABLE preset_collections (
        preset_id TEXT NOT NULL REFERENCES presets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        collection_id TEXT NOT NULL,
        name TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (preset_id, position)
    ) STRICT, WITHOUT ROWID;
    """,
    # Folders that are watched, and where each document's file lies.
    """
    CREATE TABLE folders (
        id TEXT PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        added_at TEXT NOT NULL
    ) STRICT;

    ALTER TABLE documents ADD COLUMN next_sha256 TEXT;          -- a new version that waits; the one above still answers
    ALTER TABLE documents ADD COLUMN next_size INTEGER;
    ALTER TABLE documents ADD COLUMN answers INTEGER NOT NULL DEFAULT 0;    -- 1: its passages are whole in the store
    ALTER TABLE documents ADD COLUMN kept INTEGER NOT NULL DEFAULT 1;       -- 1: stays when no place holds it
    ALTER TABLE documents ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;   -- a person waits for it
    ALTER TABLE documents ADD COLUMN notices TEXT NOT NULL DEFAULT '[]';    -- JSON list of {code, count, message}
    UPDATE documents SET answers = 1 WHERE status = 'ready';
    CREATE UNIQUE INDEX documents_by_next ON documents (next_sha256) WHERE next_sha256 IS NOT NULL;
    DROP INDEX documents_by_status;
    CREATE INDEX documents_by_status ON documents (status, priority DESC, added_at, id);
    CREATE INDEX documents_by_time ON documents (added_at DESC, id);

    -- A file on this computer. document_id is NULL where a person deleted the document: it stays away until it changes.
    CREATE TABLE places (
        path TEXT PRIMARY KEY,
        folder_id TEXT REFERENCES folders (id) ON DELETE CASCADE,
        document_id TEXT REFERENCES documents (id) ON DELETE SET NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,                  -- nanoseconds, as the file system says
        picked INTEGER NOT NULL DEFAULT 0,          -- 1: a person chose the file itself, not its folder
        elsewhere INTEGER NOT NULL DEFAULT 0        -- 1: on another disk than its folder
    ) STRICT;
    CREATE INDEX places_by_document ON places (document_id, path);
    CREATE INDEX places_by_folder ON places (folder_id, path);

    -- What a mail carries is a document of its own, and leaves with the mail.
    CREATE TABLE attachments (
        parent_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        PRIMARY KEY (parent_id, document_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX attachments_by_document ON attachments (document_id);

    -- The text as it was read, compressed, in parts of 65,536 letters.
    CREATE TABLE document_texts (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        part INTEGER NOT NULL,
        text BLOB NOT NULL,
        PRIMARY KEY (document_id, part)
    ) STRICT;
    """,
    """
    -- A question that is asked of every document in a collection. No reference to the collection: it can come back,
    -- and its questions with it. Those whose collection stays away go at the next start.
    CREATE TABLE questions (
        id TEXT PRIMARY KEY,
        collection_id TEXT NOT NULL,
        question TEXT NOT NULL,
        columns TEXT NOT NULL,                      -- JSON [{name, kind}]
        model TEXT,                                 -- null: the documents' own sentences, no model
        state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped')),
        error TEXT,                                 -- JSON {error, message}: why it stopped by itself
        revision INTEGER NOT NULL DEFAULT 0,        -- of its newest row
        created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX questions_of_collection ON questions (collection_id, created_at DESC);

    -- A row for each document, under the name that it had. It stays when the document goes.
    CREATE TABLE question_rows (
        question_id TEXT NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
        document_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        filename TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'covered', 'empty', 'failed')),
        found TEXT,                                 -- JSON {cells, sources}
        error TEXT,                                 -- JSON {error, message}
        seconds REAL,
        revision INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (question_id, document_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX question_rows_by_revision ON question_rows (question_id, revision);
    CREATE INDEX question_rows_waiting ON question_rows (question_id, state, position);
    """,
    # Which sentence an error of a document is; and what a list of ten thousand is filtered, sorted and counted by,
    # without a look at each of their rows.
    """
    ALTER TABLE documents ADD COLUMN error_details TEXT;                    -- JSON {reason, values}, see errors.REASONS
    ALTER TABLE documents ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';  -- the filename without regard to case
    ALTER TABLE documents ADD COLUMN name_key TEXT NOT NULL DEFAULT '';     -- and with its figures by value
    UPDATE documents SET name_folded = folded(filename), name_key = by_value(filename);
    CREATE TRIGGER documents_named AFTER INSERT ON documents BEGIN
        UPDATE documents SET name_folded = folded(new.filename), name_key = by_value(new.filename) WHERE id = new.id;
    END;
    CREATE TRIGGER documents_renamed AFTER UPDATE OF filename ON documents BEGIN
        UPDATE documents SET name_folded = folded(new.filename), name_key = by_value(new.filename) WHERE id = new.id;
    END;
    CREATE INDEX documents_by_name ON documents (name_key, id);

    ALTER TABLE documents ADD COLUMN first_folder TEXT;                     -- of the first of its places
    UPDATE documents SET first_folder =
        (SELECT folder_id FROM places WHERE document_id = documents.id ORDER BY path LIMIT 1);
    CREATE TRIGGER places_come AFTER INSERT ON places BEGIN
        UPDATE documents SET first_folder =
            (SELECT folder_id FROM places WHERE document_id = documents.id ORDER BY path LIMIT 1)
            WHERE id = new.document_id;
    END;
    CREATE TRIGGER places_change AFTER UPDATE OF path, folder_id, document_id ON places BEGIN
        UPDATE documents SET first_folder =
            (SELECT folder_id FROM places WHERE document_id = documents.id ORDER BY path LIMIT 1)
            WHERE id IN (old.document_id, new.document_id);
    END;
    CREATE TRIGGER places_go AFTER DELETE ON places BEGIN
        UPDATE documents SET first_folder =
            (SELECT folder_id FROM places WHERE document_id = documents.id ORDER BY path LIMIT 1)
            WHERE id = old.document_id;
    END;
    CREATE INDEX documents_by_folder ON documents (first_folder IS NULL, first_folder, added_at DESC, id);
    CREATE INDEX documents_counted ON documents (status, passages, size, next_size);
    """,
    """
    -- Where the words of a document are printed: what stands on a page, packed (stores/boxes.py).
    CREATE TABLE document_boxes (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        first INTEGER NOT NULL,                     -- letter of the document's text, as passages count them
        last INTEGER NOT NULL,                      -- behind the last one
        page INTEGER NOT NULL,
        boxes BLOB NOT NULL,
        PRIMARY KEY (document_id, first)
    ) STRICT;
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

    def copy_to(self, path: Path) -> None:
        """The database as it is at one moment, in a single new file. Raises DiskFull, ReadOnlyData."""
        with self._translating(), self._connection() as source:
            copy = sqlite3.connect(path)
            try:
                source.backup(copy)
            finally:
                copy.close()
        self.make_single(path)

    @staticmethod
    def make_single(path: Path) -> None:
        """A database that nobody has open, without the files of WAL beside it."""
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        finally:
            connection.close()

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
        _add_functions(connection)
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


def _add_functions(connection: sqlite3.Connection) -> None:
    """What the schema calls and SQLite does not have."""
    connection.create_function("separated", 1, separated, deterministic=True)
    # SQLite's own lower() knows ASCII only.
    connection.create_function("folded", 1, str.casefold, deterministic=True)
    connection.create_function("by_value", 1, by_value, deterministic=True)


def by_value(name: str) -> str:
    """What names are sorted by: their figures by value, so that 2.pdf comes before 10.pdf."""
    return FIGURES.sub(lambda found: found[0].lstrip("0").zfill(MOST_FIGURES), name.casefold())


def check_copy(path: Path) -> None:
    """Whether a database from elsewhere is one of ours and whole. Raises NewerData, DamagedData.

    Its tables, indexes and triggers must be, to the letter, those that LocalChat makes: a trigger that somebody added
    would run at each write.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            _add_functions(connection)
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise errors.NewerData(
                    f"It was written by a newer LocalChat (data version {version}, this program knows "
                    f"{len(MIGRATIONS)}). Install the newer LocalChat."
                )
            if version < 1 or _schema(connection) != _schema_of(version):
                raise errors.DamagedData("Its database was not made by LocalChat.")
            # It is ours to the letter, so what its triggers and views call is ours too.
            connection.execute("PRAGMA trusted_schema = ON")
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
            if not whole or connection.execute("PRAGMA foreign_key_check").fetchone():
                raise errors.DamagedData("Its database is damaged.")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise errors.DamagedData("Its database is damaged.") from error


def _schema_of(version: int) -> set[tuple[str, str, str]]:
    connection = sqlite3.connect(":memory:")
    _add_functions(connection)
    try:
        for script in MIGRATIONS[:version]:
            connection.executescript(script)
        return _schema(connection)
    finally:
        connection.close()


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """What was made, in the words it was made with; what SQLite keeps for itself has none."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'")
    return {(row[0], row[1], row[2]) for row in rows}


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
