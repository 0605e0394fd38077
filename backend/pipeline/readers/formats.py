"""Which format a file has: its first bytes and its name must agree."""

from __future__ import annotations

import io
import zipfile
import zlib
from enum import Enum
from pathlib import Path, PurePath
from typing import Final

from backend.errors import (
    DamagedDocument,
    EmptyDocument,
    MislabelledDocument,
    TooLarge,
    UnsupportedDocument,
)
from backend.pipeline.readers.blocks import MAX_TEXT

Source = Path | io.BytesIO
"""What the readers of Office files open: the file, or what was in it under its password, which is never written."""


class Format(Enum):
    """What is read, with the words for it."""

    PDF = "a PDF"
    DOCX = "a Word document"
    PPTX = "a PowerPoint presentation"
    WORKBOOK = "an Excel workbook"
    OLD_WORKBOOK = "an Excel workbook (.xls)"
    ODT = "an OpenDocument text"
    ODS = "an OpenDocument spreadsheet"
    EPUB = "an EPUB book"
    RTF = "an RTF document"
    EML = "a mail message"
    MSG = "an Outlook message"
    PICTURE = "a picture"
    HTML = "a web page"
    CSV = "a table of values"
    MARKDOWN = "Markdown"
    RST = "reStructuredText"
    ORG = "an Org outline"
    JSON = "JSON"
    XML = "XML"
    CODE = "source code"
    TEXT = "plain text"
    LOCKED = "an Office file under a password"
    """Of what kind shows only when it is open, so no name stands for it."""


CODE_NAMES = """
jsonl ndjson yaml yml toml ini cfg conf properties env bib diff patch log
py pyi js mjs cjs ts tsx jsx svelte vue css scss java kt kts scala groovy c h cc cpp cxx hpp cs go rs swift rb
php pl pm lua r jl m sh bash zsh fish ps1 bat sql graphql proto dart ex exs erl hs clj lisp el vim tf
"""
NAMES: dict[Format, str] = {
    Format.PDF: "pdf",
    Format.DOCX: "docx docm dotx",
    Format.PPTX: "pptx pptm ppsx",
    Format.WORKBOOK: "xlsx xlsm xltx",
    Format.OLD_WORKBOOK: "xls",
    Format.ODT: "odt",
    Format.ODS: "ods",
    Format.EPUB: "epub",
    Format.RTF: "rtf",
    Format.EML: "eml",
    Format.MSG: "msg",
    Format.PICTURE: "png jpg jpeg tif tiff webp gif bmp",
    Format.HTML: "html htm xhtml",
    Format.CSV: "csv tsv tab",
    Format.MARKDOWN: "md markdown mdown",
    Format.RST: "rst",
    Format.ORG: "org",
    Format.JSON: "json",
    Format.XML: "xml",
    Format.CODE: CODE_NAMES,
    Format.TEXT: "txt text tex srt vtt asc",
}
SUFFIXES: dict[str, Format] = {"." + name: format_ for format_, names in NAMES.items() for name in names.split()}
BINARY = frozenset(list(Format)[: list(Format).index(Format.HTML)]) - {Format.EML}
"""Formats whose first bytes tell them: a file that is named so and begins otherwise is damaged."""

READS = (
    "PDF, Word, PowerPoint, Excel, OpenDocument, EPUB, RTF, mail, web pages, pictures, "
    "Markdown, plain text and source code"
)

# First bytes → what it is, and the suffix it should have.
MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", ".gz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", ".7z"),
    (b"Rar!", "a RAR archive", ".rar"),
    (b"BZh", "a bzip2 archive", ".bz2"),
    (b"\xfd7zXZ\x00", "an xz archive", ".xz"),
    (b"SQLite format 3\x00", "a database", ".db"),
    (b"\x7fELF", "a program", ""),
    (b"MZ\x90\x00", "a program", ".exe"),
)
PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
)
PICTURE_NAMES = {".png": "PNG", ".jpg": "JPEG", ".gif": "GIF", ".tif": "TIFF"}
# A member that only this kind of zip has.
ZIP_MEMBERS: tuple[tuple[str, Format], ...] = (
    ("word/document.xml", Format.DOCX),
    ("xl/workbook.xml", Format.WORKBOOK),
    ("xl/workbook.bin", Format.WORKBOOK),
    ("ppt/presentation.xml", Format.PPTX),
    ("META-INF/container.xml", Format.EPUB),
)
# The streams of an OLE container that tell what it is, in its directory as UTF-16.
OLE_STREAMS: tuple[tuple[str, Format], ...] = (
    ("__substg1.0_", Format.MSG),
    ("Workbook", Format.OLD_WORKBOOK),
    ("Book", Format.OLD_WORKBOOK),
)
MAX_UNPACKED: Final = 300 * 1024**2
"""Bytes of all members of one file. A hostile one packs gigabytes into a megabyte."""

MAX_RATIO: Final = 200
"""Unpacked ÷ packed. Office's own XML reaches 30; only a bomb of more than RATIO_FROM bytes is refused for it."""

RATIO_FROM: Final = 50 * 1024**2

