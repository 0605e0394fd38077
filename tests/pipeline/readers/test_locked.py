"""Office files under a password, locked here: refused as a PDF is, opened by their password, never written down."""

from __future__ import annotations

import io
import shutil
import struct
from hashlib import md5
from pathlib import Path

import docx
import olefile
import pptx
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from msoffcrypto.format.ooxml import OOXMLFile

from backend.errors import DamagedDocument, EncryptedDocument, LocalChatError, MislabelledDocument
from backend.pipeline.readers.locked import OFFICE_S_OWN
from backend.services.child import command, environment
from backend.services.reading import Reader
from tests.pipeline.readers.reading import blocks, refusal, written

PASSWORD = "Öl & Wasser 7"


def letter() -> bytes:
    document = docx.Document()
    document.add_heading("The lease", 1)
    document.add_paragraph("The rent is due on the third of each month.")
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def slides() -> bytes:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Harbour fees"
    slide.placeholders[1].text = "They rise in spring."
    data = io.BytesIO()
    presentation.save(data)
    return data.getvalue()


def locked(plain: bytes, password: str = PASSWORD) -> bytes:
    """As Office of today does it: AES, its key made from the password in 100,000 rounds."""
    data = io.BytesIO()
    OOXMLFile(io.BytesIO(plain)).encrypt(password, data)
    return data.getvalue()


def locked_workbook(path: Path, password: str) -> None:
    """Locks an .xls in its place with RC4, as [MS-XLS] 2.2.10 and [MS-OFFCRYPTO] 2.3.6 tell.

    The record of the one who wrote it last makes room for the one that tells of the lock.
    """
    with olefile.OleFileIO(path, write_mode=True) as ole:
        content = ole.openstream("Workbook").read()
        salt, verifier = bytes(range(16)), bytes(range(50, 66))

        def key(block: int) -> bytes:
            start = md5(password.encode("utf-16-le")).digest()[:5]
            middle = md5((start + salt) * 16).digest()[:5]
            return md5(middle + struct.pack("<I", block)).digest()

        first = Cipher(ARC4(key(0)), mode=None).encryptor()
        check = first.update(verifier) + first.update(md5(verifier).digest())
        lock = struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + salt + check
        plain, kept, at = bytearray(), bytearray(), 0
        while at + 4 <= len(content):
            number, size = struct.unpack_from("<HH", content, at)
            record = content[at : at + 4 + size]
            at += 4 + size
            if number == 0x5C:
                kept += lock + struct.pack("<HH", 0x5C, size - len(lock)) + b"\xff" * (size - len(lock))
                plain += bytes(len(lock) + 4) + bytes(size - len(lock))
                continue
            clear = 4 + (size if number == 0x809 else 4 if number == 0x85 else 0)
            kept += record[:clear] + b"\xff" * (len(record) - clear)
            plain += bytes(clear) + record[clear:]
        rest = content[at:]
        coded = b"".join(
            Cipher(ARC4(key(number)), mode=None).encryptor().update(bytes(plain[start : start + 1024]))
            for number, start in enumerate(range(0, len(plain), 1024))
        )
        ole.write_stream("Workbook", merged(content, bytes(kept), coded) + rest)


def merged(content: bytes, kept: bytes, coded: bytes) -> bytes:
    """The headers and clear parts of `kept`, everything else of `coded`."""
    result, at = bytearray(coded), 0
    while at + 4 <= len(kept):
        number, size = struct.unpack_from("<HH", kept, at)
        clear = 4 + (size if number in (0x809, 0x2F) else 4 if number == 0x85 else 0)
        result[at : at + clear] = kept[at : at + clear]
        at += 4 + size
    assert len(result) == len(kept)
    return bytes(result)


@pytest.mark.parametrize(
    ("name", "plain", "words"),
    [("lease.docx", letter(), "third of each month"), ("fees.pptx", slides(), "They rise in spring.")],
)
def test_the_password_opens_an_office_file(tmp_path: Path, name: str, plain: bytes, words: str) -> None:
    path = written(tmp_path, name, locked(plain))
    error = refusal(path)
    assert isinstance(error, EncryptedDocument)
    assert error.message == f"A password is needed to open {name}. Enter it to have the file read."
    with pytest.raises(EncryptedDocument, match="not the password"):
        blocks(path, password="guess")
    assert blocks(path, password=PASSWORD) == blocks(written(tmp_path, "plain" + path.suffix, plain))
    assert words in " ".join(block.text for block in blocks(path, password=PASSWORD))


def test_a_locked_xlsx_of_excel_s_own_asks_for_its_password(shared: Path) -> None:
    path = shared / "corpus" / "password_protected.xlsx"
    assert "A password is needed" in refusal(path).message
    with pytest.raises(EncryptedDocument, match="not the password"):
        blocks(path, password="guess")


def test_a_locked_xlsx_is_read_like_the_open_one(shared: Path, tmp_path: Path) -> None:
    open_one = shared / "corpus" / "stanley-cups.xlsx"
    path = written(tmp_path, "cups.xlsx", locked(open_one.read_bytes()))
    assert isinstance(refusal(path), EncryptedDocument)
    assert blocks(path, password=PASSWORD) == blocks(open_one)


def test_a_locked_old_workbook_is_read_like_the_open_one(shared: Path, tmp_path: Path) -> None:
    open_one = shared / "corpus" / "tests-example.xls"
    path = Path(shutil.copyfile(open_one, tmp_path / "old.xls"))
    locked_workbook(path, PASSWORD)
    assert refusal(path).message == "A password is needed to open old.xls. Enter it to have the file read."
    with pytest.raises(EncryptedDocument, match="not the password"):
        blocks(path, password="guess")
    assert blocks(path, password=PASSWORD) == blocks(open_one)


def test_what_is_only_locked_against_changes_opens_without_a_question(tmp_path: Path) -> None:
    path = written(tmp_path, "lease.docx", locked(letter(), OFFICE_S_OWN))
    assert [block.text for block in blocks(path)] == ["The lease", "The rent is due on the third of each month."]


def test_a_locked_file_under_another_name_says_what_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, "fees.docx", locked(slides()))
    with pytest.raises(MislabelledDocument, match="PowerPoint presentation"):
        blocks(path, password=PASSWORD)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_half_a_locked_file_is_damaged_whatever_the_password(tmp_path: Path, share: float) -> None:
    whole = locked(letter())
    path = written(tmp_path, "lease.docx", whole[: int(share * len(whole))])
    with pytest.raises((DamagedDocument, EncryptedDocument)):
        blocks(path, password=PASSWORD)


def test_the_child_that_reads_opens_it_and_writes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "lease.docx", locked(letter()))
    reader = Reader(command("read-documents"), environment())
    try:
        with pytest.raises(LocalChatError, match="A password is needed"):
            list(reader.read(path, path.name))
        found = [block.text for batch in reader.read(path, path.name, PASSWORD) for block in batch.blocks]
    finally:
        reader.stop()
    assert found == ["The lease", "The rent is due on the third of each month."]
    assert [item.name for item in tmp_path.iterdir()] == ["lease.docx"]
