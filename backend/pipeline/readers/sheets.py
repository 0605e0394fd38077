"""Spreadsheets through calamine, and tables of values as text: rows keep their numbers, values their column titles."""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from backend.errors import TooLarge
from backend.pipeline.readers import titles
from backend.pipeline.readers.blocks import BATCH, MAX_TEXT, Batch, Block, HeadingPath
from backend.pipeline.readers.formats import Format, Source, damaged, opened
from backend.pipeline.readers.locked import closed, unlocked
from backend.pipeline.readers.tables import (
    MOST_TITLE_ROWS,
    YEAR,
    Row,
    cell_text,
    is_figure,
    joined_titles,
    table_blocks,
    title_rows,
)
from backend.pipeline.readers.text import load

MOST_CELLS: Final = 20_000_000
"""Of a sheet's used area: a hostile file says that it ends at XFD1048576, and its empty cells fill the memory."""

TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
VALUE_TYPE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
CELL_NAME = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
NOTE = re.compile(r"^[(*†\[]")
A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read(source: Source, filename: str, format_: Format, password: str | None) -> Iterator[Batch]:
    """Raises DamagedDocument, EncryptedDocument, TooLarge."""
    if format_ is Format.CSV and isinstance(source, Path):
        yield from _csv(source, filename)
        return
    try:
        yield from _workbook(source, filename, format_, password)
    except BaseException as error:
        # calamine's own slips on a broken .xls come as a panic, which is no Exception.
        if type(error).__name__ == "PanicException":
            raise damaged(filename) from error
        raise


def _workbook(source: Source, filename: str, format_: Format, password: str | None) -> Iterator[Batch]:
    import python_calamine as calamine

    _check_extent(source, filename)
    try:
        workbook = _loaded(source, filename, format_, password)
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(filename) from error
    boxes = _text_boxes(source)
    title: str | None = None
    for number, sheet in enumerate(sheets, 1):
        if sheet.visible != calamine.SheetVisibleEnum.Visible:
            yield Batch((), number, len(sheets), title=title)
            continue
        try:
            found = workbook.get_sheet_by_name(sheet.name)
            if found.total_height * found.total_width > MOST_CELLS:
                raise TooLarge(f"{filename}: the sheet {sheet.name} is larger than LocalChat opens. Split it.")
            rows = ((number, [_value(cell) for cell in row]) for number, row in enumerate(found.iter_rows(), 1))
            blocks = _sheet(sheet.name, rows)
            # Sheets may be long: what is read goes out before the rest is.
            while part := tuple(islice(blocks, BATCH)):
                title = title or next((block.text for block in part if block.kind == "heading"), None)
                yield Batch(part, number - 1, len(sheets), title=title)
        except (calamine.CalamineError, ValueError) as error:
            raise damaged(filename) from error
        texts = tuple(_box_blocks(boxes.get(sheet.name, ()), sheet.name))
        yield Batch(texts, number, len(sheets), title=title)


def _loaded(source: Source, filename: str, format_: Format, password: str | None) -> Any:
    """The workbook. An old one tells only while it is opened that it is locked."""
    import python_calamine as calamine

    try:
        return calamine.load_workbook(opened(source))
    except calamine.PasswordError as error:
        if format_ is Format.OLD_WORKBOOK and isinstance(source, Path):
            return calamine.load_workbook(unlocked(source, filename, password))
        raise closed(filename) from error


def _check_extent(source: Source, filename: str) -> None:
    """calamine makes room for every cell up to the last one, and two cells far apart make it ask for 100 GB."""
    if not zipfile.is_zipfile(source):
        return
    try:
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if name == "content.xml":
                    with archive.open(name) as file:
                        _check_repeats(file, filename)
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    with archive.open(name) as file:
                        last_row, last_column = _extent(file)
                    if last_row * last_column > MOST_CELLS:
                        raise TooLarge(f"{filename} has a sheet that is larger than LocalChat opens. Split it.")
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise damaged(filename) from error


def _check_repeats(file: IO[bytes], filename: str) -> None:
    """The same for OpenDocument, which writes a cell once and how often it stands there."""
    from lxml import etree

    cells = 0
    width = last = 0
    try:
        for _, item in etree.iterparse(
            file, tag=(TABLE + "table", TABLE + "table-row", TABLE + "table-cell"), resolve_entities=False
        ):
            if item.tag == TABLE + "table-cell":
                width += _times(item, "number-columns-repeated")
                last = width if len(item) or item.get(VALUE_TYPE) else last
            elif item.tag == TABLE + "table-row":
                cells += last * _times(item, "number-rows-repeated")
                width = last = 0
                item.clear()
            else:
                cells = 0
                item.clear()
            if cells > MOST_CELLS:
                raise TooLarge(f"{filename} has a sheet that is larger than LocalChat opens. Split it.")
    except etree.XMLSyntaxError as error:
        raise damaged(filename) from error


