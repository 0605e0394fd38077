"""PDF pages made here: columns, tables, headings, headers and footers, turned pages, boxes, passwords, scans."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from backend.errors import EncryptedDocument, ScannedDocument
from backend.pipeline.boxes import boxes
from backend.pipeline.readers import ocr
from tests.pipeline.readers.reading import batches, blocks, outline, refusal

WIDTH, HEIGHT = A4
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima")


def pdf(path: Path, draw: Callable[[Canvas], object], **options: object) -> Path:
    canvas = Canvas(str(path), pagesize=A4, **options)
    draw(canvas)
    canvas.save()
    return path


def lines(canvas: Canvas, left: float, top: float, texts: list[str], *face: float | str) -> float:
    """Draws them under each other; `face`: size and font. The height at which the next would stand."""
    size, font = (*face, "Helvetica")[:2] if face else (10, "Helvetica")
    canvas.setFont(str(font), float(size))
    for text in texts:
        canvas.drawString(left, HEIGHT - top, text)
        top += 1.2 * float(size)
    return top


def prose(name: str, count: int = 12) -> list[str]:
    """Lines of about the same width, each with its own number; the last ends the paragraph."""
    texts = [f"{name}{number} " + " ".join(WORDS[number % 7 : number % 7 + 6]) for number in range(count)]
    return [*texts[:-1], texts[-1] + "."]


def test_columns_are_read_one_after_the_other_even_if_they_were_drawn_line_by_line(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, 60, 60, ["A Study of Two Columns and Their Order"], 20, "Helvetica-Bold")
        for number, (left, right) in enumerate(zip(prose("left", 20), prose("right", 20), strict=True)):
            lines(canvas, 60, 120 + 12 * number, [left])
            lines(canvas, 320, 120 + 12 * number, [right])

    found = blocks(pdf(tmp_path / "a.pdf", draw))
    assert found[0].kind == "heading"
    text = " ".join(block.text for block in found)
    places = [text.index(word) for word in ("left0 ", "left7 ", "left19 ", "right0 ", "right19 ")]
    assert places == sorted(places)
    assert {block.kind for block in found[1:]} == {"paragraph"}
    assert all(block.heading == ("A Study of Two Columns and Their Order",) for block in found[1:])


def test_a_table_among_paragraphs_keeps_its_rows(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        wide = [text + " " + " ".join(WORDS[:9]) for text in prose("before", 6)]
        lines(canvas, 60, 80, wide)
        for number, row in enumerate(
            (("Country", "Capital", "People"), ("France", "Paris", "68"), ("Peru", "Lima", "34"))
        ):
            for column, cell in enumerate(row):
                lines(
                    canvas,
                    90 + 130 * column,
                    190 + 18 * number,
                    [cell],
                    10,
                    "Helvetica" if number else "Helvetica-Bold",
                )
        lines(canvas, 60, 280, wide)

    found = blocks(pdf(tmp_path / "a.pdf", draw))
    table = next(block for block in found if block.kind == "table")
    assert table.text == "Country | Capital | People\nFrance | Paris | 68\nPeru | Lima | 34"
    assert table.headers == 1
    assert [block.kind for block in found] == ["paragraph", "table", "paragraph"]


def test_headings_are_told_by_size_and_weight_and_nest(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        top = lines(canvas, 60, 80, ["Report"], 22, "Helvetica-Bold") + 10
        top = lines(canvas, 60, top, ["1 Findings"], 14, "Helvetica-Bold") + 6
        top = lines(canvas, 60, top, prose("first", 8)) + 10
        top = lines(canvas, 60, top, ["Details"], 10, "Helvetica-Bold") + 4
        lines(canvas, 60, top, prose("second", 8))

    assert [(kind, heading) for kind, _, heading in outline(blocks(pdf(tmp_path / "a.pdf", draw)))] == [
        ("heading", ()),
        ("heading", ("Report",)),
        ("paragraph", ("Report", "1 Findings")),
        ("heading", ("Report", "1 Findings")),
        ("paragraph", ("Report", "1 Findings", "Details")),
    ]


def test_what_repeats_on_every_page_is_dropped(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(8):
            lines(canvas, 60, 30, ["Annual Report of the Society"], 9)
            lines(canvas, 60, 100, prose(f"page{number}x", 30))
            lines(canvas, 280, 815, [f"Page {number + 1} of 8"], 9)
            canvas.showPage()

    path = pdf(tmp_path / "a.pdf", draw)
    text = " ".join(block.text for block in blocks(path))
    assert "Annual Report" not in text
    assert "of 8" not in text
    assert [block.page for block in blocks(path)] == list(range(1, 9))
    assert [(batch.done, batch.total, batch.pages) for batch in batches(path)] == [(n, 8, 8) for n in range(1, 9)]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        # The sheet itself lies on its side, so that every page is shown upright and as high.
        canvas.translate(*((WIDTH / 2, HEIGHT / 2) if turn % 180 == 0 else (HEIGHT / 2, WIDTH / 2)))
        canvas.rotate(turn)
        canvas.setFont("Helvetica", 10)
        for number, text in enumerate(prose("row", 10)):
            canvas.drawString(-200, 100 - 12 * number, text)

    (block,) = blocks(pdf(tmp_path / "a.pdf", draw))
    assert block.text.index("row0") < block.text.index("row9")
    first, last = block.spans[0], block.spans[-1]
    assert first.top < last.top
    assert first.right - first.left > 5 * (first.bottom - first.top)
    assert abs(first.top - (HEIGHT / 2 - 110) / HEIGHT) < 0.02


def test_a_word_broken_by_a_hyphen_is_whole_and_its_boxes_are_two(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, 60, 100, ["The committee asked for more infor-", "mation about the harbour before Monday."])

    (block,) = blocks(pdf(tmp_path / "a.pdf", draw))
    assert block.text == "The committee asked for more information about the harbour before Monday."
    start = block.text.index("information")
    upper, lower = boxes(block.spans, start, start + len("information"))
    assert upper[1] < lower[1]
    assert abs(lower[0] - 60 / WIDTH) < 0.01
    assert all(0 <= value <= 1 for box in (upper, lower) for value in box)


def test_a_password_is_asked_for_and_opens(tmp_path: Path) -> None:
    path = pdf(
        tmp_path / "a.pdf",
        lambda canvas: lines(canvas, 60, 100, ["The secret clause of the contract."]) and None,
        encrypt="sesame",
    )
    error = refusal(path)
    assert isinstance(error, EncryptedDocument)
    assert "password" in error.message
    with pytest.raises(EncryptedDocument, match="not the password"):
        blocks(path, password="wrong")
    assert blocks(path, password="sesame")[0].text == "The secret clause of the contract."


def scan(path: Path, texts: list[str], *, words_first: bool = False) -> Path:
    """A PDF whose page is a picture of text; before it, if asked for, a page with letters."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (1240, 1754), "white")
    font = ImageFont.load_default(36)
    for number, text in enumerate(texts):
        ImageDraw.Draw(picture).text((120, 200 + 60 * number), text, fill="black", font=font)
    data = io.BytesIO()
    picture.save(data, "PNG")

    def draw(canvas: Canvas) -> None:
        from reportlab.lib.utils import ImageReader

        if words_first:
            lines(canvas, 60, 100, ["A page of letters comes first."])
            canvas.showPage()
        canvas.drawImage(ImageReader(io.BytesIO(data.getvalue())), 0, 0, WIDTH, HEIGHT)

    return pdf(path, draw)


