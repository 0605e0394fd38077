"""Conversations in: what a file holds is told by its content, and each conversation comes whole or not at all.

Leaving in the middle keeps what is there; the same file again goes on from it, since nothing comes twice.
"""

from __future__ import annotations

import logging
import re
import time
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from backend.errors import DiskFull, InvalidRequest, LocalChatError
from backend.services.events import (
    IDLE,
    Idle,
    ImportDone,
    ImportEvent,
    Importing,
    ImportProgress,
    ImportRemark,
    ImportReport,
)
from backend.services.transfer import chatgpt, open_webui, own
from backend.services.transfer.items import Unreadable, items
from backend.services.transfer.values import UNTITLED, title

if TYPE_CHECKING:
    from backend.services.transfer.found import Found
    from backend.stores.imports import ImportedConversation, Imports

log = logging.getLogger(__name__)

MOST_UNPACKED: Final = 4 * 1024**3
"""Bytes of JSON in a zip. A real export of years of use has some hundred MB."""

MOST_MEMBERS: Final = 200_000
MOST_RATIO: Final = 200
"""JSON of words packs to a tenth or so; a thousandth is made to fill a disk or a memory."""

MOST_STRANGE: Final = 10_000
"""Items that are no conversations, after which the file is given up."""

MOST_REMARKS: Final = 500
"""That a report lists by name; the rest is counted."""

TELL_SECONDS: Final = 0.15
MOST_TOGETHER: Final = 1_000_000
"""Characters of conversations that are kept in one transaction. Their words are indexed in as much at a time."""

CHATGPTS: Final = re.compile(r"conversations(?:[-_]\d+)?\.json", re.IGNORECASE)

NO_EXPORT: Final = (
    "There is nothing in this file that LocalChat can import. It reads ChatGPT's export (the zip, or "
    "conversations.json), Open WebUI's export of chats, and what LocalChat itself exported as JSON."
)


class Format(Protocol):
    """One kind of export: tells its own, and reads it."""

    def recognises(self, item: Any) -> bool: ...

    def read(self, item: dict[str, Any]) -> Found: ...


FORMATS: Final[tuple[Format, ...]] = (chatgpt, open_webui, own)


def import_file(path: Path, imports: Imports) -> Iterator[ImportEvent | Idle]:
    """Imports what is in `path`, which is deleted at the end. The last event is the report, or why there is none.

    Raises InvalidRequest for a file that holds nothing of it, DiskFull, ReadOnlyData.
    """
    try:
        yield from _Import(path, imports).run()
    finally:
        path.unlink(missing_ok=True)


