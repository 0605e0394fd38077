"""Conversations out and in: one as a document, all as a zip, and the exports of other programs."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.multipart import receive_files
from backend.api.parts import parts
from backend.api.schemas import ExportQuery
from backend.api.sse import stream
from backend.errors import InvalidRequest
from backend.services.events import ImportEvent
from backend.services.transfer.imports import import_file
from backend.services.transfer.naming import disposition
from backend.stores.files import Incoming

blueprint = Blueprint("transfer", __name__)

MOST_PARTS: Final = 10


@blueprint.get("/api/conversations/<identity>/export")
@endpoint(query=ExportQuery)
def export(identity: str, query: ExportQuery) -> Response:
    """The shown branch as a download (Markdown, web page, Word, PDF), or the whole tree (JSON)."""
    exported = parts().exporter.one(identity, query.format)
    return _download(Response(exported.data, mimetype=None, content_type=exported.mimetype), exported.filename)


@blueprint.get("/api/conversations/export")
@endpoint(query=ExportQuery)
def export_all(query: ExportQuery) -> Response:
    """Every conversation in one zip, with an index; it is made while it is sent."""
    pieces = parts().exporter.all(query.format)
    return _download(Response(pieces, content_type="application/zip"), f"LocalChat conversations ({query.format}).zip")


@blueprint.post("/api/conversations/import")
@endpoint(events=ImportEvent, files=True)
def import_conversations() -> Response:
    """Imports one file (multipart): ChatGPT's export, Open WebUI's, or LocalChat's own JSON; told by its content."""
    incoming = _arrival()
    imports = parts().imports
    response = stream(lambda: import_file(incoming.path, imports))
    # A stream that nobody began to read never gets to its own end.
    response.call_on_close(incoming.discard)
    return response


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _arrival() -> Incoming:
    """The one file of this request."""
    first, *others = receive_files(MOST_PARTS)
    if others:
        for file in (first, *others):
            file.incoming.discard()
        raise InvalidRequest("Send one file, in the field `file`.")
    try:
        first.incoming.finish()
    except BaseException:
        first.incoming.discard()
        raise
    return first.incoming