def test_scans_without_tesseract_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.Tesseract, "find", lambda: None)
    error = refusal(scan(tmp_path / "scan.pdf", ["Nobody reads this."]))
    assert isinstance(error, ScannedDocument)
    assert "install tesseract" in error.message
    found = batches(scan(tmp_path / "mixed.pdf", ["Nobody reads this."], words_first=True))
    assert [block.text for batch in found for block in batch.blocks] == ["A page of letters comes first."]
    (notice,) = [item for batch in found for item in batch.notices]
    assert (notice.code, notice.count, notice.message) == (
        "Scans",
        1,
        "1 page is a scan; install tesseract to read it.",
    )


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs the tesseract program")
def test_scans_are_recognised(tmp_path: Path) -> None:
    texts = ["The meeting of the harbour board was opened", "by the chairman at nine in the morning."]
    found = blocks(scan(tmp_path / "scan.pdf", texts, words_first=True))
    assert " ".join(texts) in found[1].text
    assert found[1].page == 2
    assert 0.05 < found[1].spans[0].left < 0.2


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs the tesseract program")
@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp"])
def test_pictures_are_recognised(tmp_path: Path, suffix: str) -> None:
    path = scan(tmp_path / "scan.pdf", ["Invoice for forty bags of cement"])
    document = pypdfium2.PdfDocument(path)
    document[0].render(scale=2).to_pil().save(tmp_path / f"page.{suffix}")
    document.close()
    assert "forty bags of cement" in " ".join(block.text for block in blocks(tmp_path / f"page.{suffix}"))


def test_the_address_under_a_page_is_no_part_of_its_text_but_a_note_is(tmp_path: Path) -> None:
    def page(foot: str, size: float) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            lines(canvas, 60, 100, prose("body"))
            lines(canvas, 60, HEIGHT - 30, [foot], size)

        return draw

    address = blocks(pdf(tmp_path / "a.pdf", page("Source: https://archive.example.org/docs/7", 16)))
    note = blocks(pdf(tmp_path / "b.pdf", page("Note: All figures are those of the year 2022", 8)))
    assert "archive.example.org" not in " ".join(block.text for block in address)
    assert (note[-1].kind, note[-1].text) == ("caption", "Note: All figures are those of the year 2022")


def test_lines_that_count_in_steps_are_items(tmp_path: Path) -> None:
    texts = ["1.1: Count the ships of the harbour", "1.2: Count their cargo in tons", "1.3: Send the figures"]
    found = blocks(pdf(tmp_path / "a.pdf", lambda canvas: lines(canvas, 60, 100, texts)))
    assert [(block.kind, block.text) for block in found] == [("list", text) for text in texts]


def test_the_boxes_of_text_that_runs_sideways_are_those_of_the_page_as_it_is_shown(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(90)
        canvas.setFont("Helvetica", 10)
        for number, text in enumerate(prose("row", 10)):
            canvas.drawString(-200, 100 - 12 * number, text)

    (block,) = blocks(pdf(tmp_path / "a.pdf", draw))
    first, last = block.spans[0], block.spans[-1]
    # Upward from below the middle; the first line stands to the left.
    assert abs(first.bottom - (HEIGHT / 2 + 200) / HEIGHT) < 0.01
    assert abs(first.right - (WIDTH / 2 - 100) / WIDTH) < 0.01
    assert first.bottom - first.top > 5 * (first.right - first.left)
    assert first.left < last.left
    assert boxes(block.spans, first.start, first.start + 4) == [first[2:]]
