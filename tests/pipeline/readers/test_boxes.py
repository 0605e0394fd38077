"""Where recognised words stand: held against the place where they were drawn."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from backend.pipeline.boxes import Box, boxes
from backend.pipeline.readers.blocks import Block, Span
from tests.pipeline.readers.reading import blocks
from tests.scans import Place, Sheet, covered, needs_tesseract, sheet

LINES = [
    "The harbour of Northport was opened in the",
    "spring of 1871 by the mayor, who had paid for",
    "most of it with the money of his brother.",
    "",
    "Ships from Eastwick paid a fee of seven crowns,",
    "and were given water, bread and a pilot.",
]


def found(block: Block, words: str) -> list[Box]:
    start = block.text.index(words)
    return boxes(block.spans, start, start + len(words))


def holds(drawn: Sheet, place: Place, box: Box) -> bool:
    """The box has the words' ink, and nothing of another word on their line."""
    wide = 0.012
    inside = box.left > place[0] - wide and box.right < place[2] + wide
    near = box.top > place[1] - 0.015 and box.bottom < place[3] + 0.015
    return inside and near and ink(drawn, box) >= 0.95 * ink(drawn, place)


def ink(drawn: Sheet, place: Place) -> int:
    """Dark points of a part of the picture."""
    width, height = drawn.picture.size
    left, top, right, bottom = place
    part = drawn.picture.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))
    return int((np.array(part.convert("L")) < 128).sum())


@needs_tesseract
@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_the_boxes_of_words_hold_their_ink(tmp_path: Path, kind: str) -> None:
    drawn = sheet(LINES)
    file = tmp_path / f"scan.{kind}"
    file.write_bytes(drawn.png() if kind == "png" else drawn.pdf())
    text = blocks(file)
    for words in (["Northport"], ["opened", "in", "the"], ["1871"], ["seven", "crowns,"], ["a", "pilot."]):
        block = next(block for block in text if " ".join(words) in block.text)
        (box,) = found(block, " ".join(words))
        assert holds(drawn, drawn.place(*words), box), words
    # Words over two lines have a box on each.
    upper, lower = found(text[0], "opened in the spring of 1871")
    assert holds(drawn, drawn.place("opened", "in", "the"), upper)
    assert holds(drawn, drawn.place("spring", "of", "1871"), lower)


@needs_tesseract
def test_a_picture_that_the_camera_took_on_its_side_is_read_as_it_is_shown(tmp_path: Path) -> None:
    drawn = sheet(LINES)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    stored = drawn.picture.rotate(90, expand=True)
    stored.save(tmp_path / "photo.jpg", exif=exif, dpi=(150, 150))
    (first, *_) = blocks(tmp_path / "photo.jpg")
    (box,) = found(first, "Northport")
    assert covered(drawn.place("Northport"), [box]) > 0.9


@needs_tesseract
def test_light_writing_on_dark_is_read_and_stands_where_it_was_drawn(tmp_path: Path) -> None:
    drawn = sheet(LINES, size=(1240, 700), top=100, ink="#eeeeee", paper="#101010")
    (tmp_path / "screen.png").write_bytes(drawn.png())
    text = blocks(tmp_path / "screen.png")
    block = next(block for block in text if "Eastwick paid a fee" in block.text)
    (box,) = found(block, "Eastwick paid a fee")
    assert covered(drawn.place("Eastwick", "paid", "a", "fee"), [box]) > 0.9


@needs_tesseract
def test_a_light_sheet_on_a_dark_table_is_read(tmp_path: Path) -> None:
    drawn = sheet(LINES, size=(1240, 700), top=100)
    table = Image.new("RGB", (2400, 1400), "#202020")
    table.paste(drawn.picture, (600, 300))
    table.save(tmp_path / "photo.png", dpi=(150, 150))
    assert any("Eastwick paid a fee" in block.text for block in blocks(tmp_path / "photo.png"))


@needs_tesseract
def test_the_cells_of_a_table_in_a_scan_have_boxes(tmp_path: Path) -> None:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=A4)
    canvas.setFont("Helvetica", 12)
    rows = [["Harbour", "Ships", "Cargo"], ["Northport", "124", "4310"], ["Eastwick", "936", "2780"]]
    for line in range(4):
        canvas.line(70, 700 - 30 * line, 430, 700 - 30 * line)
    for column in range(4):
        canvas.line(70 + 120 * column, 700, 70 + 120 * column, 610)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            canvas.drawString(80 + 120 * column, 680 - 30 * row, cell)
    canvas.save()
    import pypdfium2

    document = pypdfium2.PdfDocument(data.getvalue())
    document[0].render(scale=200 / 72).to_pil().convert("L").save(tmp_path / "table.png", dpi=(200, 200))
    document.close()
    (table,) = [block for block in blocks(tmp_path / "table.png") if block.kind == "table"]
    (box,) = found(table, "2780")
    assert abs(box.left - 320 / A4[0]) < 0.01
    assert box.right < 400 / A4[0]
    assert box.top < 1 - 625 / A4[1] < box.bottom


def test_letters_of_a_line_stand_where_their_share_says() -> None:
    spans = [Span(0, 10, 0.1, 0.2, 0.5, 0.22), Span(11, 21, 0.1, 0.23, 0.5, 0.25)]
    assert boxes(spans, 5, 10) == [pytest.approx((0.3, 0.2, 0.5, 0.22))]
    assert boxes(spans, 9, 12) == [pytest.approx((0.46, 0.2, 0.5, 0.22)), pytest.approx((0.1, 0.23, 0.14, 0.25))]
    assert boxes(spans, 10, 11) == []


def test_words_beside_each_other_are_one_box_and_cells_are_not() -> None:
    words = [Span(0, 3, 0.1, 0.2, 0.14, 0.22), Span(4, 7, 0.15, 0.201, 0.2, 0.219), Span(8, 11, 0.4, 0.2, 0.45, 0.22)]
    assert boxes(words, 0, 11) == [Box(0.1, 0.2, 0.2, 0.22), Box(0.4, 0.2, 0.45, 0.22)]
