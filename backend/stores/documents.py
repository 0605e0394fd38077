"""The documents table: one row a file, which is also the queue of files to be read.

A document is its content: the same bytes are one row, wherever their copies lie (`places`). Where a file changes, its
row gets a next version, and the present one answers until the next is ready. A row goes when nothing holds it any
more: no person who added it, no place, no mail that carries it.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from backend.errors import Details, NotFound
from backend.stores import boxes
from backend.stores.boxes import PageBoxes
from backend.stores.database import Database

WORKING: Final = ("queued", "reading", "embedding")
PART: Final = 65_536
"""Letters of a text that are compressed together: a page of the preview unpacks little more than it shows."""

Sort = Literal["added", "name", "size", "passages", "status"]
ORDERS: Final[dict[Sort, str]] = {
    "added": "d.added_at DESC",
    "name": "d.name_key",
    "size": "d.size DESC",
    "passages": "d.passages DESC",
    # What wants a look first.
    "status": "CASE d.status WHEN 'failed' THEN 0 WHEN 'ready' THEN 2 ELSE 1 END, d.added_at DESC",
}
FIRST_PLACE: Final = "LEFT JOIN places p ON p.path = (SELECT min(path) FROM places WHERE document_id = d.id)"
ROWS: Final = f"""
    SELECT d.*, p.folder_id, p.path, (SELECT min(parent_id) FROM attachments WHERE document_id = d.id) AS parent_id
    FROM documents d {FIRST_PLACE}
"""  # noqa: S608 - texts of ours
NO_ERROR: Final = "error_code = NULL, error_message = NULL, error_details = NULL"
UNHELD: Final = """
    kept = 0 AND NOT EXISTS (SELECT 1 FROM places WHERE document_id = documents.id)
    AND NOT EXISTS (SELECT 1 FROM attachments WHERE document_id = documents.id)
"""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """size: bytes of the original. pages: None where the format has none, or while it is not known.

    `answers`: its passages are in the store. `next_sha256`: the version that is read meanwhile. `path`, `folder_id`:
    the first of its places. `parent_id`: the mail that carries it.
    `notices`: {code, count, message} each.
    """

    id: str
    sha256: str
    filename: str
    size: int
    status: str
    error_code: str | None
    error_message: str | None
    error_details: Details | None
    pages: int | None
    passages: int
    added_at: str
    next_sha256: str | None = None
    next_size: int | None = None
    answers: bool = False
    kept: bool = True
    priority: int = 1
    notices: tuple[dict[str, Any], ...] = ()
    folder_id: str | None = None
    path: str | None = None
    parent_id: str | None = None

    @property
    def newest(self) -> str:
        """The SHA-256 of the version that is, or was last, to be read."""
        return self.next_sha256 or self.sha256

    @property
    def newest_size(self) -> int:
        return self.size if self.next_size is None else self.next_size


@dataclass(frozen=True, slots=True)
class Finished:
    """What was read of the version `sha256` of a document. `attachments`: the documents that it carries."""

    id: str
    sha256: str
    pages: int | None
    passages: int
    text: str = ""
    notices: Sequence[dict[str, Any]] = ()
    attachments: Sequence[str] = ()
    boxes: Sequence[PageBoxes] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """What a change left without a holder: documents whose passages go, and versions whose originals go."""

    documents: list[str] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Group:
    """How many of the documents that match lie in a folder, by the first of their places; None: in no folder."""

    folder_id: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Of all documents; size in bytes; `working` counts those that are not ready yet and have not failed."""

    documents: int
    passages: int
    size: int
    working: int


IN_COLLECTION: Final = "SELECT document_id FROM collection_documents WHERE collection_id"


