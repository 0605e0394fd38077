"""Pictures of text through the tesseract program, where it is installed."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from backend.errors import ScannedDocument
from backend.pipeline.readers import ruled
from backend.pipeline.readers.blocks import Notice
from backend.pipeline.readers.layout import GAP, Piece
from backend.pipeline.readers.ruled import Word

DPI: Final = 200
"""Of a page that is drawn for recognition: 2.1 s a page were measured, and more points found no more words."""

SURE: Final = 75.0
"""Mean confidence, in percent, from which the recognised text is taken for what stands there."""

HARDLY: Final = 50.0
DOUBTFUL: Final = 0.04
"""Share of hardly recognised letters from which another language is tried."""

DARK: Final = 100
"""Of 255: median brightness of a picture below which it is read both as it is and turned round."""

PAGE: Final = "3"
COLUMN: Final = "6"
"""How the program is to take a picture apart: a page with whatever it has; lines under each other."""

FEW: Final = 0.03
"""Share of letters of other scripts up to which they are taken for misreadings."""

FIRST_FOREIGN: Final = "\u0370"
"""Greek is the first script after the Latin letters."""

SECONDS: Final = 120
MOST_LANGUAGES: Final = 4


@dataclass(frozen=True, slots=True)
class Recognised:
    """`confidence`: of the words, in percent. `doubtful`: share of the letters that were hardly recognised at all."""

    pieces: list[Piece]
    confidence: float
    doubtful: float


@dataclass(frozen=True, slots=True)
class Read:
    """The words of a picture, by their lines. `letters`: how many were recognised; the others as in Recognised."""

    lines: list[list[Word]]
    letters: int
    confidence: float
    doubtful: float


class Tesseract:
    def __init__(self, program: str, languages: list[str]) -> None:
        self._program, self._languages = program, languages

    @staticmethod
    def find() -> Tesseract | None:
        """The installed program, or None."""
        program = shutil.which("tesseract")
        if program is None and sys.platform == "win32":
            usual = Path(os.environ.get("PROGRAMFILES", r"C:\Program Files")) / "Tesseract-OCR" / "tesseract.exe"
            program = str(usual) if usual.is_file() else None
        return Tesseract(program, []) if program else None

    def read(self, picture: Any, dpi: float) -> Recognised:
        """The lines of a picture, in points. Empty when the program fails on it.

        The cells of ruled tables are recognised apart from the page: across the rules of a table the program takes
        several rows for one line, and leaves out the cells of a single figure.
        """
        import numpy as np

        grey = np.array(picture.convert("L"))
        if float(np.median(grey)) >= DARK:
            return self._lines(grey, dpi)
        # Light letters on a dark screen, or a sheet on a dark table: one of the two is read well.
        tried = [self._lines(255 - grey, dpi), self._lines(grey, dpi)]
        return max(tried, key=lambda one: one.confidence * sum(len(piece.text) for piece in one.pieces))

    def _lines(self, grey: Any, dpi: float) -> Recognised:
        """`grey`: brightness, height × width; the ruled tables that are found are wiped out of it."""
        scale = 72 / dpi
        parts: list[Read] = []
        tables: list[Piece] = []
        for table in ruled.ruled_tables(grey, dpi):
            stack = ruled.stacked(grey, table, dpi)
            if stack is None:
                continue
            read = self._read(stack.picture, dpi * stack.factor, COLUMN)
            found = ruled.pieces_of_table(table, stack, read.lines, scale)
            if found:
                parts.append(read)
                tables.extend(found)
                box = table.box
                grey[box.top : box.bottom + 1, box.left : box.right + 1] = 255
        page = self._read(ruled.unlined(grey, dpi), dpi, PAGE)
        parts.append(page)
        pieces = [piece for words in page.lines for piece in _line([ruled.scaled(word, scale) for word in words])]
        letters = max(sum(part.letters for part in parts), 1)
        return Recognised(
            pieces + tables,
            sum(part.confidence * part.letters for part in parts) / letters,
            sum(part.doubtful * part.letters for part in parts) / letters,
        )

    def _read(self, grey: Any, dpi: float, layout: str) -> Read:
        """English first, which reads every Latin script; with what else is installed only where that is unsure, and
        only if letters of that are found: in a text that is hard to read it sees its own here and there."""
        from PIL import Image

        data = io.BytesIO()
        Image.fromarray(grey).save(data, "PNG", compress_level=1)
        first = self._recognise(data.getvalue(), "eng" if "eng" in self._installed() else "", dpi, layout)
        others = [name for name in self._installed() if name not in ("eng", "osd", "equ")]
        if not others or (first.confidence >= SURE + 10 and first.doubtful < DOUBTFUL):
            return first
        # The first one's rules divide a line into words; Korean by English ones falls apart into syllables.
        every = "+".join([*others[: MOST_LANGUAGES - 1], *(["eng"] if "eng" in self._languages else [])])
        second = self._recognise(data.getvalue(), every, dpi, layout)
        better = second.confidence > first.confidence or second.doubtful < first.doubtful
        return second if better and (_foreign(second) > FEW or _foreign(second) == 0) else first

    def _installed(self) -> list[str]:
        if not self._languages:
            answer = self._run(["--list-langs"], b"")
            self._languages = [line.strip() for line in answer.splitlines()[1:] if line.strip()] or ["eng"]
        return self._languages

    def _recognise(self, picture: bytes, languages: str, dpi: float, layout: str) -> Read:
        options = ["stdin", "stdout", "--dpi", str(round(dpi)), "--psm", layout]
        return words_of(self._run([*options, *(["-l", languages] if languages else []), "tsv"], picture))

    def _run(self, options: list[str], data: bytes) -> str:
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        try:
            done = subprocess.run(
                [self._program, *options],
                input=data,
                capture_output=True,
                timeout=SECONDS,
                env=environment,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode("utf-8", "replace")


def _foreign(read: Read) -> float:
    """The share of letters that are no Latin ones."""
    letters = [letter for line in read.lines for word in line for letter in word[0] if letter.isalpha()]
    return sum(1 for letter in letters if letter >= FIRST_FOREIGN) / max(len(letters), 1)


def words_of(table: str) -> Read:
    """tesseract's TSV (a word a line, with its block, paragraph, line, box and confidence) → the words of each line."""
    lines: dict[tuple[str, ...], list[Word]] = {}
    confidences: list[tuple[float, int]] = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        try:
            confidence = float(row["conf"])
            left, top = float(row["left"]), float(row["top"])
            right, bottom = left + float(row["width"]), top + float(row["height"])
        except (KeyError, TypeError, ValueError):
            continue
        if not text or confidence < 0:
            continue
        confidences.append((confidence, len(text)))
        if confidence < 20 or (len(text) == 1 and not text.isalnum() and confidence < 60):
            continue
        key = tuple(str(row[name]) for name in ("block_num", "par_num", "line_num"))
        lines.setdefault(key, []).append((text, left, top, right, bottom))
    letters = sum(count for _, count in confidences)
    mean = sum(confidence * count for confidence, count in confidences) / letters if letters else 0.0
    doubtful = sum(count for confidence, count in confidences if confidence < HARDLY)
    return Read(list(lines.values()), letters, mean, doubtful / letters if letters else 0.0)


