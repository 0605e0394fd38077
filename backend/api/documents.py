"""Documents: upload and follow, list, look into, fetch, retry, delete."""

from __future__ import annotations

import dataclasses
import mimetypes
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, send_file

from backend.api.endpoint import endpoint
from backend.api.multipart import receive_files
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.documents import (
    BoxQuery,
    Document,
    DocumentBoxes,
    DocumentGroup,
    DocumentIds,
    DocumentList,
    DocumentQuery,
    DocumentText,
    PassageList,
    PassageQuery,
    RetryBody,
    TextQuery,
    WordsBody,
)
from backend.api.schemas.system import PickBody
from backend.api.sse import stream
from backend.errors import Conflict
from backend.services.documents import Arrival
from backend.services.events import FileProgress, UploadEvent
from backend.services.folder_scan import scan
from backend.services.printed import Words, printed, printed_words
from backend.stores.documents import DocumentRow
from backend.stores.vectors import StoredPassage

blueprint = Blueprint("documents", __name__)

MOST_FILES = 10_000

SAFE_TYPES = frozenset({"application/pdf", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may be told that a file is. Anything that it could run is bytes."""


@blueprint.post("/api/documents/upload")
@endpoint(events=UploadEvent, files=True)
def upload() -> Response:
    """Adds files (multipart, field `files`, many) and follows them until each is ready or refused.

    With as many fields `paths`, which say where the files lie, one that was changed replaces its earlier version.
    """
    arrivals = _arrivals()
    library = parts().library
    return stream(lambda: library.follow(arrivals))


@blueprint.post("/api/documents/pick")
@endpoint(body=PickBody, events=UploadEvent)
def pick(body: PickBody) -> Response:
    """Lets the user choose files, or a folder, in the window's own dialog; then as an upload."""
    services = parts()
    if services.desktop is None:
        raise Conflict(
            "There is no window to choose files in: LocalChat was started with `serve`. Upload them.",
            "no_window",
        )
    library = services.library
    arrivals = [library.keep_path(path) for path in _files(services.desktop.pick_files(folder=body.folder))]
    return stream(lambda: library.follow(arrivals))


@blueprint.get("/api/documents")
@endpoint(query=DocumentQuery, returns=DocumentList)
def list_documents(query: DocumentQuery) -> DocumentList:
    """The newest first, unless sorted otherwise; with the numbers of all."""
    documents = parts().documents
    rows, total = documents.list(
        query.status,
        query.offset,
        query.limit,
        words=query.q,
        sort=query.sort,
        folder_id=query.folder,
        collection=query.collection,
        by_folder=query.by_folder,
    )
    groups = (
        documents.groups(query.status, words=query.q, folder_id=query.folder, collection=query.collection)
        if query.by_folder
        else []
    )
    counts = documents.counts()
    return DocumentList(
        documents=_shown(rows),
        groups=[DocumentGroup.model_validate(group) for group in groups],
        total=total,
        documents_total=counts.documents,
        passages=counts.passages,
        size=counts.size,
        disk=parts().library.disk(counts.size),
        free=shutil.disk_usage(parts().config.data).free,
        working=counts.working,
    )


@blueprint.get("/api/documents/<identity>")
@endpoint(returns=Document)
def get(identity: str) -> Document:
    """One document, with its progress while it is being read."""
    return _document(parts().documents.get(identity))


@blueprint.delete("/api/documents/<identity>")
@endpoint(returns=Ok)
def delete(identity: str) -> Ok:
    """Deletes it with its passages and its original; work on it stops."""
    parts().library.delete(identity)
    return Ok()


@blueprint.post("/api/documents/delete")
@endpoint(body=DocumentIds, returns=Ok)
def delete_many(body: DocumentIds) -> Ok:
    """Deletes them as one; those that are gone already are no error."""
    parts().library.delete_many(body.document_ids)
    return Ok()


@blueprint.post("/api/documents/put-away")
@endpoint(body=DocumentIds, returns=Ok)
def put_away(body: DocumentIds) -> Ok:
    """They are to be deleted, by `delete` or when LocalChat ends, unless they are brought back before."""
    parts().library.put_away(body.document_ids)
    return Ok()


@blueprint.post("/api/documents/bring-back")
@endpoint(body=DocumentIds, returns=Ok)
def bring_back(body: DocumentIds) -> Ok:
    """They stay."""
    parts().library.bring_back(body.document_ids)
    return Ok()


@blueprint.get("/api/documents/<identity>/file")
def file(identity: str) -> Response:
    """The original, as a download."""
    path, document = parts().library.path(identity)
    guessed = mimetypes.guess_type(document.filename)[0] or ""
    kind = guessed if guessed in SAFE_TYPES else "application/octet-stream"
    response = send_file(path, mimetype=kind, as_attachment=True, download_name=document.filename, etag=document.sha256)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.get("/api/documents/<identity>/passages")
@endpoint(query=PassageQuery, returns=PassageList)
def passages(identity: str, query: PassageQuery) -> PassageList:
    """What was read out of it, in order; or a passage and what stands round it."""
    document = parts().documents.get(identity)
    library = parts().library
    if query.around:
        found = library.around(identity, query.around, query.before, query.after)
    else:
        found = library.passages(identity, query.offset, query.limit)
    return PassageList.model_validate(
        {"passages": [_passage(passage) for passage in found], "total": document.passages}
    )


@blueprint.get("/api/documents/<identity>/text")
@endpoint(query=TextQuery, returns=DocumentText)
def text(identity: str, query: TextQuery) -> DocumentText:
    """The text as it was read."""
    found, total = parts().documents.text(identity, query.offset, query.limit)
    return DocumentText(text=found, offset=query.offset, total=total)


@blueprint.get("/api/documents/<identity>/boxes")
@endpoint(query=BoxQuery, returns=DocumentBoxes)
def boxes(identity: str, query: BoxQuery) -> DocumentBoxes:
    """Where letters of the text are printed: on which page, in which boxes."""
    found = printed(parts().documents, identity, query.offset, query.offset + query.limit)
    return DocumentBoxes.model_validate({"boxes": found})


@blueprint.post("/api/documents/<identity>/boxes")
@endpoint(body=WordsBody, returns=DocumentBoxes)
def boxes_of_words(identity: str, body: WordsBody) -> DocumentBoxes:
    """The same for the words of a source, a quote or a citation; none where the document has other words there now."""
    services = parts()
    words = Words(body.passage_id, body.text, body.start, body.end)
    found = printed_words(services.documents, services.library, identity, words)
    return DocumentBoxes.model_validate({"boxes": found})


@blueprint.post("/api/documents/<identity>/retry")
@endpoint(body=RetryBody, optional=True, returns=Document)
def retry(identity: str, body: RetryBody) -> Document:
    """Reads it once more, after a failure or to bring it up to date; with the password of one that is protected."""
    return _document(parts().library.retry(identity, body.password))


@blueprint.post("/api/documents/<identity>/cancel")
@endpoint(returns=Document)
def cancel(identity: str) -> Document:
    """Takes it off the queue, or stops the work on it; what was read of it before stays."""
    return _document(parts().library.cancel(identity))


def _document(row: DocumentRow) -> Document:
    [shown] = _shown([row])
    return shown


def _shown(rows: Sequence[DocumentRow]) -> list[Document]:
    """With the collections that they are in."""
    collections = parts().collections.of_documents(row.id for row in rows)
    progress = parts().library.progress_of(rows)
    return [_described(row, collections.get(row.id, []), progress.get(row.id)) for row in rows]


def _described(row: DocumentRow, collections: Sequence[str], progress: FileProgress | None) -> Document:
    return Document.model_validate(
        {
            "id": row.id,
            "filename": row.filename,
            "status": row.status,
            "error": _error(row),
            "passages": row.passages,
            "pages": row.pages,
            "size": row.size,
            "added_at": row.added_at,
            "collections": list(collections),
            "progress": dataclasses.asdict(progress) if progress else None,
            "searchable": row.answers,
            "notices": row.notices,
            "folder_id": row.folder_id,
            "path": row.path,
            "parent_id": row.parent_id,
        }
    )


def _error(row: DocumentRow) -> dict[str, Any] | None:
    if row.error_code is None:
        return None
    details = dataclasses.asdict(row.error_details) if row.error_details else None
    return {"code": row.error_code, "message": row.error_message, "details": details}


def _passage(passage: StoredPassage) -> dict[str, Any]:
    fields = dataclasses.asdict(passage)
    del fields["document_id"]
    return fields


def _arrivals() -> list[Arrival]:
    """The files of this request, queued."""
    library = parts().library
    files = receive_files(MOST_FILES)
    try:
        return [library.keep(file.incoming, file.filename, file.path) for file in files]
    finally:
        for file in files:
            file.incoming.discard()


def _files(chosen: list[Path]) -> list[Path]:
    """The files among what was chosen, and those in the folders among it, as people expect them."""
    found: list[Path] = []
    for path in chosen:
        if path.is_dir():
            found.extend(sorted(file.path for file in scan(str(path), str(path)).files))
        else:
            found.append(path)
    return found
