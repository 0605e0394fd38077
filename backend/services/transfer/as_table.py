"""A table of answers as csv or xlsx: a row a document, and beside each value where it stands.

Words of documents and models are hostile here too: a spreadsheet runs what begins like a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal

from backend.services.events import AskCell, AskColumn, AskRow, AskTable
from backend.services.transfer.export import Exported
from backend.services.transfer.naming import file_name

Format = Literal["csv", "xlsx"]

TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMULA: Final = re.compile(r"^\s*[=+\-@\t\r]")
"""How a cell begins that Excel, LibreOffice or Google Sheets would run (OWASP, CSV injection)."""

PLAIN_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,\u00a0\u202f ’']\d+)*\s*%?")
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Signs that XML, of which xlsx is made, cannot hold."""

LONGEST: Final = 32_767
"""Characters of a cell in Excel."""

STATES: Final = {
    "waiting": "not asked yet",
    "covered": "answered",
    "empty": "says nothing",
    "failed": "failed",
}
MISSING: Final = "not found in the document"
MARKED: Final = "NOT IN THE DOCUMENT: check it"


def export_table(table: AskTable, format: Format) -> Exported:  # noqa: A002 - the name in the contract
    data = _csv(table) if format == "csv" else _xlsx(table)
    return Exported(file_name(table.question.strip().splitlines()[0][:80], format), TYPES[format], data)


def source_of(cell: AskCell, row: AskRow) -> str:
    """Where a value stands, in words: page 3: “…”; or that it does not."""
    if cell.verdict == "missing":
        return MISSING
    if cell.support is None:
        return MARKED
    source = next(one for one in row.sources if one.number == cell.support.source)
    place = f"page {source.page}" if source.page else " › ".join(source.heading)
    words = f"{place}: “{cell.support.text}”" if place else f"“{cell.support.text}”"
    return words if cell.verdict == "found" else f"{MARKED}. Compared with {words}"


def guarded(text: str) -> str:
    """As a spreadsheet shows it and does not run it; a number stays one."""
    return f"'{text}" if FORMULA.match(text) and not PLAIN_NUMBER.fullmatch(text.strip()) else text


def _head(table: AskTable) -> list[str]:
    columns = [name for column in table.columns for name in (column.name, f"{column.name}: source")]
    return ["Document", "State", *columns]


def _cells(row: AskRow, columns: list[AskColumn]) -> Iterator[tuple[AskColumn, AskCell | None]]:
    for at, column in enumerate(columns):
        yield column, row.cells[at] if at < len(row.cells) else None


def _state(row: AskRow) -> str:
    return f"{STATES[row.state]}: {row.error.message}" if row.error else STATES[row.state]


def _csv(table: AskTable) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow([guarded(name) for name in _head(table)])
    for row in table.rows:
        words = [row.filename, _state(row)]
        for _, cell in _cells(row, table.columns):
            words += [cell.value or "", source_of(cell, row)] if cell else ["", ""]
        rows.writerow([guarded(one) for one in words])
    # Excel takes a file without this mark for one of its own old encodings.
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _xlsx(table: AskTable) -> bytes:
    # Imported where it is used: no start waits for it.
    import xlsxwriter

    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        _Sheet(book, table).write()
    return file.getvalue()


class _Sheet:
    """A date or a number is written as what it is, where it stands in the document; all else as text."""

    def __init__(self, book: Any, table: AskTable) -> None:
        self._book = book
        self._table = table
        self._sheet = book.add_worksheet("Answers")
        self._strong = book.add_format({"bold": True})
        self._marked = book.add_format({"italic": True, "bg_color": "#FCE8C8"})
        self._styles: dict[str, Any] = {}

    def write(self) -> None:
        head = _head(self._table)
        for at, name in enumerate(head):
            self._text(0, at, name, self._strong)
        for line, row in enumerate(self._table.rows, start=1):
            self._text(line, 0, row.filename)
            self._text(line, 1, _state(row))
            for at, (column, cell) in enumerate(_cells(row, self._table.columns)):
                if cell is not None:
                    self._value(line, 2 + 2 * at, column, cell)
                    self._text(line, 3 + 2 * at, source_of(cell, row))
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_column(0, len(head) - 1, 24)
        if self._table.rows:
            self._sheet.autofilter(0, 0, len(self._table.rows), len(head) - 1)

    def _value(self, line: int, at: int, column: AskColumn, cell: AskCell) -> None:
        if cell.value is None:
            return
        if cell.verdict == "marked":
            self._text(line, at, cell.value, self._marked)
        elif column.kind == "date" and (day := _day(cell.sort)) is not None:
            self._sheet.write_datetime(line, at, day, self._style("yyyy-mm-dd"))
        elif column.kind == "number" and isinstance(cell.sort, float) and (shown := _number_format(cell.value)):
            self._sheet.write_number(line, at, cell.sort, self._style(shown))
        else:
            self._text(line, at, cell.value)

    def _text(self, line: int, at: int, text: str, style: Any = None) -> None:
        self._sheet.write_string(line, at, _clean(text), style)

    def _style(self, number: str) -> Any:
        if number not in self._styles:
            self._styles[number] = self._book.add_format({"num_format": number})
        return self._styles[number]


def _day(sort: str | float | None) -> date | None:
    try:
        return date.fromisoformat(str(sort))
    except ValueError:
        return None


FIGURE: Final = re.compile(r"[+-]?\d+(?:[.,\u00a0\u202f ’']\d{3})*(?:[.,](\d+))?")


def _number_format(value: str) -> str | None:
    """How Excel shows the number as the document writes it, with what stands before and behind it; None where that is
    more than a number: 3 to 5, 2.5 million."""
    found = list(FIGURE.finditer(value))
    if len(found) != 1:
        return None
    before, behind = value[: found[0].start()], value[found[0].end() :]
    if len(before) > 12 or len(behind) > 12 or re.search(r"[^\W\d_]{4,}", behind) or "%" in behind:
        return None
    decimals = found[0][1] or ""
    figure = "#,##0" + (f".{'0' * len(decimals)}" if 0 < len(decimals) <= 4 else "")
    quoted = [f'"{part}"' if part else "" for part in (before.replace('"', ""), behind.replace('"', ""))]
    return f"{quoted[0]}{figure}{quoted[1]}"


def _clean(text: str) -> str:
    return CONTROLS.sub(" ", text).encode("utf-8", "replace").decode()[:LONGEST]
