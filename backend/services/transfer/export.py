"""Conversations out: one as a document, or all of them in one zip that is made while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from backend.errors import NotFound
from backend.services.transfer import as_html
from backend.services.transfer.naming import file_name
from backend.services.transfer.rendering import Format, Source, Workers, render
from backend.services.transfer.transcript import day

if TYPE_CHECKING:
    from backend.stores.conversations import Conversation, Conversations, Summary
    from backend.stores.imports import Imports
    from backend.stores.pictures import Pictures

TYPES: Final[dict[Format, str]] = {
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
PACKED: Final = frozenset({"docx", "pdf"})
"""Formats that are compressed already."""

WITH_PICTURES: Final = frozenset({"json", "md", "html"})
"""Formats that hold the pictures of questions; the others name them."""

SLOW: Final = frozenset({"html", "docx", "pdf"})
"""Formats that take 3 to 30 ms a conversation: with many of them other processes help."""

MANY: Final = 40
"""Conversations from which on the half second until a worker is there is worth it."""

EVERY: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Exported:
    filename: str
    mimetype: str
    data: bytes


class Exporter:
    def __init__(self, conversations: Conversations, imports: Imports, pictures: Pictures) -> None:
        self._conversations = conversations
        self._imports = imports
        self._pictures = pictures

    def one(self, identity: str, format: Format) -> Exported:  # noqa: A002 - the name in the contract
        """The shown branch; as JSON the whole tree. Raises NotFound."""
        source = self._source(identity, format)
        data = render(source, format)
        return Exported(file_name(source.conversation.title, format), TYPES[format], data)

    def all(self, format: Format) -> Iterator[bytes]:  # noqa: A002
        """A zip of every conversation, the newest first, and an index.html that links them; piece by piece.

        One that cannot be written is named in the index, and the others go on.
        """
        summaries, _ = self._conversations.listed(limit=EVERY)
        out = _Pieces()
        rows: list[str] = []
        names = _Names()
        with (
            zipfile.ZipFile(out, "w", compresslevel=6) as archive,
            Workers(format, many=format in SLOW and len(summaries) >= MANY) as workers,
        ):
            for source, data in workers.rendered(self._sources(summaries, format)):
                rows.append(_pack(archive, source.conversation, format, names, data))
                yield out.take()
            archive.writestr(_entry("index.html", packed=False), _index(rows))
        yield out.take()

    def _sources(self, summaries: Sequence[Summary], format: Format) -> Iterator[Source]:  # noqa: A002
        """In their order, without those that were deleted meanwhile."""
        for summary in summaries:
            with suppress(NotFound):
                yield self._source(summary.id, format)

    def _source(self, identity: str, format: Format) -> Source:  # noqa: A002
        conversation = self._conversations.get(identity)
        pictures = None
        if format in WITH_PICTURES:
            ids = {image.id for message in conversation.messages for image in message.images}
            pictures = {one: self._pictures.get(one).data for one in ids}
        return Source(conversation, self._imports.origin(identity), pictures)


def _pack(
    archive: zipfile.ZipFile,
    conversation: Conversation,
    format: Format,  # noqa: A002
    names: _Names,
    data: bytes | None,
) -> str:
    """Writes one file and returns its row of the index."""
    title, date = escape(conversation.title), escape(day(conversation.created_at))
    if data is None:
        return f"<li>{title}: could not be written as {format}; export it as JSON. <small>{date}</small></li>"
    name = names.free(conversation.title, format)
    archive.writestr(_entry(name, packed=format in PACKED), data)
    return f'<li><a href="{escape(name)}">{title}</a> <small>{date}</small></li>'


class _Pieces:
    """What zipfile has written since it was last taken. It cannot be sought in, so sizes follow their data."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """Nor is there anything to let go of."""

    def take(self) -> bytes:
        written = bytes(self._written)
        self._written.clear()
        return written


class _Names:
    """File names within one archive: no two alike, on file systems that do not tell case apart either."""

    def __init__(self) -> None:
        self._taken = {"index.html"}

    def free(self, title: str, suffix: str) -> str:
        name, number = file_name(title, suffix), 1
        while name.casefold() in self._taken:
            number += 1
            name = file_name(f"{title[:60]} ({number})", suffix)
        self._taken.add(name.casefold())
        return name


def _entry(name: str, *, packed: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _index(rows: list[str]) -> bytes:
    body = f"<header><h1>Conversations</h1><p>{len(rows)} from LocalChat</p></header><ul>{''.join(rows)}</ul>"
    return as_html.page("Conversations", body)
