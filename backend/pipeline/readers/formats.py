"""Which format a file has: its first bytes and its name must agree."""

from __future__ import annotations

import zipfile
from enum import Enum
from pathlib import Path, PurePath

from backend.errors import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    MislabelledDocument,
    UnsupportedDocument,
)


class Format(Enum):
    """What is read, with the words for it."""

    PDF = "a PDF"
    DOCX = "a Word document"
    MARKDOWN = "Markdown"
    TEXT = "plain text"


MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown"})
TEXT_NAMES = """
txt text log csv tsv json jsonl ndjson yaml yml toml ini cfg conf properties env tex bib srt vtt asc diff patch
py pyi js mjs cjs ts tsx jsx svelte vue css scss java kt kts scala groovy c h cc cpp cxx hpp cs go rs swift rb
php pl pm lua r jl m sh bash zsh fish ps1 bat sql graphql proto dart ex exs erl hs clj lisp el vim tf
"""
TEXT_SUFFIXES = frozenset("." + name for name in TEXT_NAMES.split())
READS = "PDF, Word (.docx), Markdown, plain text and source code"

# First bytes → what it is, and the suffix it should have.
MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", ".png"),
    (b"\xff\xd8\xff", "a JPEG picture", ".jpg"),
    (b"GIF8", "a GIF picture", ".gif"),
    (b"II*\x00", "a TIFF picture", ".tif"),
    (b"MM\x00*", "a TIFF picture", ".tif"),
    (b"{\\rtf", "an RTF document", ".rtf"),
    (b"\x1f\x8b", "a gzip archive", ".gz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", ".7z"),
    (b"Rar!", "a RAR archive", ".rar"),
    (b"BZh", "a bzip2 archive", ".bz2"),
    (b"\xfd7zXZ\x00", "an xz archive", ".xz"),
    (b"SQLite format 3\x00", "a database", ".db"),
    (b"\x7fELF", "a program", ""),
    (b"MZ\x90\x00", "a program", ".exe"),
)
# A member that only this kind of zip has → what it is, and its suffix.
ZIP_MEMBERS: tuple[tuple[str, str, str], ...] = (
    ("xl/workbook.xml", "an Excel workbook", ".xlsx"),
    ("ppt/presentation.xml", "a PowerPoint presentation", ".pptx"),
    ("META-INF/container.xml", "an EPUB book", ".epub"),
    ("content.xml", "an OpenDocument file", ".odt"),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD = 4096


def recognise(path: Path, filename: str) -> Format:
    """The format of the file at `path` that its owner calls `filename`.

    Raises EmptyDocument, EncryptedDocument, DamagedDocument, MislabelledDocument, UnsupportedDocument.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\x00\t\n\r\x0b\x0c "):
        if path.stat().st_size <= HEAD:
            raise EmptyDocument(f"{filename} is empty.")
        head = b"\x00" + head
    expected = expected_format(filename)
    if head.lstrip().startswith(b"%PDF-") or (expected is Format.PDF and b"%PDF-" in head[:1024]):
        return _agree(filename, expected, Format.PDF, ".pdf")
    if head.startswith(b"PK\x03\x04"):
        return _zip(path, filename, expected)
    if head.startswith(OLE):
        return _ole(path, filename, expected)
    for magic, what, suffix in MAGIC:
        if head.startswith(magic):
            return _other(filename, expected, what, suffix)
    return _text(head, filename, expected)


def expected_format(filename: str) -> Format | None:
    """The format that the name promises; None for a name that promises nothing. Raises UnsupportedDocument."""
    suffix = PurePath(filename).suffix.lower()
    if suffix == ".pdf":
        return Format.PDF
    if suffix == ".docx":
        return Format.DOCX
    if suffix in MARKDOWN_SUFFIXES:
        return Format.MARKDOWN
    if suffix in TEXT_SUFFIXES:
        return Format.TEXT
    if suffix:
        raise UnsupportedDocument(f"LocalChat does not read {suffix} files. It reads {READS}.")
    return None


def _agree(filename: str, expected: Format | None, actual: Format, suffix: str) -> Format:
    if expected in (None, actual):
        return actual
    assert expected is not None
    raise MislabelledDocument(
        f"{filename} is named like {expected.value}, but it is {actual.value}. "
        f"Rename it to {PurePath(filename).stem}{suffix} and add it again."
    )


def _other(filename: str, expected: Format | None, what: str, suffix: str) -> Format:
    if expected is None:
        raise UnsupportedDocument(f"{filename} is {what}, which LocalChat does not read. It reads {READS}.")
    advice = f"Its right name ends in {suffix}; " if suffix else ""
    raise MislabelledDocument(
        f"{filename} is named like {expected.value}, but it is {what}. {advice}LocalChat reads {READS}."
    )


def _zip(path: Path, filename: str, expected: Format | None) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(filename) from error
    if "word/document.xml" in members:
        return _agree(filename, expected, Format.DOCX, ".docx")
    for member, what, suffix in ZIP_MEMBERS:
        if member in members:
            return _other(filename, expected, what, suffix)
    if expected is Format.DOCX and "[Content_Types].xml" in members:
        raise damaged(filename)
    return _other(filename, expected, "a zip archive", ".zip")


def _ole(path: Path, filename: str, expected: Format | None) -> Format:
    """Office encrypts by wrapping the file in an OLE container with a stream of this name."""
    content = path.read_bytes() if path.stat().st_size < 256 * 1024**2 else b""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise EncryptedDocument(
            f"{filename} is protected by a password. Open it in Word, save a copy without the password and add that."
        )
    return _other(filename, expected, "a file of an old Office program", ".doc, .xls, .ppt or .msg")


def _text(head: bytes, filename: str, expected: Format | None) -> Format:
    if expected in (Format.PDF, Format.DOCX):
        raise damaged(filename)
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff")) or looks_like_utf16(head) is not None
    if b"\x00" in head and not utf16:
        return _other(filename, expected, "a file of bytes that are no text", "")
    return expected or Format.TEXT


def looks_like_utf16(head: bytes) -> str | None:
    """The codec of UTF-16 without a mark: nearly every second byte of Western text is zero. None: it is not."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.7 * pairs and even == 0:
        return "utf-16-le"
    if even > 0.7 * pairs and odd == 0:
        return "utf-16-be"
    return None


def damaged(filename: str) -> DamagedDocument:
    return DamagedDocument(
        f"{filename} is damaged or incomplete: nothing can be read from it. Get the file again from where it came from."
    )
