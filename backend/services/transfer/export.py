"""Conversations out: one as a document, or all of them in one zip that is made while it is sent."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, Literal

from backend.errors import LocalChatError, NotFound
from backend.services.transfer import as_html, as_json
from backend.services.transfer.naming import file_name
from backend.services.transfer.transcript import day, transcript

if TYPE_CHECKING:
    from backend.stores.conversations import Conversation, Conversations, Summary
    from backend.stores.imports import Imports
    from backend.stores.pictures import Pictures

log = logging.getLogger(__name__)

Format = Literal["md", "json", "html", "docx", "pdf"]

TYPES: Final[dict[Format, str]] = {
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
PACKED: Final = frozenset({"docx", "pdf"})
"""Formats that are compressed already."""

WITH_PICTURES: Final = frozenset({"md", "html"})
"""Documents that hold the pictures of questions; the others name them. JSON holds everything there is."""

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
        conversation = self._conversations.get(identity)
        return Exported(file_name(conversation.title, format), TYPES[format], self._render(conversation, format))

    def all(self, format: Format) -> Iterator[bytes]:  # noqa: A002
        """A zip of every conversation, the newest first, and an index.html that links them; piece by piece.

        One that cannot be written is named in the index, and the others go on.
        """
        summaries, _ = self._conversations.listed(limit=EVERY)
        out = _Pieces()
        rows: list[str] = []
        names = _Names()
        with zipfile.ZipFile(out, "w", compresslevel=6) as archive:
            for summary in summaries:
                row = self._pack(archive, summary, format, names)
                if row:
                    rows.append(row)
                yield out.take()
            archive.writestr(_entry("index.html", packed=False), _index(rows))
        yield out.take()

    def _pack(self, archive: zipfile.ZipFile, summary: Summary, format: Format, names: _Names) -> str:  # noqa: A002
        """Writes one file and returns its row of the index; nothing for one that was deleted meanwhile."""
        name = names.free(summary.title, format)
        title, date = escape(summary.title), escape(day(summary.created_at))
        try:
            data = self._render(self._conversations.get(summary.id), format)
        except NotFound:
            return ""
        except LocalChatError:
            raise
        except Exception:
            log.exception("a conversation could not be exported as %s", format)
            return f"<li>{title}: could not be written as {format}; export it as JSON. <small>{date}</small></li>"
        archive.writestr(_entry(name, packed=format in PACKED), data)
        return f'<li><a href="{escape(name)}">{title}</a> <small>{date}</small></li>'

    def _render(self, conversation: Conversation, format: Format) -> bytes:  # noqa: A002
        if format == "json":
            return as_json.render([(conversation, self._imports.origin(conversation.id))], self._data)
        from backend.services.transfer import as_docx, as_markdown, as_pdf

        render = {"md": as_markdown.render, "html": as_html.render, "docx": as_docx.render, "pdf": as_pdf.render}[
            format
        ]
        return render(transcript(conversation, self._data if format in WITH_PICTURES else None))

    def _data(self, picture: str) -> bytes:
        return self._pictures.get(picture).data


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
