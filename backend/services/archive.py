"""The file of a backup: a zip of the database, the originals and the passages, with the SHA-256 of each in a manifest.

Reading trusts nothing: what is not exactly such a file is refused before a byte of it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.errors import NewerData, RefusedBackup

FORMAT: Final = "localchat-backup"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "localchat.db"
FILES: Final = "files"
PASSAGES: Final = "passages.lance"

PIECE: Final = 1024**2
LARGEST_MANIFEST: Final = 256 * 1024**2
"""Bytes: some million entries."""

MOST_SQUEEZED: Final = 200
"""A database of text shrinks to a fifth or a tenth; what shrinks further than this is made to fill a disk."""

ORIGINAL: Final = re.compile(r"files/[0-9a-f]{64}")
PASSAGE_FILE: Final = re.compile(r"passages\.lance(?:/[A-Za-z0-9_\-][A-Za-z0-9._\-]{0,199}){1,8}")

BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""Whatever `zipfile` raises over a file that is none, or half of one."""


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """`data_version` is that of the database's schema; `localchat` the version of the program that wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    format: str
    version: int
    localchat: str = Field(max_length=100)
    data_version: int
    created_at: str = Field(max_length=100)
    documents: int = Field(ge=0)
    conversations: int = Field(ge=0)
    entries: list[Entry]

    @property
    def size(self) -> int:
        """Bytes of everything unpacked."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, slots=True)
class About:
    """What a manifest says beside its entries."""

    localchat: str
    data_version: int
    created_at: str
    documents: int
    conversations: int


def pack(file: IO[bytes], sources: Sequence[tuple[str, Path]], about: About) -> Iterator[int]:
    """Writes the archive and yields the bytes of each step. The manifest comes last, when every hash is known.

    Originals and passages are stored as they are: most are compressed already.
    """
    entries: list[Entry] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sources:
            squeeze = zipfile.ZIP_DEFLATED if name == DATABASE else zipfile.ZIP_STORED
            hashed = hashlib.sha256()
            size = 0
            with path.open("rb") as source, archive.open(_info(name, squeeze), "w", force_zip64=True) as sink:
                while piece := source.read(PIECE):
                    sink.write(piece)
                    hashed.update(piece)
                    size += len(piece)
                    yield len(piece)
            entries.append(Entry(name=name, size=size, sha256=hashed.hexdigest()))
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            localchat=about.localchat,
            data_version=about.data_version,
            created_at=about.created_at,
            documents=about.documents,
            conversations=about.conversations,
            entries=entries,
        )
        archive.writestr(_info(MANIFEST, zipfile.ZIP_DEFLATED), manifest.model_dump_json(indent=1))


class Archive:
    """A backup that is read. Raises RefusedBackup with the reason, NewerData when a newer LocalChat wrote it."""

    def __init__(self, path: Path) -> None:
        self._size, self._file = _open(path)
        try:
            self._zip = zipfile.ZipFile(self._file)
            self.manifest = self._read_manifest()
            self._check()
        except BROKEN as error:
            self._file.close()
            raise _damaged() from error
        except Exception:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The content of an entry; the last step raises when it is not what the manifest says."""
        hashed = hashlib.sha256()
        size = 0
        try:
            with self._zip.open(entry.name) as source:
                while piece := source.read(PIECE):
                    size += len(piece)
                    if size > entry.size:
                        break
                    hashed.update(piece)
                    yield piece
        except BROKEN as error:
            raise _damaged() from error
        if size != entry.size or hashed.hexdigest() != entry.sha256:
            raise RefusedBackup(f"{entry.name} in it is not what was backed up: the file is damaged or was changed.")

    def _read_manifest(self) -> Manifest:
        try:
            info = self._zip.getinfo(MANIFEST)
        except KeyError:
            raise RefusedBackup("This is a zip file, but not a backup of LocalChat.") from None
        if info.file_size > LARGEST_MANIFEST:
            raise RefusedBackup("Its manifest is far too large for a backup of LocalChat.")
        with self._zip.open(info) as source:
            text = source.read(LARGEST_MANIFEST + 1)
        try:
            said: Any = json.loads(text)
            known = isinstance(said, dict) and said.get("format") == FORMAT
            if known and isinstance(said.get("version"), int) and said["version"] > VERSION:
                raise NewerData("This backup was written by a newer LocalChat. Install that one to restore it.")
            if not known:
                raise RefusedBackup("This is a zip file, but not a backup of LocalChat.")
            return Manifest.model_validate(said)
        except (ValueError, RecursionError, ValidationError) as error:
            raise RefusedBackup("Its manifest cannot be read: the file is damaged or was changed.") from error

    def _check(self) -> None:
        """Everything that can be said without reading the contents."""
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        if len(set(names)) != len(names):
            raise RefusedBackup("It holds the same name twice, which no backup of LocalChat does.")
        for info in infos:
            _check_entry(info)
        # Entries that lie over each other can say that they are larger than the file they are in.
        if sum(info.compress_size for info in infos) > self._size:
            raise RefusedBackup("Its entries are larger than the file itself: it was made to fill a disk.")
        sizes = {info.filename: info.file_size for info in infos if info.filename != MANIFEST}
        if sizes != {entry.name: entry.size for entry in self.manifest.entries} or len(sizes) != len(
            self.manifest.entries
        ):
            raise RefusedBackup("Its contents are not those that its manifest names: it is incomplete or was changed.")
        if DATABASE not in sizes:
            raise RefusedBackup("There is no database in it.")
        for entry in self.manifest.entries:
            if entry.name.startswith(f"{FILES}/") and entry.name != f"{FILES}/{entry.sha256}":
                raise RefusedBackup(f"{entry.name} in it does not have the content that its name promises.")


def _open(path: Path) -> tuple[int, IO[bytes]]:
    try:
        # A pipe under this name would wait for ever.
        if not path.is_file():
            raise RefusedBackup(f"There is no file {path}.")
        return path.stat().st_size, path.open("rb")
    except OSError as error:
        raise RefusedBackup(f"{path} cannot be opened: {error.strerror or error}.") from error


def _info(name: str, squeeze: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = squeeze
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    return info


def _check_entry(info: zipfile.ZipInfo) -> None:
    name = info.filename
    shown = repr(name[:80])
    ours = name in (MANIFEST, DATABASE) or ORIGINAL.fullmatch(name) or PASSAGE_FILE.fullmatch(name)
    if not ours or info.orig_filename != name:
        raise RefusedBackup(f"It holds {shown}, which does not belong into a backup of LocalChat.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise RefusedBackup(f"{shown} in it is a link or something else than a file.")
    if info.flag_bits & 0x1:
        raise RefusedBackup("It is encrypted, which no backup of LocalChat is.")
    if name in (MANIFEST, DATABASE):
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedBackup(f"{shown} in it is compressed in a way that LocalChat does not use.")
        if info.file_size > PIECE and info.file_size > MOST_SQUEEZED * max(info.compress_size, 1):
            raise RefusedBackup(f"{shown} in it would grow beyond all measure: it was made to fill a disk.")
    elif info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise RefusedBackup(f"{shown} in it is compressed, which a backup of LocalChat never does with it.")


def _damaged() -> RefusedBackup:
    return RefusedBackup("It is not a whole zip file: it is damaged, cut off, or something else.")


def sync_folder(folder: Path) -> None:
    """On POSIX a rename is on the disk only when its folder is."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
