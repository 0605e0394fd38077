"""PDF through pypdfium2: each page's lines are measured, what repeats on each is dropped, the rest is laid out."""

from __future__ import annotations

import ctypes
import math
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from backend.errors import EmptyDocument, TooLarge
from backend.pipeline.readers import locked, ocr
from backend.pipeline.readers.blocks import MAX_TEXT, Batch, Block, HeadingPath
from backend.pipeline.readers.formats import Format, damaged
from backend.pipeline.readers.furniture import Furniture
from backend.pipeline.readers.layout import GAP, Piece
from backend.pipeline.readers.printed import Page, body_size, page_blocks, turned

SOFT_HYPHEN: Final = "\ufffe"
"""What PDFium writes for a hyphen at the end of a line, in the place of the line break too."""

SEPARATORS = re.compile(f"\r?\n|{SOFT_HYPHEN}")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\ufffe\uffff]")
SPACES = re.compile(r"\s+")
BOLD = re.compile(r"bold|black|heavy|semib|demi|CMBX|CMB\d|[-,]Bd|-Medi|SFBX|\.B$|-B$", re.IGNORECASE)
MONO = re.compile(r"courier|mono|consol|menlo|typewriter|CMTT|SFTT|lettergothic|inconsolata|-tt\b|fixed", re.IGNORECASE)
BOLD_WEIGHT: Final = 650
AHEAD: Final = 6
"""Pages that are measured before one is handed on: what repeats is known only from others."""

AROUND: Final = "()[]{}.,;:!?\"'“”‘’-–—/*&$%"
SAMPLE: Final = 40
"""Pieces of a page that tell whether its letters make words."""

LAYER_NOISE: Final = 0.25
"""Share of an invisible text layer's words that are no words, from which the picture is read anew."""


@dataclass(slots=True)
class Measured:
    page: Page
    picture: bool
    """The page is a picture: nothing in it can be read as letters, or only badly."""


