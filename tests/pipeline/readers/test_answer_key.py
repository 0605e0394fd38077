"""The real documents in ../shared, against what a person reads in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backend.errors import DamagedDocument, EmptyDocument, EncryptedDocument, LocalChatError
from tests.benchmarks.reading import keys, measure
from tests.pipeline.readers.reading import batches, refusal

REFUSED = {
    "password.pdf": EncryptedDocument,
    "password_protected.xlsx": EncryptedDocument,
    "fake-encrypted.msg": EncryptedDocument,
    "empty.xlsx": EmptyDocument,
    "fake-power-point-malformed.pptx": DamagedDocument,
}
PICTURES = (".png", ".jpg")


def test_facts_hold(shared: Path, tmp_path: Path) -> None:
    """Without what needs tesseract, whose versions and languages differ from machine to machine."""
    files = [key["file"] for key in keys() if key.get("needs") != "ocr"]
    by_file, by_reader, _ = measure(tmp_path, files)
    misses = "\n".join(f"{file}: {miss}" for file, outcome in by_file.items() for miss in outcome.misses)
    for reader, outcome in by_reader.items():
        assert outcome.share >= 0.9, f"{reader}\n{misses}"
    asked = sum(outcome.asked for outcome in by_reader.values())
    assert sum(outcome.held for outcome in by_reader.values()) / asked >= 0.97, misses


def test_every_file_is_read_or_refused_with_its_reason(shared: Path) -> None:
    for path in sorted((shared / "corpus").iterdir()):
        if path.name in REFUSED:
            assert type(refusal(path)) is REFUSED[path.name], path.name
        elif path.suffix not in PICTURES and path.name not in ("loremipsum-flat.pdf", "DA-619p.pdf"):
            assert any(batch.blocks for batch in batches(path)), path.name


@pytest.mark.skipif(shutil.which("tesseract") is not None, reason="tesseract is installed")
@pytest.mark.parametrize("file", ["loremipsum-flat.pdf", "DA-1p.png"])
def test_without_tesseract_a_picture_says_so(shared: Path, file: str) -> None:
    with pytest.raises(LocalChatError, match="install tesseract"):
        batches(shared / "corpus" / file)
