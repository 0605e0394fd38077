"""A file on disk → its blocks, by what the file holds and not only by what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from backend.errors import EmptyDocument
from backend.pipeline.readers.blocks import JOINT, Attachment, Batch, Block, Notice
from backend.pipeline.readers.formats import Format, recognise

__all__ = ["Attachment", "Batch", "Block", "Notice", "read"]


def read(path: Path, filename: str, password: str | None = None) -> Iterator[Batch]:
    """The blocks of the file at `path`, which its owner calls `filename`.

    Raises the DocumentErrors: EmptyDocument, EncryptedDocument (the password is missing or wrong), DamagedDocument,
    MislabelledDocument, ScannedDocument, UnsupportedDocument; TooLarge when it holds more text than is sensible.
    """
    found, offset = False, 0
    for batch in _reader(recognise(path, filename), path, filename, password):
        blocks = []
        for block in batch.blocks:
            blocks.append(replace(block, start=offset))
            offset += len(block.text) + len(JOINT)
        found = found or bool(blocks) or bool(batch.attachments)
        yield replace(batch, blocks=tuple(blocks))
    if not found:
        raise EmptyDocument(f"{filename} holds no text.")


def _reader(format_: Format, path: Path, filename: str, password: str | None) -> Iterator[Batch]:
    # Each reader brings its own libraries, so only the one that is needed is imported.
    if format_ is Format.PDF:
        from backend.pipeline.readers import pdf

        return pdf.read(path, filename, password)
    if format_ is Format.DOCX:
        from backend.pipeline.readers import office

        return office.read_docx(path, filename)
    from backend.pipeline.readers import text

    return text.read(path, filename, markdown=format_ is Format.MARKDOWN)