def read(path: Path, filename: str, _format: Format, password: str | None) -> Iterator[Batch]:
    """Raises EncryptedDocument, DamagedDocument, ScannedDocument (no page has text), EmptyDocument, TooLarge."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

    try:
        document = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY):
            raise locked.refused(filename, password) from error
        raise damaged(filename) from error
    try:
        yield from _pages(document, filename)
    finally:
        document.close()


def _pages(document: Any, filename: str) -> Iterator[Batch]:
    path, total = HeadingPath(), len(document)
    program = ocr.Tesseract.find()
    furniture = Furniture(total)
    waiting: deque[Measured] = deque()
    sizes: dict[float, int] = {}
    count = _Count()
    number = 0
    while number < total or waiting:
        while number < total and len(waiting) <= AHEAD:
            measured = _measured(document, number, program, count)
            number += 1
            count.letters += sum(len(piece.text) for piece in measured.page.pieces)
            if count.letters > MAX_TEXT:
                raise TooLarge(
                    f"{filename} holds more than {MAX_TEXT // 1024**2} million letters. Split it, add the parts."
                )
            furniture.see(measured.page)
            size = body_size([measured.page])
            if size:
                sizes[size] = sizes.get(size, 0) + sum(len(piece.text) for piece in measured.page.pieces)
            waiting.append(measured)
            if measured.page.recognised:
                break  # seconds passed: what is ready goes out
        current = waiting.popleft()
        page = furniture.without(current.page)
        body = max(sizes, key=lambda size: sizes[size]) if sizes else 0.0
        if page.recognised:
            body = body_size([page])
        count.pictures += current.picture and not page.pieces
        blocks: tuple[Block, ...] = tuple(page_blocks(page, body, path))
        last = number == total and not waiting
        notices = (ocr.notice(count.pictures, program),) if last and count.pictures and count.letters else ()
        yield Batch(blocks, page.number, total, total, count.pictures, notices=notices)
    if not count.letters:
        if count.broken or not total:
            raise damaged(filename)
        if not count.pictures:
            raise EmptyDocument(f"All pages of {filename} are blank.")
        raise ocr.refusal(filename, count.pictures, program)


@dataclass(slots=True)
class _Count:
    letters: int = 0
    pictures: int = 0
    broken: int = 0


def _measured(document: Any, index: int, program: ocr.Tesseract | None, count: _Count) -> Measured:
    import pypdfium2

    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        count.broken += 1
        return Measured(Page(index + 1, 1.0, 1.0, []), picture=False)
    try:
        width, height = page.get_size()
        result = Page(index + 1, max(width, 1.0), max(height, 1.0), [])
        try:
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError:
            count.broken += 1
            return Measured(result, picture=False)
        try:
            result.pieces = _upright(list(_Measure(page, text_page).pieces()), result)
        finally:
            text_page.close()
        picture = _is_picture(page, result)
        if picture and program:
            recognised = program.read(page.render(scale=ocr.DPI / 72, grayscale=True).to_pil(), ocr.DPI)
            if recognised.pieces and (not result.pieces or recognised.confidence >= ocr.SURE):
                page_ = Page(index + 1, result.width, result.height, recognised.pieces, recognised=True)
                return Measured(page_, picture=True)
        return Measured(result, picture)
    finally:
        page.close()


def _is_picture(page: Any, result: Page) -> bool:
    """No letters but something drawn; or a picture over the page under letters that make no words."""
    from pypdfium2 import raw

    objects = int(raw.FPDFPage_CountObjects(page))
    if not result.pieces:
        return objects > 0
    if objects > 2000:
        return False
    told = " ".join(piece.text for piece in result.pieces[:SAMPLE]).split()
    words = [word for word in (part.strip(AROUND) for part in told) if word]
    noise = sum(1 for word in words if not _is_word(word)) / max(len(words), 1)
    if len(words) > 20 and noise < LAYER_NOISE:
        return False
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    covered = 0.0
    for at in range(objects):
        item = raw.FPDFPage_GetObject(page, at)
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_IMAGE and raw.FPDFPageObj_GetBounds(
            item, left, bottom, right, top
        ):
            covered = max(covered, (right.value - left.value) * (top.value - bottom.value))
    letters = sum(len(piece.text) for piece in result.pieces)
    share = float(covered / (result.width * result.height))
    return share > 0.7 or (share > 0.15 and letters < 60)


def _is_word(word: str) -> bool:
    if word.isascii():
        return re.fullmatch(r"(?:[A-Z]?[a-z'-]+|[A-Z]+s?|[\d.,/-]+|[A-Za-z]\.?)", word) is not None and len(word) < 25
    return True


def _upright(pieces: list[tuple[Piece, int]], page: Page) -> list[Piece]:
    """The pieces of a page as it is read. Where most of the text runs sideways, the page is turned; else what runs
    sideways is a stamp in the margin, or the label of an axis, and no part of the text."""
    letters: dict[int, int] = {}
    for piece, angle in pieces:
        letters[angle] = letters.get(angle, 0) + len(piece.text)
    if not letters:
        return []
    main = max(letters, key=lambda angle: letters[angle])
    # What stands outside of the page as it is shown is not seen: the other half of a spread, printers' marks.
    kept = [
        piece
        for piece, angle in pieces
        if angle == main and 0 < piece.left + piece.right < 2 * page.width and 0 < piece.middle < page.height
    ]
    if main:
        width, height = page.width, page.height
        page.turned = main
        for piece in kept:
            box = piece.left, piece.top, piece.right, piece.bottom
            piece.left, piece.top, piece.right, piece.bottom = turned(box, main, width, height)
        if main in (1, 3):
            page.width, page.height = height, width
    return kept


class _Measure:
    """The lines of a text page with their places. PDFium is asked for as few letters as possible: a call for each
    would take longer than everything else."""

    def __init__(self, page: Any, text_page: Any) -> None:
        from pypdfium2 import raw

        self.raw = raw
        self.handle = text_page.raw
        self.text: str = text_page.get_text_range()
        self.direct = raw.FPDFText_CountChars(self.handle) == len(self.text.encode("utf-16-le", "surrogatepass")) // 2
        self.wide = not self.text.isascii() and any(letter > "\uffff" for letter in self.text)
        self.rotation = page.get_rotation() // 90 % 4
        self.left, self.bottom, self.right, self.top = page.get_bbox()
        self.box = raw.FS_RECTF()
        self.reference = ctypes.byref(self.box)
        self.name = ctypes.create_string_buffer(128)
        self.flags = ctypes.c_int()
        # Computer Modern without a table of its letters: its ligatures come as an arrow and as a letter without a name.
        self.ligatures = re.search(r"[a-z]\u21b5[a-z-]", self.text) is not None
        self.fonts: dict[tuple[bytes, int], tuple[bool, bool]] = {}

    def pieces(self) -> Iterator[tuple[Piece, int]]:
        """Each piece and the direction of its text as the page is shown, in quarters counter-clockwise."""
        start = 0
        ends = [
            (match.start(), match.end(), match[0] == SOFT_HYPHEN)
            for match in SEPARATORS.finditer(self.text)
            if match[0] != SOFT_HYPHEN or self._ends_line(match.start())
        ]
        for end, after, hyphen in [*ends, (len(self.text), len(self.text), False)]:
            yield from self._line(start, end, hyphen=hyphen)
            start = after

    def _line(self, start: int, end: int, *, hyphen: bool) -> Iterator[tuple[Piece, int]]:
        raw_line = self.text[start:end]
        stripped = raw_line.strip()
        if not CONTROL.sub("", stripped).strip():
            return
        start += len(raw_line) - len(raw_line.lstrip())
        end = start + len(stripped)
        angle = self._angle(start)
        first = self._place(start)
        height = max(self._height(first, angle), 0.1)
        words = [(match.start(), match.end()) for match in SPACES.finditer(stripped)]
        begin, piece_box, bold, mono = 0, first, *self._font(start)
        before = first
        tail_bold, tail_mono = self._font(end - 1) if words else (bold, mono)
        mono = mono and tail_mono
        switch = self._switch(start, words) if bold and not tail_bold else -1
        for space, word in words:
            before = self._place(start + space - 1) if space > begin + 1 else piece_box
            next_box = self._place(start + word)
            gap = self._gap(before, next_box, angle)
            if gap > GAP * height or gap < -3 * height or space == switch:
                yield self._piece(stripped[begin:space], (piece_box, before), (height, bold, mono), angle)
                begin, piece_box = word, next_box
                bold, mono = self._font(start + word)
                mono = mono and tail_mono
                height = max(self._height(next_box, angle), 0.1)
        last = self._place(end - 1) if end - start > begin + 1 else piece_box
        yield self._piece(stripped[begin:], (piece_box, last), (height, bold, mono), angle, hyphen=hyphen)

    def _ends_line(self, at: int) -> bool:
        """The sign for a hyphen at a line's end stands for letters without a name too, in the middle of a line."""
        if not 0 < at < len(self.text) - 1 or self.text[at + 1] in "\r\n":
            return True
        before, after = self._place(at - 1), self._place(at + 1)
        return after[0] < before[0] or after[1] > before[3] or after[3] < before[1]

    def _switch(self, start: int, words: list[tuple[int, int]]) -> int:
        """The space at which a line that begins bold goes on light."""
        low, high = 0, len(words) - 1
        while low < high:
            middle = (low + high) // 2
            if self._font(start + words[middle][1])[0]:
                low = middle + 1
            else:
                high = middle
        return words[low][0]

    def _index(self, at: int) -> int:
        if self.wide:
            at = len(self.text[:at].encode("utf-16-le", "surrogatepass")) // 2
        return at if self.direct else int(self.raw.FPDFText_GetCharIndexFromTextIndex(self.handle, at))

    def _place(self, at: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of a letter on the page as it is shown."""
        self.raw.FPDFText_GetLooseCharBox(self.handle, self._index(at), self.reference)
        box = self.box
        if self.rotation == 0:
            return box.left - self.left, self.top - box.top, box.right - self.left, self.top - box.bottom
        if self.rotation == 1:
            return box.bottom - self.bottom, box.left - self.left, box.top - self.bottom, box.right - self.left
        if self.rotation == 2:
            return self.right - box.right, box.bottom - self.bottom, self.right - box.left, box.top - self.bottom
        return self.top - box.top, self.right - box.right, self.top - box.bottom, self.right - box.left

    def _angle(self, at: int) -> int:
        angle = self.raw.FPDFText_GetCharAngle(self.handle, self._index(at))
        return (-round(angle / (math.pi / 2)) - self.rotation) % 4 if angle >= 0 else 0

    @staticmethod
    def _height(box: tuple[float, float, float, float], angle: int) -> float:
        return box[3] - box[1] if angle % 2 == 0 else box[2] - box[0]

    @staticmethod
    def _gap(one: tuple[float, ...], other: tuple[float, ...], angle: int) -> float:
        if angle == 0:
            return other[0] - one[2]
        if angle == 1:
            return one[1] - other[3]
        return one[0] - other[2] if angle == 2 else other[1] - one[3]

    def _font(self, at: int) -> tuple[bool, bool]:
        """Whether a letter is bold, and whether all letters of its font are as wide."""
        index = self._index(at)
        self.raw.FPDFText_GetFontInfo(self.handle, index, self.name, 128, ctypes.byref(self.flags))
        key = (self.name.value, self.flags.value)
        if key not in self.fonts:
            name = self.name.value.decode("utf-8", "replace")
            weight = self.raw.FPDFText_GetFontWeight(self.handle, index)
            light = re.search(r"regular|light|book|roman", name, re.IGNORECASE)
            bold = bool(BOLD.search(name)) or (weight >= BOLD_WEIGHT and not light)
            self.fonts[key] = (bold, bool(MONO.search(name)) or bool(self.flags.value & 1))
        return self.fonts[key]

    def _piece(
        self,
        text: str,
        ends: tuple[tuple[float, float, float, float], tuple[float, float, float, float]],
        letters: tuple[float, bool, bool],
        angle: int,
        *,
        hyphen: bool = False,
    ) -> tuple[Piece, int]:
        """`ends`: the boxes of the first and last letter; `letters`: their height, whether bold, whether monospaced."""
        first, last = ends
        if self.ligatures:
            text = text.replace("\u21b5", "ff").replace(SOFT_HYPHEN, "ffi")
        text = " ".join(CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8").split())
        left, right = min(first[0], last[0]), max(first[2], last[2])
        top, bottom = first[1], first[3]
        if angle % 2:
            top, bottom = min(first[1], last[1]), max(first[3], last[3])
        return Piece(text, left, top, right, bottom, *letters, hyphen), angle
