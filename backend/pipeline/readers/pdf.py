"""PDF through pypdfium2: a page at a time, its lines joined to paragraphs by where they stand."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

from backend.errors import EmptyDocument, EncryptedDocument, ScannedDocument, TooLarge
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath, Kind
from backend.pipeline.readers.formats import damaged

SOFT_HYPHEN: Final = "\ufffe"
"""What PDFium writes for a hyphen at the end of a line, in the place of the line break too."""

SEPARATORS = re.compile(f"\r?\n|{SOFT_HYPHEN}")
BULLET = re.compile(r"^(?:[•‣▪●○◦·\u2013\u2014\uf0b7-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
PAGE_NUMBER = re.compile(r"^[-–—\s]*\d{1,4}[-–—\s]*$")
SENTENCE_END = re.compile(r"[.!?:;。！？…][\"'”’»)\]\d]*$")
TITLE = re.compile(r"(?=.*[^\W\d_]{2}).{2,160}(?<![.,;])$")
"""Words, but no sentence."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

HEADING_SIZE: Final = 1.08
"""How much larger than the running text a heading is set."""


@dataclass(slots=True)
class Line:
    """A line of print. Points from the left and from the bottom of the page; `size` is the height of its first letter.

    `hyphen`: its last word goes on in the next line.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    hyphen: bool


def read(path: Path, filename: str, password: str | None = None) -> Iterator[Batch]:
    """Raises EncryptedDocument (also for a wrong password), DamagedDocument, ScannedDocument (no page has text),
    TooLarge."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

    try:
        document = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY):
            raise EncryptedDocument(
                f"{filename} opens only with a password. Give it, and the document is read again."
                if password is None
                else f"The password does not open {filename}. Try another."
            ) from error
        raise damaged(filename) from error
    try:
        yield from _pages(document, filename)
    finally:
        document.close()


def _pages(document: Any, filename: str) -> Iterator[Batch]:
    import pypdfium2

    path, total = HeadingPath(), len(document)
    characters = pictures = broken = 0
    for number in range(1, total + 1):
        try:
            lines, drawn = _lines(document, number - 1)
        except pypdfium2.PdfiumError:
            broken += 1
            lines, drawn = [], False
        pictures += drawn and not lines
        characters += sum(len(line.text) for line in lines)
        if characters > MAX_TEXT:
            raise TooLarge(
                f"{filename} holds more than {MAX_TEXT // 1024**2} million letters. Split it, add the parts."
            )
        yield Batch(tuple(_blocks(lines, number, path)), number, total, total, pictures)
    if not characters:
        if broken or not total:
            raise damaged(filename)
        if not pictures:
            raise EmptyDocument(f"All pages of {filename} are blank.")
        raise ScannedDocument(
            f"{filename} is scanned pictures without text, which LocalChat cannot read. "
            "Run it through a text recognition (OCR) program first and add the result."
        )


def _lines(document: Any, index: int) -> tuple[list[Line], bool]:
    """The lines of a page in the order of the file, and whether anything at all is drawn on it."""
    from pypdfium2.raw import FPDFPage_CountObjects

    page = document[index]
    try:
        text_page = page.get_textpage()
        try:
            return list(_measure(text_page)), FPDFPage_CountObjects(page) > 0
        finally:
            text_page.close()
    finally:
        page.close()


def _measure(text_page: Any) -> Iterator[Line]:
    """Two calls a line for its place: one for each letter would take longer than everything else."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    at = 0  # of the text, counted in UTF-16 units as PDFium does

    def measure(unit: int) -> tuple[float, float, float, float]:
        letter = raw.FPDFText_GetCharIndexFromTextIndex(text_page, unit)
        raw.FPDFText_GetLooseCharBox(text_page, letter, ctypes.byref(box))
        return box.left, box.bottom, box.right, box.top

    text: str = text_page.get_text_range()
    ends = [(match.start(), match.end(), match[0] == SOFT_HYPHEN) for match in SEPARATORS.finditer(text)]
    start = 0
    for end, after, hyphen in [*ends, (len(text), len(text), False)]:
        raw_line = text[start:end]
        units = len(raw_line.encode("utf-16-le", "surrogatepass")) // 2
        line = CONTROL.sub("", raw_line).strip()
        if line:
            skipped = len(raw_line) - len(raw_line.lstrip())
            left, bottom, _, top = measure(at + skipped)
            trailing = len(raw_line) - len(raw_line.rstrip())
            _, _, right, _ = measure(at + max(units - 1 - trailing, 0))
            yield Line(_clean(line), left, right, bottom, max(top - bottom, 0.1), hyphen)
        at += units + (after - end)
        start = after


def _clean(text: str) -> str:
    """Lone surrogates cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _blocks(lines: list[Line], page: int, path: HeadingPath) -> Iterator[Block]:
    # The page's own number says nothing that `page` does not.
    lines = [line for at, line in enumerate(lines) if at not in (0, len(lines) - 1) or not PAGE_NUMBER.match(line.text)]
    if not lines:
        return
    body = _body_size(lines)
    leading = _leading(lines, body)
    width = median(line.right - line.left for line in lines)
    run: list[Line] = []
    for line in lines:
        if run and _begins(line, run[-1], leading, width):
            yield _block(run, body, page, path)
            run = []
        run.append(line)
    yield _block(run, body, page, path)


def _body_size(lines: list[Line]) -> float:
    """The size in which most of the page's letters are set."""
    letters: dict[float, int] = {}
    for line in lines:
        size = round(line.size, 1)
        letters[size] = letters.get(size, 0) + len(line.text)
    return max(letters, key=lambda size: letters[size])


def _leading(lines: list[Line], body: float) -> float:
    """The usual distance from one line to the next."""
    steps = [above.base - below.base for above, below in pairwise(lines)]
    usual = [step for step in steps if 0.7 * body < step < 2.2 * body]
    return median(usual) if usual else 1.2 * body


def _begins(line: Line, above: Line, leading: float, width: float) -> bool:
    """Whether a paragraph begins with `line`, which stands after `above`."""
    if above.hyphen:
        return False
    step = above.base - line.base
    if abs(step) < 0.7 * max(above.size, line.size) and line.left >= above.left:
        # The same line of print, in pieces: raised figures, cells.
        return line.left - above.right > 3 * above.size
    if abs(line.size - above.size) > 0.1 * above.size:
        return True
    ended = SENTENCE_END.search(above.text) is not None
    if step < 0 or step > 4 * leading:
        # Another column or another part of the page; a sentence may go on there.
        return ended or line.text[:1].isupper()
    if step > 1.25 * leading or BULLET.match(line.text):
        return True
    short = above.right - above.left < 0.8 * width
    indented = line.left - above.left > line.size
    return ended and (short or indented)


def _block(run: list[Line], body: float, page: int, path: HeadingPath) -> Block:
    text = ""
    for line in run:
        joint = "" if not text or text.endswith(SOFT_HYPHEN) else " "
        text = text.removesuffix(SOFT_HYPHEN) + joint + line.text + (SOFT_HYPHEN if line.hyphen else "")
    text = text.removesuffix(SOFT_HYPHEN)
    size = run[0].size
    if size > HEADING_SIZE * body and TITLE.match(text):
        return Block(text, "heading", page, path.enter(-round(size, 1), text))
    kind: Kind = "list" if BULLET.match(text) else "paragraph"
    return Block(text, kind, page, path.path)