def _line(words: list[Word]) -> list[Piece]:
    size = median(bottom - top for _, _, top, _, bottom in words) * 1.15
    groups: list[list[Word]] = []
    for word, ruled_off in _unruled(words):
        if groups and not ruled_off and word[1] - groups[-1][-1][3] < GAP * size:
            groups[-1].append(word)
        else:
            groups.append([word])
    found = []
    for group in groups:
        text = " ".join(word[0] for word in group)
        hyphen = text.endswith("-") and text[-2:-1].isalpha() and group is groups[-1]
        found.append(
            Piece(
                text.removesuffix("-") if hyphen else text,
                group[0][1],
                min(word[2] for word in group),
                group[-1][3],
                max(word[4] for word in group),
                size,
                hyphen=hyphen,
                words=tuple((word[1], word[3]) for word in group),
            )
        )
    return found


def _unruled(words: list[Word]) -> Iterator[tuple[Word, bool]]:
    """The rules of a table are taken for bars between its words: (word, whether a bar stands before it)."""
    ruled_off = False
    for text, left, top, right, bottom in words:
        letter = (right - left) / len(text)
        at = 0
        for number, part in enumerate(text.split("|")):
            ruled_off = ruled_off or number > 0
            if part:
                yield (part, left + at * letter, top, left + (at + len(part)) * letter, bottom), ruled_off
                ruled_off = False
            at += len(part) + 1


def notice(count: int, program: Tesseract | None) -> Notice:
    """What to tell of pages that are pictures and were not read."""
    pages = f"{count} pages are scans" if count > 1 else "1 page is a scan"
    if program is None:
        them = "them" if count > 1 else "it"
        return Notice("Scans", count, f"{pages}; install tesseract to read {them}.")
    return Notice("UnreadScans", count, f"{pages} in which no text was recognised.")


def refusal(filename: str, count: int, program: Tesseract | None) -> ScannedDocument:
    """Why a document of nothing but pictures was not read."""
    if program is None:
        pages = f"All {count} pages of {filename} are scans" if count > 1 else f"{filename} is a scan"
        return ScannedDocument(
            f"{pages}; install tesseract to read {'them' if count > 1 else 'it'}, then try again.",
            "scans_need_tesseract",
            filename=filename,
            pages=count,
        )
    return ScannedDocument(
        f"No text was recognised in {filename}: it is a picture, or a scan that is too faint.",
        "scan_unreadable",
        filename=filename,
    )