def _times(item: Any, name: str) -> int:
    told = item.get(TABLE + name) or "1"
    return int(told) if told.isdecimal() and len(told) < 10 else 1


def _extent(file: IO[bytes]) -> tuple[int, int]:
    """The last row and column, from 1, of a sheet's XML."""
    last_row = last_column = 1
    rest = b""
    while chunk := file.read(1024**2):
        for column, row in CELL_NAME.findall(rest + chunk):
            last_row = max(last_row, int(row))
            if len(column) > 1:
                number = 0
                for letter in column:
                    number = number * 26 + letter - 64
                last_column = max(last_column, number)
        rest = (rest + chunk)[-24:]
    return last_row, max(last_column, 26)


def _value(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(round(cell, 10))
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "minutes")
    return cell_text(str(cell))


def _sheet(name: str, rows: Iterable[Row]) -> Iterator[Block]:
    """Titles, tables and notes of a sheet: tables are runs of rows of several cells, under their column titles."""
    path = HeadingPath()
    path.enter(-1, name)
    pending: list[Row] = []
    alone: list[Row] = []
    for row in rows:
        filled = sum(1 for cell in row[1] if cell)
        if filled == 0:
            if pending and not (len(pending) <= MOST_TITLE_ROWS and _only_titles(pending)):
                yield from _table(pending, name, path)
                pending = []
            continue
        if filled == 1 and not (pending and not _begins_alone(row, pending)):
            if pending:
                yield from _table(pending, name, path)
                pending = []
            alone.append(row)
            continue
        yield from _alone(alone, name, path, followed=True)
        alone = []
        pending.append(row)
        if len(pending) >= STREAM_ROWS:
            yield from _long_table(pending, rows, name, path)
            pending = []
    if pending:
        yield from _table(pending, name, path)
    yield from _alone(alone, name, path, followed=False)


STREAM_ROWS: Final = 500
"""Rows of one table after which its titles are settled and the rest is handed on as it comes."""


def _begins_alone(row: Row, pending: Sequence[Row]) -> bool:
    """Whether a row of one cell under a table stands by itself: a note, or a title, and no row with empty cells."""
    text = next(cell for cell in row[1] if cell)
    at = next(at for at, cell in enumerate(row[1]) if cell)
    if is_figure(text) or at > 1:
        return False
    return row[0] > pending[-1][0] + 1 or bool(NOTE.match(text)) or len(text) > 60


def _alone(rows: list[Row], name: str, path: HeadingPath, *, followed: bool) -> Iterator[Block]:
    """Rows of one cell: titles of what follows, or notes."""
    for at, (number, cells) in enumerate(rows):
        text = next(cell for cell in cells if cell)
        more = followed or at + 1 < len(rows)
        if more and titles.is_title(text) and not NOTE.match(text) and not is_figure(text):
            depth = titles.level(text)
            level = 0.0 if at == 0 and number <= 2 else 1.0 if depth < titles.PLAIN else 2.0
            above = path.enter(level, text)
            yield Block(text, "heading", None, tuple(part for part in above if part != text), sheet=name, row=number)
        else:
            yield Block(text, "paragraph", None, path.path, sheet=name, row=number)


def _only_titles(rows: Sequence[Row]) -> bool:
    """Rows that stand above a table with white between them are its column titles when they hold no figure."""
    cells = [cell for _, row in rows for cell in row if cell]
    return not any(is_figure(cell) and not YEAR.fullmatch(cell) for cell in cells)


def _table(rows: list[Row], name: str, path: HeadingPath) -> Iterator[Block]:
    count = title_rows([cells for _, cells in rows])
    columns = [at for at in range(max(len(cells) for _, cells in rows)) if any(at < len(c) and c[at] for _, c in rows)]
    kept = [(number, [cells[at] if at < len(cells) else "" for at in columns]) for number, cells in rows]
    like = Block("", "table", None, path.path, sheet=name)
    yield from table_blocks(joined_titles([cells for _, cells in kept[:count]]), kept[:count], kept[count:], like)