MAX_XML: Final = MAX_TEXT
"""Bytes of the XML that is parsed into memory as a tree, some thirty times as large."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD = 4096


def recognise(path: Path, filename: str) -> Format:  # noqa: PLR0911 - a return a family of formats
    """The format of the file at `path` that its owner calls `filename`.

    Raises EmptyDocument, DamagedDocument, MislabelledDocument, UnsupportedDocument.
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
    if head.startswith(b"{\\rtf"):
        return _agree(filename, expected, Format.RTF, ".rtf")
    for magic, suffix in PICTURES:
        if head.startswith(magic):
            return _agree(filename, expected, Format.PICTURE, suffix, f"a {PICTURE_NAMES[suffix]} picture")
    if (head.startswith(b"RIFF") and head[8:12] == b"WEBP") or (head.startswith(b"BM") and expected is Format.PICTURE):
        return _agree(filename, expected, Format.PICTURE, ".webp", "a WebP picture")
    for magic, what, suffix in MAGIC:
        if head.startswith(magic):
            return _other(filename, expected, what, suffix)
    return _text(head, filename, expected)


def expected_format(filename: str) -> Format | None:
    """The format that the name promises; None for a name that promises nothing. Raises UnsupportedDocument."""
    suffix = PurePath(filename).suffix.lower()
    if suffix and suffix not in SUFFIXES:
        raise UnsupportedDocument(f"LocalChat does not read {suffix} files. It reads {READS}.")
    return SUFFIXES.get(suffix)


def _agree(filename: str, expected: Format | None, actual: Format, suffix: str, what: str = "") -> Format:
    if expected in (None, actual):
        return actual
    assert expected is not None
    raise MislabelledDocument(
        f"{filename} is named like {expected.value}, but it is {what or actual.value}. "
        f"Rename it to {PurePath(filename).stem}{suffix} and add it again."
    )


def _other(filename: str, expected: Format | None, what: str, suffix: str) -> Format:
    if expected is None:
        raise UnsupportedDocument(f"{filename} is {what}, which LocalChat does not read. It reads {READS}.")
    advice = f"Its right name ends in {suffix}; " if suffix else ""
    raise MislabelledDocument(
        f"{filename} is named like {expected.value}, but it is {what}. {advice}LocalChat reads {READS}."
    )


def unlocked_format(content: io.BytesIO, filename: str) -> Format:
    """The format of an Office file whose password was given. Raises as `recognise` does."""
    return _zip(content, filename, expected_format(filename))


def _zip(path: Source, filename: str, expected: Format | None) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            members = {info.filename for info in infos}
            kind = _open_document(archive, members)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise damaged(filename) from error
    for member, format_ in ZIP_MEMBERS if kind is None else ():
        if member in members:
            kind = format_
            break
    if kind is None:
        if expected in BINARY and "[Content_Types].xml" in members:
            raise damaged(filename)
        return _other(filename, expected, "a zip archive", ".zip")
    _agree(filename, expected, kind, "." + NAMES[kind].split()[0])
    _check_unpacked(infos, filename)
    return kind


def _open_document(archive: zipfile.ZipFile, members: set[str]) -> Format | None:
    if "content.xml" not in members:
        return None
    if "mimetype" in members and archive.getinfo("mimetype").file_size < 200:
        return Format.ODS if b"spreadsheet" in archive.read("mimetype") else Format.ODT
    return Format.ODT


def _check_unpacked(members: list[zipfile.ZipInfo], filename: str) -> None:
    unpacked = sum(member.file_size for member in members)
    xml = max((member.file_size for member in members if member.filename.endswith((".xml", ".rels"))), default=0)
    packed = sum(member.compress_size for member in members) or 1
    if unpacked > MAX_UNPACKED or xml > MAX_XML or (unpacked > RATIO_FROM and unpacked / packed > MAX_RATIO):
        raise TooLarge(
            f"{filename} unpacks to {unpacked // 1024**2} MB, more than LocalChat opens. Split it and add the parts."
        )


def _ole(path: Path, filename: str, expected: Format | None) -> Format:
    """Old Office formats, Outlook messages, and what Office packs into such a container under a password."""
    if path.stat().st_size > MAX_UNPACKED:
        raise TooLarge(f"{filename} is larger than LocalChat opens. Split it and add the parts.")
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return Format.LOCKED
    for stream, format_ in OLE_STREAMS:
        if stream.encode("utf-16-le") in content:
            return _agree(filename, expected, format_, "." + NAMES[format_])
    if expected in (Format.MSG, Format.OLD_WORKBOOK):
        raise damaged(filename)
    return _other(filename, expected, "a file of an old Office program", ".doc or .ppt")


def _text(head: bytes, filename: str, expected: Format | None) -> Format:
    if expected in BINARY:
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


def opened(source: Source) -> str | io.BytesIO:
    """As the libraries of Office formats take it, from its beginning."""
    if isinstance(source, io.BytesIO):
        source.seek(0)
        return source
    return str(source)


def damaged(filename: str) -> DamagedDocument:
    return DamagedDocument(
        f"{filename} is damaged or incomplete: nothing can be read from it. Get the file again from where it came from."
    )
