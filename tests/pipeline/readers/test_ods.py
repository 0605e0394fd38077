"""OpenDocument spreadsheets: read as a workbook of Excel with the same cells is."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from backend.errors import EncryptedDocument, TooLarge
from tests.pipeline.readers.reading import blocks, refusal

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)
STOCK: list[list[object]] = [
    ["Stock in May"],
    [],
    ["Part", "Bin", "Count", "Share"],
    ["Bolt", "A1", 40, 0.25],
    ["Nut", "B2", 7.5, 1250000],
    [],
    ["* twice"],
]
FEES: list[list[object]] = [["Harbour", "2023", "2024"], ["Northport", 12, 14], ["Eastwick", 9, 8]]
EMPTY_END = (
    '<table:table-row table:number-rows-repeated="1048000">'
    '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
)


def cell(value: object) -> str:
    if isinstance(value, (int, float)):
        typed, words = f'"float" office:value="{value}"', f"{value:,}"
    else:
        typed, words = '"string"', str(value)
    return f"<table:table-cell office:value-type={typed}><text:p>{words}</text:p></table:table-cell>"


def sheet(name: str, rows: list[list[object]], style: str = "seen") -> str:
    """As LibreOffice writes it: to the end of the sheet, its empty rows and cells counted instead of written."""
    told = "".join(
        "<table:table-row>"
        + "".join(cell(value) for value in row)
        + '<table:table-cell table:number-columns-repeated="1020"/></table:table-row>'
        for row in rows
    )
    return f'<table:table table:name="{name}" table:style-name="{style}">{told}{EMPTY_END}</table:table>'


def ods(path: Path, sheets: str, manifest: str = "") -> Path:
    styles = (
        '<office:automatic-styles><style:style style:name="seen" style:family="table">'
        '<style:table-properties table:display="true"/></style:style><style:style style:name="unseen" '
        'style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES} office:version="1.3">{styles}'
            f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
            f"{manifest}</manifest:manifest>",
        )
    return path


def told(path: Path) -> list[tuple[Any, ...]]:
    return [
        (item.kind, item.text, item.sheet, item.row, item.rows, item.headers, item.heading) for item in blocks(path)
    ]


def test_sheets_titles_rows_and_notes_are_those_of_the_same_xlsx(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    for name, rows in (("Stock", STOCK), ("Fees", FEES), ("Secret", [["not to be seen", "nor this"]])):
        drawn = book.add_worksheet(name)
        for number, row in enumerate(rows):
            drawn.write_row(number, 0, row)
        if name == "Secret":
            drawn.hide()
    book.close()
    path = ods(
        tmp_path / "a.ods",
        sheet("Stock", STOCK) + sheet("Fees", FEES) + sheet("Secret", [["not to be seen", "nor this"]], "unseen"),
    )
    found = told(path)
    assert found == told(tmp_path / "a.xlsx")
    assert found[:3] == [
        ("heading", "Stock in May", "Stock", 1, (), 0, ("Stock",)),
        (
            "table",
            "Part | Bin | Count | Share\nBolt | A1 | 40 | 0.25\nNut | B2 | 7.5 | 1250000",
            "Stock",
            4,
            (3, 4, 5),
            1,
            ("Stock", "Stock in May"),
        ),
        ("paragraph", "* twice", "Stock", 7, (), 0, ("Stock", "Stock in May")),
    ]
    assert found[3][1] == "Harbour | 2023 | 2024\nNorthport | 12 | 14\nEastwick | 9 | 8"


def test_dates_shares_and_repeated_rows(tmp_path: Path) -> None:
    rows = (
        "<table:table-row>" + cell("Day") + cell("Tide") + cell("Kept") + "</table:table-row>"
        '<table:table-row table:number-rows-repeated="2">'
        '<table:table-cell office:value-type="date" office:date-value="2024-03-01"><text:p>01.03.24</text:p>'
        "</table:table-cell>"
        '<table:table-cell office:value-type="percentage" office:value="0.5"><text:p>50 %</text:p></table:table-cell>'
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p>'
        "</table:table-cell></table:table-row>"
    )
    path = ods(tmp_path / "a.ods", f'<table:table table:name="Tides">{rows}</table:table>')
    (table,) = blocks(path)
    assert table.text == "Day | Tide | Kept\n2024-03-01 | 0.5 | TRUE\n2024-03-01 | 0.5 | TRUE"
    assert table.rows == (1, 2, 3)


@pytest.mark.parametrize(("deep", "wide"), [(1048576, 16384), (1048576, 30), (2000, 16384)])
def test_a_cell_that_says_it_fills_the_sheet_is_refused(tmp_path: Path, deep: int, wide: int) -> None:
    rows = (
        f'<table:table-row table:number-rows-repeated="{deep}">'
        f'<table:table-cell table:number-columns-repeated="{wide}" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell></table:table-row>"
    )
    error = refusal(ods(tmp_path / "a.ods", f'<table:table table:name="Bomb">{rows}</table:table>'))
    assert isinstance(error, TooLarge)


def test_a_locked_one_is_told_as_such(tmp_path: Path) -> None:
    locked = (
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
        '<manifest:encryption-data manifest:checksum="x"/></manifest:file-entry>'
    )
    error = refusal(ods(tmp_path / "a.ods", sheet("Fees", FEES), locked))
    assert isinstance(error, EncryptedDocument)
    assert "without the password" in error.message


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_half_of_one_is_damaged(tmp_path: Path, share: float) -> None:
    data = ods(tmp_path / "a.ods", sheet("Fees", FEES)).read_bytes()
    (tmp_path / "half.ods").write_bytes(data[: int(share * len(data))])
    assert "damaged" in refusal(tmp_path / "half.ods").message
