"""EPUB books: the chapters in the order of the book's spine, each read as a web page."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from backend.errors import DamagedDocument, EncryptedDocument
from backend.pipeline.readers import html
from backend.pipeline.readers.blocks import Batch, Block, HeadingPath
from backend.pipeline.readers.formats import Format, damaged

PAGES = ("application/xhtml+xml", "text/html")


def read(path: Path, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises DamagedDocument, EncryptedDocument."""
    from lxml import etree

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            locked = _locked(archive, names)
            chapters, title = _spine(archive)
            headings = HeadingPath()
            for number, chapter in enumerate(chapters, 1):
                if chapter in locked:
                    raise EncryptedDocument(
                        f"{filename} is locked by its seller (DRM), and cannot be read here.",
                        "book_locked",
                        filename=filename,
                    )
                blocks: tuple[Block, ...] = ()
                if chapter in names:
                    root = html.parse(html.decoded(archive.read(chapter)), filename)
                    blocks = tuple(html.html_blocks(root, headings))
                yield Batch(blocks, number, len(chapters), title=title)
            if not chapters:
                raise damaged(filename)
    except (EncryptedDocument, DamagedDocument):
        raise
    except (zipfile.BadZipFile, etree.XMLSyntaxError, OSError, ValueError, KeyError, EOFError, RuntimeError) as error:
        raise damaged(filename) from error


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    from lxml import etree

    return etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True, recover=True))


def _spine(archive: zipfile.ZipFile) -> tuple[list[str], str | None]:
    container = _xml(archive, "META-INF/container.xml")
    package = unquote(next(container.iter("{*}rootfile")).get("full-path") or "")
    root = _xml(archive, package)
    folder = posixpath.dirname(package)
    items = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        for item in root.iter("{*}item")
        if item.get("media-type") in PAGES and "nav" not in (item.get("properties") or "").split()
    }
    chapters = [items[item.get("idref")] for item in root.iter("{*}itemref") if item.get("idref") in items]
    title = next(
        (" ".join((item.text or "").split()) for item in root.iter("{http://purl.org/dc/elements/1.1/}title")), ""
    )
    return chapters, title or None


def _locked(archive: zipfile.ZipFile, names: set[str]) -> set[str]:
    """Members that the book's seller encrypted; fonts are scrambled in free books too."""
    if "META-INF/encryption.xml" not in names:
        return set()
    references = _xml(archive, "META-INF/encryption.xml").iter("{*}CipherReference")
    return {unquote(item.get("URI") or "") for item in references}