def _long_table(begun: list[Row], rest: Iterable[Row], name: str, path: HeadingPath) -> Iterator[Block]:
    """A table that goes on for long: its rows are taken from the sheet until it ends."""
    count = title_rows([cells for _, cells in begun])
    above = begun[:count]
    like = Block("", "table", None, path.path, sheet=name)

    def rows() -> Iterator[Row]:
        yield from begun[count:]
        yield from rest

    yield from table_blocks(joined_titles([cells for _, cells in above]), above, rows(), like)


def _csv(path: Path, filename: str) -> Iterator[Batch]:
    text = load(path, filename)
    dialect = _dialect(text, path.suffix if path.suffix else Path(filename).suffix)
    csv.field_size_limit(MAX_TEXT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect)
    numbered = ((number, [cell_text(cell) for cell in row]) for number, row in enumerate(reader, 1))
    rows = (row for row in numbered if any(row[1]))
    try:
        begun = list(islice(rows, 50))
        count = _csv_titles(begun)
        above = begun[:count]
        if begun and max(len(cells) for _, cells in begun) == 1 and count == 0:
            blocks: Iterator[Block] = (Block(cells[0], "paragraph", row=number) for number, cells in [*begun, *rows])
        else:

            def every() -> Iterator[Row]:
                yield from begun[count:]
                yield from rows

            blocks = table_blocks(joined_titles([cells for _, cells in above]), above, every(), Block("", "table"))
        done = 0
        while part := tuple(islice(blocks, BATCH)):
            done += len(part)
            yield Batch(part, done, done)
    except csv.Error as error:
        raise damaged(filename) from error


def _dialect(text: str, suffix: str) -> str:
    """The delimiter: the one that cuts the first lines into the same number of cells."""
    if suffix.lower() in (".tsv", ".tab"):
        return "\t"
    sample = text[:20_000]
    lines = sample.split("\n")[:20]
    best, score = ",", 0.0
    for delimiter in ",;\t|":
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not counts:
            continue
        usual = max(set(counts), key=counts.count)
        found = (usual - 1) ** 0.5 * counts.count(usual) / len(counts) if usual > 1 else 0.0
        if found > score:
            best, score = delimiter, found
    return best


def _csv_titles(rows: Sequence[Row]) -> int:
    if len(rows) < 2:
        return 0
    first = [cell for cell in rows[0][1] if cell]
    return 0 if not first or any(is_figure(cell) and not YEAR.fullmatch(cell) for cell in first) else 1


def _text_boxes(source: Source) -> dict[str, list[str]]:
    """The texts that are drawn over the sheets of an .xlsx, a paragraph each. Empty for other formats."""
    if not zipfile.is_zipfile(source):
        return {}
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    texts: dict[str, list[str]] = {}

    def relations(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
        folder, _, name = part.rpartition("/")
        rels = f"{folder}/_rels/{name}.rels"
        if rels not in archive.namelist():
            return {}
        root = etree.fromstring(archive.read(rels), parser)
        return {item.get("Id"): _resolved(folder, item.get("Target") or "") for item in root}

    try:
        with zipfile.ZipFile(source) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names or not any(name.startswith("xl/drawings/") for name in names):
                return {}
            sheets: Any = etree.fromstring(archive.read("xl/workbook.xml"), parser).iter("{*}sheet")
            of_workbook = relations(archive, "xl/workbook.xml")
            for sheet in sheets:
                part = of_workbook.get(sheet.get(RELATION), "")
                for drawing in relations(archive, part).values():
                    if drawing.startswith("xl/drawings/") and drawing.endswith(".xml") and drawing in names:
                        root = etree.fromstring(archive.read(drawing), parser)
                        found = texts.setdefault(sheet.get("name"), [])
                        for paragraph in root.iter(A + "p"):
                            words = "".join(item.text or "" for item in paragraph.iter(A + "t"))
                            if words.strip():
                                found.append(cell_text(words))
    except (zipfile.BadZipFile, etree.XMLSyntaxError, OSError, ValueError, KeyError):
        return {}  # the cells are what counts; a drawing that cannot be read is left out
    return texts


def _resolved(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    parts = folder.split("/")
    for step in target.split("/"):
        if step == "..":
            parts = parts[:-1]
        else:
            parts.append(step)
    return "/".join(parts)


def _box_blocks(texts: Sequence[str], name: str) -> Iterator[Block]:
    path = HeadingPath()
    path.enter(-1, name)
    for at, text in enumerate(texts):
        if titles.is_title(text) and len(text) < 60 and at + 1 < len(texts):
            yield Block(text, "heading", None, path.enter(0, text), sheet=name)
        else:
            yield Block(text, "paragraph", None, path.path, sheet=name)