class Documents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, sha256: str, filename: str, size: int, *, kept: bool = True) -> tuple[DocumentRow, bool]:
        """The row of this content, and whether it is new: the same bytes are one document. Kept durably.

        `kept`: it stays when no place and no mail holds it.
        """
        with self._database.write(durable=True) as connection:
            identity, new = content(connection, sha256, filename, size, kept=kept, priority=1)
            return _get(connection, identity), new

    def attach(self, parent_id: str, files: Iterable[tuple[str, str, int]]) -> Sequence[str]:
        """The ids of the documents that another carries, by their (sha256, filename, size); none when that is gone."""
        with self._database.write(durable=True) as connection:
            if connection.execute("SELECT 1 FROM documents WHERE id = ?", (parent_id,)).fetchone() is None:
                return []
            identities = [
                content(connection, sha256, filename, size, kept=False, priority=0)[0]
                for sha256, filename, size in files
            ]
            connection.executemany(
                "INSERT OR IGNORE INTO attachments (parent_id, document_id) VALUES (?, ?)",
                [(parent_id, identity) for identity in identities],
            )
        return identities

    def depth(self, identity: str) -> int:
        """How many carry it, one in another: 0 of a file, 1 of what a mail carries."""
        with self._database.read() as connection:
            depth: int = connection.execute(
                "WITH RECURSIVE above (id, depth) AS (SELECT ?, 0 UNION SELECT a.parent_id, depth + 1"
                " FROM attachments a JOIN above ON a.document_id = above.id WHERE depth < 20)"
                " SELECT max(depth) FROM above",
                (identity,),
            ).fetchone()[0]
        return depth

    def get(self, identity: str) -> DocumentRow:
        """Raises NotFound."""
        row = self.find(identity)
        if row is None:
            raise NotFound("There is no such document. It may have been deleted.", "document_gone")
        return row

    def find(self, identity: str) -> DocumentRow | None:
        with self._database.read() as connection:
            row = connection.execute(f"{ROWS} WHERE d.id = ?", (identity,)).fetchone()
        return _document(row) if row is not None else None

    def list(
        self,
        status: str | None = None,
        offset: int = 0,
        limit: int = 200,
        *,
        words: str = "",
        sort: Sort = "added",
        folder_id: str | None = None,
        collection: str | None = None,
        by_folder: bool = False,
    ) -> tuple[list[DocumentRow], int]:
        """A page of those with this status ("working": any of WORKING), in this folder and this collection, whose names
        hold each of `words`, and how many there are.

        The newest first, if not sorted otherwise. `by_folder`: those of each folder together, by its id, and those in
        none at the end; `groups` counts them.
        """
        where, values = _where(status, folder_id, collection, words)
        last = len(values)
        order = f"d.first_folder IS NULL, d.first_folder, {ORDERS[sort]}" if by_folder else ORDERS[sort]
        with self._database.read() as connection:
            # The rows themselves only of the page: what is sorted and left out need not be whole.
            page = connection.execute(
                f"SELECT d.id FROM documents d WHERE {where}"  # noqa: S608 - as below
                f" ORDER BY {order}, d.id LIMIT ?{last + 1} OFFSET ?{last + 2}",
                (*values, limit, offset),
            ).fetchall()
            rows = {
                row["id"]: row
                for row in connection.execute(
                    f"{ROWS} WHERE d.id IN (SELECT value FROM json_each(?))",  # noqa: S608 - values bound
                    (json.dumps([one["id"] for one in page]),),
                )
            }
            total: int = connection.execute(
                f"SELECT count(*) FROM documents d WHERE {where}",  # noqa: S608 - conditions of ours, values bound
                values,
            ).fetchone()[0]
        return [_document(rows[one["id"]]) for one in page if one["id"] in rows], total

    def groups(
        self, status: str | None = None, *, words: str = "", folder_id: str | None = None, collection: str | None = None
    ) -> Sequence[Group]:
        """How many of those that match lie in which folder, in the order of `list` by folder."""
        where, values = _where(status, folder_id, collection, words)
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT d.first_folder, count(*) FROM documents d WHERE {where}"  # noqa: S608 - as above
                " GROUP BY d.first_folder IS NULL, d.first_folder ORDER BY d.first_folder IS NULL, d.first_folder",
                values,
            ).fetchall()
        return [Group(*row) for row in rows]

    def waiting(self, identities: Iterable[str]) -> Mapping[str, int]:
        """How many files are worked on before each of those that are queued."""
        wanted = set(identities)
        if not wanted:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, status, row_number() OVER (ORDER BY status = 'queued', priority DESC, added_at, id) - 1"
                " AS ahead FROM documents WHERE status IN ('queued', 'reading', 'embedding')"
            ).fetchall()
        return {row["id"]: row["ahead"] for row in rows if row["id"] in wanted and row["status"] == "queued"}

    def counts(self) -> Counts:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(passages), 0), coalesce(sum(size + coalesce(next_size, 0)), 0),"
                " coalesce(sum(status IN ('queued', 'reading', 'embedding')), 0) FROM documents"
            ).fetchone()
        return Counts(*row)

    def names_of_ready(self, identities: Iterable[str]) -> dict[str, str]:
        """id → filename of those that answer, be it with the version before: only they may be found."""
        wanted = list(dict.fromkeys(identities))
        marks = ", ".join("?" * len(wanted))
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT id, filename FROM documents WHERE answers = 1 AND id IN ({marks})",  # noqa: S608 - marks only
                wanted,
            ).fetchall()
        return {row["id"]: row["filename"] for row in rows}

    def originals(self) -> set[str]:
        """The SHA-256 of each version."""
        with self._database.read() as connection:
            return {
                row[0]
                for row in connection.execute(
                    "SELECT sha256 FROM documents UNION SELECT next_sha256 FROM documents WHERE next_sha256 IS NOT NULL"
                )
            }

    def unused(self, originals: Iterable[str]) -> Sequence[str]:
        """Those among them that no document has."""
        with self._database.read() as connection:
            return unused(connection, originals)

    def has_ready(self) -> bool:
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM documents WHERE answers = 1 LIMIT 1").fetchone() is not None

    def ids(self) -> set[str]:
        with self._database.read() as connection:
            return {row["id"] for row in connection.execute("SELECT id FROM documents")}

    def text(self, identity: str, offset: int, limit: int) -> tuple[str, int]:
        """Letters of the text as it was read, and how many there are in all. Raises NotFound."""
        with self._database.read() as connection:
            if connection.execute("SELECT 1 FROM documents WHERE id = ?", (identity,)).fetchone() is None:
                raise NotFound("There is no such document. It may have been deleted.", "document_gone")
            last = connection.execute(
                "SELECT part, text FROM document_texts WHERE document_id = ? ORDER BY part DESC LIMIT 1", (identity,)
            ).fetchone()
            if last is None:
                return "", 0
            rows = connection.execute(
                "SELECT text FROM document_texts WHERE document_id = ? AND part BETWEEN ? AND ? ORDER BY part",
                (identity, offset // PART, (offset + limit - 1) // PART),
            ).fetchall()
        total = last["part"] * PART + len(_unpacked(last["text"]))
        first = offset % PART
        return "".join(_unpacked(row["text"]) for row in rows)[first : first + limit], total

    def boxes(self, identity: str, start: int, end: int) -> Sequence[PageBoxes]:
        """Where the letters [start:end] of the text are printed: the pages that hold any, in the text's order.

        Nothing for formats without pages, and for what was read before boxes were kept.
        """
        with self._database.read() as connection:
            return boxes.between(connection, identity, start, end)

    def page_starts(self, stretches: Iterable[tuple[str, int, int]]) -> Sequence[Sequence[tuple[int, int]]]:
        """For each (document, start, end) of a document's text: (letters from `start` to where a page begins, page).

        The first begins at 0. Nothing for formats without pages, and for what was read before this was kept.
        """
        with self._database.read() as connection:
            return [
                [(max(first - start, 0), page) for first, page in boxes.first_letters(connection, identity, start, end)]
                for identity, start, end in stretches
            ]

    def delete(self, identity: str) -> Gone | None:
        """The document, and what goes with it; None when there was no such row."""
        gone = self.delete_many([identity])
        return gone if identity in gone.documents else None

    def delete_many(self, identities: Iterable[str]) -> Gone:
        """The documents, and what goes with them, in one commit. Those that are gone already are no error."""
        with self._database.write(durable=True) as connection:
            rows = connection.execute(
                "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))"
                " RETURNING id, sha256, coalesce(next_sha256, sha256) AS newest",
                (json.dumps(list(identities)),),
            ).fetchall()
            carried = sweep(connection)
            originals = unused(connection, [sha256 for row in rows for sha256 in (row["sha256"], row["newest"])])
        return Gone([*(row["id"] for row in rows), *carried.documents], [*originals, *carried.originals])

    # --- the queue ---

    def requeue_unfinished(self) -> int:
        """What a crash or a stop interrupted is queued again; how many there were."""
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE documents SET status = 'queued' WHERE status IN ('reading', 'embedding')"
            ).rowcount

    def next_queued(self) -> DocumentRow | None:
        """The one that waits longest, of those that a person waits for if there are any."""
        with self._database.read() as connection:
            row = connection.execute(
                f"{ROWS} WHERE d.status = 'queued' ORDER BY d.priority DESC, d.added_at, d.id LIMIT 1"
            ).fetchone()
        return _document(row) if row is not None else None

    def ahead_of(self, row: DocumentRow) -> int:
        """How many files are worked on before this one."""
        with self._database.read() as connection:
            count: int = connection.execute(
                "SELECT count(*) FROM documents WHERE status IN ('reading', 'embedding')"
                " OR (status = 'queued' AND (-priority, added_at, id) < (?, ?, ?))",
                (-row.priority, row.added_at, row.id),
            ).fetchone()[0]
        return count

    def move(self, identity: str, status: str, sha256: str | None = None) -> bool:
        """False when the row is no longer at work, or not on the version `sha256`."""
        return self._update(
            "UPDATE documents SET status = ?1 WHERE id = ?2 AND status IN ('queued', 'reading', 'embedding')"
            " AND (?3 IS NULL OR coalesce(next_sha256, sha256) = ?3)",
            (status, identity, sha256),
        )

    def queue(self, identity: str) -> bool:
        """False when the row has been deleted meanwhile. What it had goes on answering."""
        return self._update(
            f"UPDATE documents SET status = 'queued', {NO_ERROR}, priority = 1 WHERE id = ?",  # noqa: S608 - text of ours
            (identity,),
        )

    def ready(self, identity: str, pages: int | None, passages: int) -> bool:
        """False when the row has been deleted meanwhile."""
        row = self.find(identity)
        return row is not None and bool(self.finish([Finished(identity, row.newest, pages, passages)])[0])

    def current(self, finished: Iterable[tuple[str, str]]) -> set[str]:
        """The ids among these (id, sha256) that are still at work on this version."""
        with self._database.read() as connection:
            return {identity for identity, sha256 in finished if _at_work(connection, identity, sha256)}

    def finish(self, finished: Sequence[Finished]) -> tuple[set[str], Gone]:
        """What was read takes the place of what was there, in one commit. The ids for which it did, and what goes.

        The others were deleted, cancelled, or changed meanwhile.
        """
        done: set[str] = set()
        before: list[str] = []
        with self._database.write() as connection:
            for one in finished:
                row = _at_work(connection, one.id, one.sha256)
                if row is None:
                    continue
                done.add(one.id)
                before.append(row["sha256"])
                connection.execute(
                    f"UPDATE documents SET {NO_ERROR}, status = 'ready', answers = 1,"  # noqa: S608 - text of ours
                    " sha256 = coalesce(next_sha256, sha256),"
                    " size = coalesce(next_size, size), next_sha256 = NULL, next_size = NULL, pages = ?, passages = ?,"
                    " notices = ?, priority = 1 WHERE id = ?",
                    (one.pages, one.passages, json.dumps(list(one.notices), ensure_ascii=False), one.id),
                )
                _keep_text(connection, one.id, one.text)
                boxes.keep(connection, one.id, one.boxes)
                # What the version before carried.
                connection.execute(
                    "DELETE FROM attachments WHERE parent_id = ?"
                    " AND document_id NOT IN (SELECT value FROM json_each(?))",
                    (one.id, json.dumps(list(one.attachments))),
                )
            swept = sweep(connection)
            return done, Gone(swept.documents, [*unused(connection, before), *swept.originals])

    def fail(
        self, identity: str, code: str, message: str, sha256: str | None = None, details: Details | None = None
    ) -> bool:
        """False when the row has been deleted, or has changed, meanwhile. What it had goes on answering."""
        return self._update(
            "UPDATE documents SET status = 'failed', error_code = ?1, error_message = ?2, error_details = ?5"
            " WHERE id = ?3 AND (?4 IS NULL"
            " OR (coalesce(next_sha256, sha256) = ?4 AND status IN ('queued', 'reading', 'embedding')))",
            (code, message, identity, sha256, json.dumps(asdict(details), ensure_ascii=False) if details else None),
        )

    def cancel(self, identity: str, code: str, message: str) -> bool:
        """Takes it off the queue: one that answers is ready as it was. False when it is not at work.

        The new version that was given up is not read again before its file changes, or somebody retries.
        """
        return self._update(
            "UPDATE documents SET status = iif(answers AND next_sha256 IS NULL, 'ready', 'failed'),"
            " error_details = NULL, error_code = iif(answers AND next_sha256 IS NULL, NULL, ?),"
            " error_message = iif(answers AND next_sha256 IS NULL, NULL, ?)"
            " WHERE id = ? AND status IN ('queued', 'reading', 'embedding')",
            (code, message, identity),
        )

    def of_folders(self, folders: Iterable[str]) -> Sequence[str]:
        """Ids of the documents that lie in these watched folders, and of what is attached to them.

        Raises NotFound for a folder that is not there.
        """
        found: dict[str, None] = {}
        with self._database.read() as connection:
            for folder in dict.fromkeys(folders):
                if connection.execute("SELECT 1 FROM folders WHERE id = ?", (folder,)).fetchone() is None:
                    raise NotFound("There is no such folder.", "folder_gone")
                rows = connection.execute(
                    "WITH RECURSIVE inside (id) AS ("
                    " SELECT document_id FROM places WHERE folder_id = ? AND document_id IS NOT NULL"
                    " UNION SELECT a.document_id FROM attachments a JOIN inside ON a.parent_id = inside.id)"
                    " SELECT id FROM inside",
                    (folder,),
                )
                found.update(dict.fromkeys(row["id"] for row in rows))
        return tuple(found)

    def rename(self, identity: str, filename: str) -> bool:
        """False when it is called so already."""
        return self._update("UPDATE documents SET filename = ?1 WHERE id = ?2 AND filename <> ?1", (filename, identity))

    def _update(self, statement: str, values: tuple[object, ...]) -> bool:
        with self._database.write() as connection:
            return connection.execute(statement, values).rowcount > 0


