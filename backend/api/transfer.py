"""Conversations out and in: one as a document, all as a zip, and the exports of other programs."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.multipart import receive_file
from backend.api.parts import parts
from backend.api.schemas.conversations import ExportQuery
from backend.api.sse import stream
from backend.services.events import ImportEvent
from backend.services.transfer.naming import disposition

blueprint = Blueprint("transfer", __name__)


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
    # What every other program writes is no part of a start.
    from backend.services.transfer.imports import import_file

    incoming = receive_file().incoming
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
