"""Tables in scans, drawn here in other layouts than those of the answer key, and what only looks like one."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from backend.pipeline.readers import Block, ruled
from tests.pipeline.readers.reading import blocks

HEIGHT = A4[1]
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs the tesseract program")

CARGO = [
    ["Harbour", "Ships", "Cargo in tons", "Fee"],
    ["Northport", "12", "4,310", "7"],
    ["Eastwick", "9", "2,780", "5"],
    ["Lowmarsh", "31", "11,902", "16"],
]
CARGO_LINES = [" | ".join(row) for row in CARGO]
RIGHT = 0.85
"""Share of the cells that must be read without a fault: tesseract takes a lone 7 for a q here and there."""

GRID: list[tuple[object, ...]] = [("GRID", (0, 0), (-1, -1), 0.8, colors.black)]


def scan(draw: Callable[[Canvas], object], dpi: int = 200, turned: float = 0.0) -> Image.Image:
    """What is drawn as the picture of a page, `turned` by some degrees as a sheet lies in a scanner."""
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=A4)
    draw(canvas)
    canvas.save()
    document = pypdfium2.PdfDocument(data.getvalue())
    picture: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("L")
    document.close()
    return picture.rotate(turned, Image.Resampling.BICUBIC, fillcolor=255)


def table(
    canvas: Canvas, cells: Sequence[Sequence[str]], style: list[tuple[object, ...]], left: float = 70, top: float = 220
) -> None:
    drawn = Table([list(row) for row in cells], style=[("FONTSIZE", (0, 0), (-1, -1), 11), *style])
    _, height = drawn.wrapOn(canvas, 400, 400)
    drawn.drawOn(canvas, left, HEIGHT - top - height)


def text(canvas: Canvas, left: float, top: float, lines: Sequence[str], size: float = 11) -> None:
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(left, HEIGHT - top - 1.3 * size * number, line)


def read(folder: Path, picture: Image.Image, dpi: int = 200) -> list[Block]:
    picture.save(folder / "scan.png", dpi=(dpi, dpi))
    return blocks(folder / "scan.png")


def tables(found: Sequence[Block]) -> list[list[str]]:
    return [block.text.split("\n") for block in found if block.kind == "table"]


@needs_tesseract
@pytest.mark.parametrize(
    ("style", "turned"),
    [
        pytest.param(GRID, 0.0, id="lines around each cell"),
        pytest.param(GRID, 0.4, id="a sheet that lies askew"),
        pytest.param(
            [("GRID", (0, 0), (-1, -1), 0.4, colors.Color(0.72, 0.72, 0.72))], 0.0, id="hairlines in light grey"
        ),
        pytest.param(
            [
                ("LINEABOVE", (0, 0), (-1, 1), 0.8, colors.black),
                ("LINEBELOW", (0, -1), (-1, -1), 0.8, colors.black),
                ("LINEAFTER", (0, 0), (-2, -1), 0.8, colors.black),
            ],
            0.0,
            id="no lines between the rows, nor at the ends",
        ),
        pytest.param(
            [
                *GRID,
                ("BACKGROUND", (0, 0), (-1, 0), colors.Color(0.1, 0.2, 0.5)),
                ("TEXTCOLOR", (0, 0), (-1, 0), "white"),
            ],
            0.0,
            id="white titles on blue",
        ),
    ],
)
def test_a_table_keeps_its_titles_and_rows(tmp_path: Path, style: list[tuple[object, ...]], turned: float) -> None:
    def draw(canvas: Canvas) -> None:
        text(canvas, 70, 150, ["The harbours of the coast were counted in the spring, each by its own master."])
        table(canvas, CARGO, style)
        text(canvas, 70, 350, ["The figures of the autumn follow in the next report of the harbour board."])

    found = read(tmp_path, scan(draw, turned=turned))
    assert agree(found, CARGO_LINES)
    assert [block.kind for block in found] == ["paragraph", "table", "paragraph"]
    assert found[1].headers == 1
    assert found[1].spans[0].left == pytest.approx(0.13, abs=0.02)
    assert "counted in the spring" in found[0].text
    assert "next report" in found[2].text


@needs_tesseract
def test_titles_over_several_columns_are_told_with_each(tmp_path: Path) -> None:
    cells = [["Harbour", "Cargo in tons", "", "Clerk"], ["", "Spring", "Autumn", ""]]
    cells += [["Northport", "4,310", "3,950", "Miller"], ["Eastwick", "2,780", "8", "Potter"]]
    spans: list[tuple[object, ...]] = [("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)), ("SPAN", (3, 0), (3, 1))]

    found = read(tmp_path, scan(lambda canvas: table(canvas, cells, [*GRID, *spans])))
    assert agree(
        found,
        [
            "Harbour | Cargo in tons Spring | Cargo in tons Autumn | Clerk",
            "Northport | 4,310 | 3,950 | Miller",
            "Eastwick | 2,780 | 8 | Potter",
        ],
    )


@needs_tesseract
def test_cells_of_several_lines_stay_one_row(tmp_path: Path) -> None:
    cells = [["Term", "Meaning"], ["Lease", "The right to use a\nhouse for a time\nagainst a rent"]]
    cells += [["Deposit", "Money that is held\nuntil the house is\nhanded back"]]
    found = read(tmp_path, scan(lambda canvas: table(canvas, cells, [*GRID, ("VALIGN", (0, 0), (-1, -1), "TOP")])))
    assert agree(
        found,
        [
            "Term | Meaning",
            "Lease | The right to use a house for a time against a rent",
            "Deposit | Money that is held until the house is handed back",
        ],
    )


@needs_tesseract
def test_a_row_over_the_whole_width_is_no_row_of_cells(tmp_path: Path) -> None:
    cells = [["Cargo of the northern harbours", "", "", ""], *CARGO, ["Counted by the harbour board.", "", "", ""]]
    spans: list[tuple[object, ...]] = [("SPAN", (0, 0), (-1, 0)), ("SPAN", (0, -1), (-1, -1))]
    found = read(tmp_path, scan(lambda canvas: table(canvas, cells, [*GRID, *spans])))
    assert agree(found, CARGO_LINES)
    told = [block.text for block in found if block.kind != "table"]
    assert told == ["Cargo of the northern harbours", "Counted by the harbour board."]


@needs_tesseract
def test_a_table_in_one_of_two_columns_stands_where_it_is_read(tmp_path: Path) -> None:
    left = [f"The {word} harbour was counted at noon by its" for word in ("first", "second", "third", "fourth")] * 4
    right = ["Beside it stands what the board has found", "in the books of the last ten years, and it"] * 2

    def draw(canvas: Canvas) -> None:
        text(canvas, 50, 100, left, 10)
        text(canvas, 320, 100, right, 10)
        table(canvas, CARGO, GRID, left=320, top=165)
        text(
            canvas,
            320,
            270,
            ["ends with the words of the oldest master", "of them all, who counted for forty years."],
            10,
        )

    found = read(tmp_path, scan(draw))
    assert agree(found, CARGO_LINES)
    whole = "\n".join(block.text for block in found)
    places = [whole.index(words) for words in ("first harbour", "Beside it", "Northport", "oldest master")]
    assert places == sorted(places)


@needs_tesseract
def test_underlined_words_are_read(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        text(canvas, 200, 120, ["HARBOUR REPORT"], 16)
        canvas.setLineWidth(1.4)
        canvas.line(200, HEIGHT - 121.5, 345, HEIGHT - 121.5)
        text(canvas, 70, 180, ["The harbours of the coast were counted in the spring, each by its own master."])

    found = read(tmp_path, scan(draw, dpi=100), dpi=100)
    assert found[0].text == "HARBOUR REPORT"


def agree(found: Sequence[Block], expected: Sequence[str]) -> bool:
    """One table, with the same rows of the same cells, nearly all of them letter by letter."""
    (lines,) = tables(found)
    cells, wanted = [line.split(" | ") for line in lines], [line.split(" | ") for line in expected]
    assert [len(row) for row in cells] == [len(row) for row in wanted], lines
    right = [
        one == other
        for row, other_row in zip(cells, wanted, strict=True)
        for one, other in zip(row, other_row, strict=True)
    ]
    return sum(right) >= RIGHT * len(right)


def lined(draw: Callable[[Canvas], object]) -> list[ruled.Ruled]:
    return ruled.ruled_tables(np.asarray(scan(draw)), 200)


def test_frames_rules_and_columns_of_text_are_no_tables() -> None:
    def frame(canvas: Canvas) -> None:
        canvas.rect(60, 100, 400, 600)
        text(canvas, 80, 200, ["A page within a frame", "of two lines"])

    def rules(canvas: Canvas) -> None:
        for number in range(6):
            canvas.line(60, 100 + 80 * number, 500, 100 + 80 * number)

    def columns(canvas: Canvas) -> None:
        text(canvas, 60, 100, ["Hill Hall Hull llll IIII"] * 40)

    assert [lined(draw) for draw in (frame, rules, columns)] == [[], [], []]


@needs_tesseract
def test_the_grid_of_a_chart_is_no_table(tmp_path: Path) -> None:
    def chart(canvas: Canvas) -> None:
        text(canvas, 70, 120, ["Ships of each year, as the board has counted them"])
        for number in range(7):
            canvas.line(100, 300 + 40 * number, 460, 300 + 40 * number)
            canvas.line(100 + 60 * number, 300, 100 + 60 * number, 540)
        canvas.setLineWidth(3)
        canvas.line(100, 310, 460, 520)

    found = read(tmp_path, scan(chart))
    assert tables(found) == []
    assert "Ships of each year" in found[0].text


def test_patterns_and_huge_pictures_cost_no_more_than_a_look() -> None:
    weave = np.full((3000, 3000), 255, np.uint8)
    weave[::4], weave[:, ::4] = 0, 0
    assert ruled.ruled_tables(weave, 200) == []
    huge = np.full((8000, 8000), 255, np.uint8)
    assert ruled.ruled_tables(huge, 200) == []
    assert ruled.unlined(huge, 200) is huge
