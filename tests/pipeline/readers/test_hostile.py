"""Files that are empty, cut off, mislabelled or made to do harm are refused with their reason, and soon."""

from __future__ import annotations

import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from backend.errors import DamagedDocument, DocumentError, EmptyDocument, MislabelledDocument, TooLarge
from backend.pipeline.readers.formats import BINARY, NAMES, SUFFIXES
from tests.pipeline.readers.reading import batches, blocks, refusal, written

BINARY_SUFFIXES = sorted("." + NAMES[format_].split()[0] for format_ in BINARY)


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_an_empty_file_of_any_name_is_called_empty(tmp_path: Path, suffix: str) -> None:
    assert isinstance(refusal(written(tmp_path, f"a{suffix}", b"")), EmptyDocument)


@pytest.mark.parametrize("suffix", BINARY_SUFFIXES)
def test_junk_under_a_name_is_damaged(tmp_path: Path, suffix: str) -> None:
    assert isinstance(refusal(written(tmp_path, f"a{suffix}", b"\x01\x02 no such thing" * 99)), DamagedDocument)


@pytest.mark.parametrize(
    "file",
    ["fake.odt", "vodafone.xlsx", "sample-presentation.pptx", "winter-sports.epub", "tests-example.xls",
     "fake-email.msg", "fake_table.docx", "DA-1p.pdf"],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_a_file_that_was_cut_off_is_damaged_or_read_as_far_as_it_goes(
    shared: Path, tmp_path: Path, file: str, share: float
) -> None:
    data = (shared / "corpus" / file).read_bytes()
    path = written(tmp_path, file, data[: int(share * len(data))])
    # Anything else than one of our own errors would come out of the reader's process as its failure.
    with suppress(DocumentError):
        assert batches(path)


@pytest.mark.parametrize(
    ("name", "member"),
    [("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml"), ("a.odt", "content.xml"),
     ("a.pptx", "ppt/presentation.xml"), ("a.epub", "META-INF/container.xml")],
)  # fmt: skip
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, name: str, member: str) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(member, "w") as file:
        for _ in range(310):
            file.write(b" " * 1024**2)
    started = time.monotonic()
    assert isinstance(refusal(path), TooLarge)
    assert time.monotonic() - started < 5


def test_entities_are_not_multiplied(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "ha">{entities}]><a>&a11;</a>'
    with pytest.raises((EmptyDocument, DamagedDocument)):
        batches(written(tmp_path, "a.xml", bomb))


def test_html_nested_very_deep_is_read_or_refused(tmp_path: Path) -> None:
    deep = "<div>" * 5000 + "the innermost words" + "</div>" * 5000
    with suppress(DocumentError):
        assert "the innermost words" in " ".join(block.text for block in blocks(written(tmp_path, "a.html", deep)))


def test_json_nested_very_deep_is_damaged(tmp_path: Path) -> None:
    assert isinstance(refusal(written(tmp_path, "a.json", "[" * 100_000)), DamagedDocument)


def test_a_hundred_megabytes_of_text_are_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"words " * (1024**2 // 6))
    assert isinstance(refusal(path), TooLarge)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.html", "a.py", "a.org"])
def test_a_line_of_ten_megabytes_is_read_soon(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, "word " * 2_000_000)
    started = time.monotonic()
    assert sum(len(block.text) for block in blocks(path)) > 9_000_000
    assert time.monotonic() - started < 60


def test_a_sheet_that_claims_a_billion_cells_is_not_filled(tmp_path: Path) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    sheet.write(0, 0, "here")
    sheet.write(1_048_575, 16_383, "there")
    book.close()
    assert isinstance(refusal(tmp_path / "a.xlsx"), TooLarge)


@pytest.mark.parametrize(
    ("file", "name"), [("fake.odt", "a.docx"), ("winter-sports.epub", "a.xlsx"), ("DA-1p.png", "a.pdf")]
)
def test_a_wrong_name_is_told(shared: Path, file: str, name: str) -> None:
    assert isinstance(refusal(shared / "corpus" / file, name), MislabelledDocument)