class _Import:
    def __init__(self, path: Path, imports: Imports) -> None:
        self._path = path
        self._imports = imports
        self._imported = self._known = self._skipped = self._more = self._strange = 0
        self._remarks: list[ImportRemark] = []
        self._waiting: list[ImportedConversation] = []
        self._size = 0
        self._told = 0.0

    def run(self) -> Iterator[ImportEvent | Idle]:
        total = 0
        with closing(_sources(self._path)) as sources:
            done = 0
            for name, size, file, total in sources:
                yield from self._one(name, file, done, total)
                done += size
        if not (self._imported or self._known or self._skipped):
            raise InvalidRequest(self._remarks[0].reason if self._remarks else NO_EXPORT)
        if not (self._imported or self._known) and self._strange == self._skipped:
            raise InvalidRequest(NO_EXPORT, "no_export")
        yield self._progress(total, total)
        yield ImportDone(
            ImportReport(self._imported, self._known, self._skipped, self._remarks, more_remarks=self._more)
        )

    def _one(self, name: str, file: _Counting, before: int, total: int) -> Iterator[ImportEvent | Idle]:
        try:
            for item in items(file):
                self._take(item)
                if self._strange > MOST_STRANGE:
                    raise Unreadable("holds many things that are no conversations. It was read up to there.")
                if self._size >= MOST_TOGETHER or time.monotonic() - self._told >= TELL_SECONDS:
                    # What is told as imported is kept.
                    self._keep()
                    self._told = time.monotonic()
                    yield self._progress(before + file.count, total)
                    # A comment, at which a client that has left is noticed.
                    yield IDLE
        except Unreadable as error:
            self._remark(name, f"This file {error.message}")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            log.info("a member of a zip cannot be unpacked: %s", error)
            self._remark(name, "This file is damaged within the zip. It was read up to there.")
        self._keep()

    def _take(self, item: Any) -> None:
        form = next((form for form in FORMATS if form.recognises(item)), None)
        if form is None:
            self._strange += 1
            self._skipped += 1
            self._remark(_named(item), "This is no conversation of a kind that is known here. It was left out.")
            return
        try:
            found = form.read(item)
        except LocalChatError:
            raise
        except Exception:
            # A reader has an answer to every value; should one be missing, the other conversations still come.
            log.exception("a conversation could not be read")
            self._skipped += 1
            self._remark(_named(item), "It could not be read. The log has the details.")
            return
        for remark in found.remarks:
            self._remark(found.title, remark)
        if not found.messages:
            self._skipped += 1
            if not found.remarks:
                self._remark(found.title, "There is no message in it. It was left out.")
        else:
            conversation = found.ours()
            self._waiting.append(conversation)
            self._size += sum(len(message.content) for message in conversation.messages)

    def _keep(self) -> None:
        waiting, self._waiting, self._size = self._waiting, [], 0
        if not waiting:
            return
        try:
            self._count(self._imports.add(waiting))
        except DiskFull:
            # Some of them may find their place yet.
            for one in waiting:
                self._count(self._imports.add([one]))

    def _count(self, added: list[bool]) -> None:
        self._imported += sum(added)
        self._known += len(added) - sum(added)

    def _remark(self, name: str, reason: str) -> None:
        if len(self._remarks) < MOST_REMARKS:
            self._remarks.append(ImportRemark(name, reason))
        else:
            self._more += 1

    def _progress(self, done: int, total: int) -> Importing:
        return Importing(ImportProgress(done, total, self._imported, self._known, self._skipped))


class _Counting:
    """A file whose read bytes are counted, for the progress."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        return data


def _sources(path: Path) -> Generator[tuple[str, int, _Counting, int], None, None]:
    """(name, bytes, file, bytes of all) of each JSON file: the file itself, or those in the zip that it is.

    Raises InvalidRequest for a zip that unpacks to too much or cannot be opened.
    """
    if not zipfile.is_zipfile(path):
        size = path.stat().st_size
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                raise InvalidRequest("This zip is damaged, or was cut off. Download it again.", "zip_damaged")
            file.seek(0)
            yield "The file", size, _Counting(file), size
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InvalidRequest("This zip is damaged, or was cut off. Download it again.", "zip_damaged") from error
    with archive:
        chosen = _chosen(archive.infolist())
        total = sum(member.file_size for member in chosen)
        for member in chosen:
            name = title(PurePosixPath(member.filename).name) or "A file"
            with archive.open(member) as unpacked:
                # ZipExtFile gives no byte more than the size that was checked.
                yield name, member.file_size, _Counting(unpacked), total


def _chosen(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The members that hold conversations: ChatGPT's by their name, else every JSON file."""
    if len(members) > MOST_MEMBERS:
        raise InvalidRequest(f"This zip holds more than {MOST_MEMBERS:,} files. It is no export.")
    files = [member for member in members if not member.is_dir()]
    named = [member for member in files if CHATGPTS.fullmatch(PurePosixPath(member.filename).name)]
    chosen = named or [member for member in files if member.filename.lower().endswith(".json")]
    if not chosen:
        raise InvalidRequest(NO_EXPORT, "no_export")
    if any(member.flag_bits & 1 for member in chosen):
        raise InvalidRequest("This zip is locked with a password. Unpack it and import the JSON file.", "zip_locked")
    size, packed = sum(member.file_size for member in chosen), sum(member.compress_size for member in chosen)
    if size > MOST_UNPACKED or size > max(packed, 1024**2) * MOST_RATIO:
        raise InvalidRequest("This zip unpacks to far more than an export does. It was not opened.")
    return chosen


def _named(item: Any) -> str:
    return (title(item.get("title")) if isinstance(item, dict) else "") or UNTITLED
