"""The files of a multipart request, written to the data folder as they come in: none is ever whole in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Final, cast

from flask import request
from werkzeug.formparser import FormDataParser

from backend.api.parts import parts
from backend.errors import InvalidRequest, MalformedRequest, TooLarge, UnsupportedType
from backend.stores.files import Incoming

FIELDS: Final = ("files", "file")
MOST_PARTS: Final = 10
"""Of a form that sends one file."""


@dataclass(frozen=True)
class Received:
    """A file that arrived, under the name that its sender gave it. Whoever takes it keeps or discards `incoming`.

    `path`: where it lies on this computer, if its sender said so; it is a name for it and is never opened.
    """

    filename: str
    incoming: Incoming
    path: str | None = None


def receive_files(most: int) -> list[Received]:
    """At least one file, of the fields `files` and `file`; when something is raised nothing is left behind.

    most: parts of the form. Raises TooLarge, UnsupportedType, MalformedRequest, InvalidRequest (there is no file),
    DiskFull, ReadOnlyData. For a view, not for its stream: that cannot refuse any more.
    """
    services = parts()
    length = request.content_length
    if length is not None and length > services.config.max_upload:
        raise TooLarge(f"One upload may hold {services.config.max_upload // 1024**2} MB. Send it in several.")
    if request.mimetype != "multipart/form-data":
        raise UnsupportedType("Send files as multipart/form-data, in the field `files`.")
    arrived: list[Incoming] = []

    def receive(*_: object, **__: object) -> IO[bytes]:
        arrived.append(services.library.receive())
        return cast("IO[bytes]", _Sink(arrived[-1]))

    parser = FormDataParser(stream_factory=receive, max_form_memory_size=1024**2, max_form_parts=most, silent=False)
    files: list[Received] = []
    try:
        try:
            _, said, form = parser.parse(request.stream, request.mimetype, length, request.mimetype_params)
        except ValueError as error:
            raise MalformedRequest("The upload is not valid multipart/form-data, or was cut off.") from error
        sent = [part for field in FIELDS for part in form.getlist(field) if part.filename]
        paths: list[str | None] = [path or None for path in said.getlist("paths")]
        if paths and len(paths) != len(sent):
            raise InvalidRequest("Send as many `paths` as `files`, in their order; an empty one where there is none.")
        files = [
            Received(part.filename or "", cast("_Sink", part.stream).incoming, path)
            for part, path in zip(sent, paths or [None] * len(sent), strict=True)
        ]
        if not files:
            raise InvalidRequest("There is no file in the field `files`.")
    finally:
        taken = {id(one.incoming) for one in files}
        for one in arrived:
            if id(one) not in taken:
                one.discard()
    return files


def receive_file() -> Received:
    """The one file of a request, whole. Raises as `receive_files`, and InvalidRequest where there are several."""
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
    return first


class _Sink:
    """An arriving file as the parser wants it: written to, and rewound at the end."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming

    def write(self, data: bytes) -> int:
        return self.incoming.write(data)

    def seek(self, *_: int) -> int:
        return 0

    def close(self) -> None:
        """Whoever keeps or discards it closes it."""
