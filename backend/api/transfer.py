"""Conversations out and in: one as a document, all as a zip, and the exports of other programs."""

from __future__ import annotations

from typing import IO, cast

from flask import Blueprint, Response, request
from werkzeug.formparser import FormDataParser

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import ExportQuery
from backend.api.sse import stream
from backend.errors import InvalidRequest, MalformedRequest, TooLarge, UnsupportedType
from backend.services.events import ImportEvent
from backend.services.transfer.imports import import_file
from backend.services.transfer.naming import disposition
from backend.stores.files import Incoming

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
    """The one file of this request, written to the data folder as it comes in. Here, since a stream cannot refuse."""
    services = parts()
    length = request.content_length
    if length is not None and length > services.config.max_upload:
        raise TooLarge(f"An export may have {services.config.max_upload // 1024**2} MB. Import its parts one by one.")
    if request.mimetype != "multipart/form-data":
        raise UnsupportedType("Send the export as multipart/form-data, in the field `file`.")
    received: list[Incoming] = []

    def receive(*_: object, **__: object) -> IO[bytes]:
        received.append(services.library.receive())
        return cast("IO[bytes]", _Sink(received[-1]))

    try:
        parser = FormDataParser(stream_factory=receive, max_form_memory_size=1024**2, max_form_parts=10, silent=False)
        try:
            _, _, files = parser.parse(request.stream, request.mimetype, length, request.mimetype_params)
        except ValueError as error:
            raise MalformedRequest("The upload is not valid multipart/form-data, or was cut off.") from error
        if len(received) != 1 or not any(files.getlist(name) for name in ("file", "files")):
            raise InvalidRequest("Send one file, in the field `file`.")
        received[0].finish()
    except BaseException:
        for one in received:
            one.discard()
        raise
    return received[0]


class _Sink:
    """An arriving file as the parser wants it: written to, and rewound at the end."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming

    def write(self, data: bytes) -> int:
        return self.incoming.write(data)

    def seek(self, *_: int) -> int:
        return 0

    def close(self) -> None:
        """Whoever reads or discards it closes it."""
