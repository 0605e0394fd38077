"""A file on disk → its blocks, by what the file holds and not only by what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from backend.errors import EmptyDocument
from backend.pipeline.readers.blocks import JOINT, Attachment, Batch, Block, Notice
from backend.pipeline.readers.formats import Format, Source, recognise, unlocked_format

__all__ = ["Attachment", "Batch", "Block", "Notice", "read"]

READERS = {
    Format.PDF: "pdf",
    Format.DOCX: "docx",
    Format.PPTX: "pptx",
    Format.WORKBOOK: "sheets",
    Format.OLD_WORKBOOK: "sheets",
    Format.ODS: "sheets",
    Format.CSV: "sheets",
    Format.ODT: "odt",
    Format.EPUB: "epub",
    Format.RTF: "rtf",
    Format.EML: "mail",
    Format.MSG: "mail",
    Format.HTML: "html",
    Format.PICTURE: "picture",
    Format.RST: "rst",
}
"""The module of this package that reads a format; the others are plain text."""


def read(path: Path, filename: str, password: str | None = None) -> Iterator[Batch]:
    """The blocks of the file at `path`, which its owner calls `filename`.

    Raises the DocumentErrors: EmptyDocument, EncryptedDocument (the password is missing or wrong), DamagedDocument,
    MislabelledDocument, ScannedDocument, UnsupportedDocument; TooLarge when it holds more text than is sensible.
    """
    found, offset = False, 0
    format_ = recognise(path, filename)
    source: Source = path
    if format_ is Format.LOCKED:
        # A library of ciphers that only such a file needs.
        from backend.pipeline.readers.locked import unlocked

        source = unlocked(path, filename, password)
        format_ = unlocked_format(source, filename)
    # Each reader brings its own libraries, so only the one that is needed is imported.
    reader: Any = import_module(f"backend.pipeline.readers.{READERS.get(format_, 'text')}")
    for batch in reader.read(source, filename, format_, password):
        blocks = []
        for block in batch.blocks:
            blocks.append(replace(block, start=offset))
            offset += len(block.text) + len(JOINT)
        found = found or bool(blocks) or bool(batch.attachments)
        yield replace(batch, blocks=tuple(blocks))
    if not found:
        raise EmptyDocument(f"{filename} holds no text.")
