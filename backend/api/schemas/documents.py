"""Documents, their passages and places, and watched folders."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from backend.api.schemas.base import DocumentStatus, Id, Schema
from backend.errors import Details


class DocumentError(Schema):
    """`details`: which sentence it is, where there is more than one of its code (errors.REASONS)."""

    code: str
    message: str
    details: Details | None = None


class DocumentNotice(Schema):
    """What its owner should know about a document that was read all the same: pages that are scans, and so on."""

    code: str
    count: int
    message: str


class Document(Schema):
    """`searchable`: its passages are found, be it those of the version before the one that is being read or failed.

    `path`: where its file lies on this computer, where that is known. `parent_id`: the mail that carries it.
    """

    id: str
    filename: str
    status: DocumentStatus
    error: DocumentError | None
    passages: int
    pages: int | None
    size: int
    added_at: str
    collections: list[str] = Field(description="the ids of those it is in")
    progress: dict[str, Any] | None = None
    searchable: bool = False
    notices: list[DocumentNotice] = Field([])
    folder_id: str | None = None
    path: str | None = None
    parent_id: str | None = None


class DocumentGroup(Schema):
    """Documents of a folder, by the first of their places; null: those in no folder."""

    folder_id: str | None
    total: int


class DocumentList(Schema):
    """`total` counts the documents that match; `documents_total`, `passages`, `size` (bytes of the originals),
    `disk` (bytes of originals and passages) and `working` (not ready yet) are of all; `free`: bytes on that disk.

    `groups`: where they are asked for by folder, how many each has, in their order."""

    documents: list[Document]
    groups: list[DocumentGroup] = Field([])
    total: int
    documents_total: int
    passages: int
    size: int
    disk: int
    free: int
    working: int


class DocumentQuery(Schema):
    status: DocumentStatus | Literal["working"] | None = Field(None, description="working: on its way to be ready")
    collection: Id | None = Field(None, description="only the documents of this collection")
    q: str = Field("", max_length=300, description="words that the name holds")
    sort: Literal["added", "name", "size", "passages", "status"] = Field("added", description="added: the newest first")
    folder: Id | None = None
    by_folder: bool = Field(
        default=False, description="those of a folder together, those in none at the end; each in the order of `sort`"
    )
    offset: int = Field(0, ge=0)
    limit: int = Field(200, ge=1, le=10_000)


class DocumentIds(Schema):
    document_ids: list[Id] = Field(min_length=1, max_length=10_000)


class RetryBody(Schema):
    password: str | None = Field(None, min_length=1, max_length=1_000, description="opens the file; never kept")


class TextQuery(Schema):
    offset: int = Field(0, ge=0, description="letters")
    limit: int = Field(65_536, ge=1, le=1_048_576)


class DocumentText(Schema):
    """A part of the text as it was read, whose `offset` passages count in too; `total` letters in all."""

    text: str
    offset: int
    total: int


class BoxQuery(Schema):
    """Letters of the text as it was read, in which passages count too."""

    offset: int = Field(0, ge=0, description="letters")
    limit: int = Field(4_096, ge=1, le=65_536)


class WordsBody(Schema):
    """Words of a source: the letters from `start` to before `end` (code points) of its `text`, as the answer has it."""

    passage_id: Id
    text: str = Field(max_length=32_768)
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class DocumentBox(Schema):
    """A line, or a part of one, on a page (from 1): fractions (0 to 1) of its width from the left and of its height
    from the top, as the page is shown."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class DocumentBoxes(Schema):
    """In the order of the text. None where the format has no pages, or what was read is from before boxes were kept."""

    boxes: list[DocumentBox]


class FolderBody(Schema):
    path: str | None = Field(None, max_length=4096, description="left out: chosen in the window's dialog")


class Folder(Schema):
    """A watched folder. `state` missing: it is not there, and nothing is deleted for that.

    `files` are kept of it; `left_out` counts files of kinds that are not read, `closed` what could not be opened.
    """

    id: str
    path: str
    state: Literal["scanning", "watching", "missing"]
    files: int
    documents: int
    ready: int
    failed: int
    passages: int
    left_out: int
    closed: int
    error: DocumentError | None
    added_at: str


class FolderList(Schema):
    folders: list[Folder]


class Passage(Schema):
    id: str
    index: int
    text: str
    kind: str
    page: int | None
    heading: list[str]
    start: int
    end: int


class PassageList(Schema):
    passages: list[Passage]
    total: int


class PageQuery(Schema):
    offset: int = Field(0, ge=0)
    limit: int = Field(100, ge=1, le=1_000)


class PassageQuery(PageQuery):
    """`around`: a passage of the document; it comes with `before` and `after` its own, whatever the offset."""

    around: Id | None = None
    before: int = Field(3, ge=0, le=100)
    after: int = Field(6, ge=0, le=100)