def _where(
    status: str | None, folder_id: str | None, collection: str | None, words: str
) -> tuple[str, list[str | None]]:
    """Which documents match, and the values of the conditions; "working" is any of WORKING."""
    values: list[str | None] = []
    conditions = ["TRUE"]
    if status == "working":
        conditions.append("d.status IN ('queued', 'reading', 'embedding')")
    elif status is not None:
        values.append(status)
        conditions.append(f"d.status = ?{len(values)}")
    if folder_id is not None:
        values.append(folder_id)
        conditions.append(f"d.id IN (SELECT document_id FROM places WHERE folder_id = ?{len(values)})")  # noqa: S608 - a number
    if collection is not None:
        values.append(collection)
        conditions.append(f"d.id IN ({IN_COLLECTION} = ?{len(values)})")
    for word in words.casefold().split():
        values.append(word)
        conditions.append(f"instr(d.name_folded, ?{len(values)})")
    return " AND ".join(conditions), values


def content(
    connection: sqlite3.Connection, sha256: str, filename: str, size: int, *, kept: bool, priority: int
) -> tuple[str, bool]:
    """The id of the document with this content, made if there is none, and whether it was made."""
    row = connection.execute(
        "SELECT * FROM documents WHERE sha256 = ?1 OR next_sha256 = ?1 ORDER BY sha256 = ?1 DESC", (sha256,)
    ).fetchone()
    if row is not None:
        if row["sha256"] == sha256 and row["next_sha256"] is not None:
            _part(connection, row)
        connection.execute(
            "UPDATE documents SET kept = max(kept, ?), priority = max(priority, ?) WHERE id = ?",
            (kept, priority, row["id"]),
        )
        return row["id"], False
    return _insert(connection, sha256, filename, size, kept=kept, priority=priority), True


