"""Files → blocks: encodings, paragraphs, headings, pages, and every way in which a file cannot be read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pypdfium2
import pytest

from backend.errors import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    LocalChatError,
    MislabelledDocument,
    TooLarge,
)
from backend.pipeline.readers import Block, read


def blocks(path: Path, filename: str | None = None) -> list[Block]:
    return [block for batch in read(path, filename or path.name) for block in batch.blocks]


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def text_of(path: Path) -> str:
    return "\n".join(block.text for block in blocks(path))


def refusal(path: Path, filename: str) -> LocalChatError:
    with pytest.raises(LocalChatError) as caught:
        blocks(path, filename)
    assert str(path.parent) not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zürich – naïve café, 東京", "utf-8"),
        ("Zürich – naïve café, 東京", "utf-8-sig"),
        ("Zürich, 東京", "utf-16"),
        ("Plain words in a row without a mark", "utf-16-le"),
        ("Plain words in a row without a mark", "utf-16-be"),
        ("El niño comió piñas en la mañana, aunque no quería más café.", "latin-1"),
        ("L’été dernier, les élèves ont été très gênés par le bruit.", "cp1252"),
        ("Die Größe der Straße überrascht die Bürger; süße Äpfel fallen.", "latin-1"),
        ("Съешь ещё этих мягких французских булок, да выпей чаю.", "cp1251"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "cp1250"),
        ("すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。", "shift_jis"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(tmp_path: Path, text: str, encoding: str) -> None:
    assert text_of(written(tmp_path, "a.txt", text.encode(encoding))) == text


def test_what_was_encoded_twice_is_read_as_it_was_written(tmp_path: Path) -> None:
    text = "The 1985–86 season, Müller’s best: 30 goals — 城."
    twice = text.encode().decode("latin-1")
    assert text_of(written(tmp_path, "a.txt", twice.encode())) == text
    # Letters that may well stand so: nothing tells that they do not.
    strange = "CAFÃ© Â£ 3 â€“ DÂ"
    assert text_of(written(tmp_path, "b.txt", strange.encode())) == strange


def test_utf8_cut_in_the_middle_of_a_letter_stays_utf8(tmp_path: Path) -> None:
    data = ("Zürich liegt an der Limmat. " * 20 + "ü").encode()[:-1]
    assert text_of(written(tmp_path, "a.txt", data)).startswith("Zürich liegt")


def test_text_is_cut_at_blank_lines_and_kept_word_for_word(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", b"one\r\nstill one\r\n\r\n  \r\ntwo\n")
    assert [block.text for block in blocks(path)] == ["one\nstill one", "two"]


def test_markdown_headings_become_the_path_of_what_stands_under_them(tmp_path: Path) -> None:
    source = "# Top\nwords\n\n## Inner ##\n- a\n- b\n\n```py\n# no heading\n```\n\n"
    source += "Next\n====\n| a | b |\n|---|---|\n| c | d |\n"
    found = blocks(written(tmp_path, "a.md", source.encode()))
    assert [(block.kind, block.text, block.heading) for block in found] == [
        ("heading", "Top", ()),
        ("paragraph", "words", ("Top",)),
        ("heading", "Inner", ("Top",)),
        ("list", "- a\n- b", ("Top", "Inner")),
        ("code", "```py\n# no heading\n```", ("Top", "Inner")),
        ("heading", "Next", ()),
        ("table", "a | b\nc | d", ("Next",)),
    ]


def test_pdf_gives_paragraphs_with_page_and_heading(shared: Path) -> None:
    found = blocks(shared / "corpus" / "DA-1p.pdf")
    paragraph = next(block for block in found if "night. We had been tracking" in block.text)
    assert paragraph.page == 1
    assert paragraph.heading == ("MAIN GAME", "CREATURES", "Abomination")
    assert not any(block.text == "6" for block in found), "the printed page number is not a paragraph"


def test_words_broken_at_the_end_of_a_line_are_joined(shared: Path) -> None:
    text = " ".join(block.text for block in blocks(shared / "corpus" / "multi-column-2p.pdf"))
    assert "relies on efficient passage retrieval" in text
    assert "\ufffe" not in text


def test_pages_are_counted_as_they_are_read(shared: Path) -> None:
    batches = list(read(shared / "corpus" / "multi-column-2p.pdf", "a.pdf"))
    assert [(batch.done, batch.total, batch.pages) for batch in batches] == [(1, 2, 2), (2, 2, 2)]


def test_docx_headings_tables_and_pages(shared: Path) -> None:
    found = blocks(shared / "corpus" / "category-level.docx")
    assert ("A Heading 2", ("A Heading 1",)) in [(block.text, block.heading) for block in found]
    assert next(block for block in found if block.text.startswith("This is my substitute")).heading == (
        "A Heading 1",
        "A Heading 2",
    )
    tables = [block.text for block in blocks(shared / "corpus" / "docx-tables.docx") if block.kind == "table"]
    assert tables[0] == "Header Col 1 | Header Col 2\nLorem ipsum | A link example"
    assert {block.page for block in blocks(shared / "corpus" / "handbook-1p.docx")} == {1, 2}


def test_docx_headers_and_footers_are_left_out(shared: Path) -> None:
    assert [block.text for block in blocks(shared / "corpus" / "docx-hdrftr.docx")] == ["Main document"]


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.docx", "a.md"])
@pytest.mark.parametrize("data", [b"", b" \n\t\r\n"])
def test_an_empty_file_is_called_empty(tmp_path: Path, name: str, data: bytes) -> None:
    assert isinstance(refusal(written(tmp_path, "x", data), name), EmptyDocument)


def test_a_pdf_of_blank_pages_is_empty_not_scanned(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    document.save(tmp_path / "blank.pdf")
    assert isinstance(refusal(tmp_path / "blank.pdf", "blank.pdf"), EmptyDocument)


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("password.pdf", EncryptedDocument),
        ("fake-encrypted.msg", EncryptedDocument),
        ("empty.xlsx", EmptyDocument),
        ("fake-power-point-malformed.pptx", DamagedDocument),
        ("password_protected.xlsx", EncryptedDocument),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(shared: Path, file: str, error: type[Exception]) -> None:
    assert type(refusal(shared / "corpus" / file, file)) is error


def test_an_encrypted_office_file_is_called_encrypted(shared: Path) -> None:
    assert isinstance(refusal(shared / "corpus" / "password_protected.xlsx", "a.docx"), EncryptedDocument)


@pytest.mark.parametrize(
    ("file", "name", "hint"),
    [
        ("DA-1p.pdf", "a.docx", "a.pdf"),
        ("handbook-1p.docx", "a.pdf", "a.docx"),
        ("DA-1p.png", "a.pdf", "PNG"),
        ("DA-1p.png", "a.txt", "PNG"),
        ("vodafone.xlsx", "a.docx", "Excel"),
        ("tests-example.xls", "a.docx", "Excel"),
        ("fake-email.msg", "a.xls", "Outlook"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_one(shared: Path, file: str, name: str, hint: str) -> None:
    error = refusal(shared / "corpus" / file, name)
    assert isinstance(error, MislabelledDocument)
    assert hint in error.message


@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("file", ["DA-1p.pdf", "handbook-1p.docx"])
def test_a_truncated_file_is_damaged(shared: Path, tmp_path: Path, file: str, part: float) -> None:
    data = (shared / "corpus" / file).read_bytes()
    path = written(tmp_path, file, data[: int(part * len(data))])
    assert isinstance(refusal(path, file), DamagedDocument)


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_junk_is_damaged(tmp_path: Path, name: str) -> None:
    assert isinstance(refusal(written(tmp_path, name, b"%PD\x01\x02junk" * 99), name), DamagedDocument)


def test_bytes_that_are_no_text_are_not_read_as_text(tmp_path: Path) -> None:
    assert isinstance(refusal(written(tmp_path, "a", bytes(range(256)) * 9), "a.txt"), MislabelledDocument)


def test_a_file_without_a_suffix_is_read_by_what_it_holds(shared: Path, tmp_path: Path) -> None:
    assert text_of(written(tmp_path, "README", b"hello there")) == "hello there"
    assert blocks(shared / "corpus" / "DA-1p.pdf", "scan")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as member:
        for _ in range(310):
            member.write(b" " * 1024**2)
    assert path.stat().st_size < 2 * 1024**2
    assert isinstance(refusal(path, "bomb.docx"), TooLarge)