def _part(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Somebody holds the present version while the file that it came from has changed: the next is another document."""
    connection.execute(
        "UPDATE documents SET next_sha256 = NULL, next_size = NULL, status = iif(answers, 'ready', 'queued'),"  # noqa: S608 - text of ours
        f" {NO_ERROR} WHERE id = ?",
        (row["id"],),
    )
    places = connection.execute(
        "SELECT path FROM places WHERE document_id = ? AND sha256 = ?", (row["id"], row["next_sha256"])
    ).fetchall()
    if places:
        other = _insert(connection, row["next_sha256"], row["filename"], row["next_size"], kept=False, priority=0)
        connection.executemany(
            "UPDATE places SET document_id = ? WHERE path = ?", [(other, place["path"]) for place in places]
        )


def _insert(connection: sqlite3.Connection, sha256: str, filename: str, size: int, *, kept: bool, priority: int) -> str:
    identity = uuid.uuid4().hex
    connection.execute(
        "INSERT INTO documents (id, sha256, filename, size, status, added_at, kept, priority)"
        " VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)",
        (identity, sha256, filename, size, datetime.now(UTC).isoformat(timespec="microseconds"), kept, priority),
    )
    return identity


def sweep(connection: sqlite3.Connection) -> Gone:
    """Deletes the documents that nothing holds, and what they alone held."""
    gone = Gone()
    while True:
        rows = connection.execute(f"DELETE FROM documents WHERE {UNHELD} RETURNING id, sha256, next_sha256").fetchall()  # noqa: S608
        if not rows:
            return Gone(gone.documents, unused(connection, gone.originals))
        for row in rows:
            gone.documents.append(row["id"])
            gone.originals.extend(sha256 for sha256 in (row["sha256"], row["next_sha256"]) if sha256)


def unused(connection: sqlite3.Connection, originals: Iterable[str]) -> list[str]:
    return [
        sha256
        for sha256 in dict.fromkeys(originals)
        if connection.execute("SELECT 1 FROM documents WHERE sha256 = ?1 OR next_sha256 = ?1", (sha256,)).fetchone()
        is None
    ]


def _at_work(connection: sqlite3.Connection, identity: str, sha256: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM documents WHERE id = ? AND coalesce(next_sha256, sha256) = ?"
        " AND status IN ('queued', 'reading', 'embedding')",
        (identity, sha256),
    ).fetchone()
    return row


def _keep_text(connection: sqlite3.Connection, identity: str, text: str) -> None:
    connection.execute("DELETE FROM document_texts WHERE document_id = ?", (identity,))
    connection.executemany(
        "INSERT INTO document_texts (document_id, part, text) VALUES (?, ?, ?)",
        [(identity, at // PART, zlib.compress(text[at : at + PART].encode(), 1)) for at in range(0, len(text), PART)],
    )


def _unpacked(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def _get(connection: sqlite3.Connection, identity: str) -> DocumentRow:
    return _document(connection.execute(f"{ROWS} WHERE d.id = ?", (identity,)).fetchone())


def _document(row: sqlite3.Row) -> DocumentRow:
    fields = dict(row)
    del fields["name_folded"], fields["name_key"], fields["first_folder"]
    fields |= {"answers": bool(row["answers"]), "kept": bool(row["kept"]), "notices": tuple(json.loads(row["notices"]))}
    if row["error_details"] is not None:
        fields["error_details"] = Details(**json.loads(row["error_details"]))
    return DocumentRow(**fields)
