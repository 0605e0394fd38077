"""Which font of a PDF draws which character.

DejaVu Sans comes with LocalChat and is embedded: Latin, Greek, Cyrillic, Armenian, Georgian, many signs. Chinese,
Japanese and Korean name the standard fonts that every PDF reader stands in for from its own (a font of theirs would be
20 MB). A sign that neither draws, most emoji, becomes its Unicode name in brackets; a letter becomes ▯. Arabic and
Hebrew are not laid out: ReportLab knows neither joining nor their direction. The PDF says so at its end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

SANS: Final = "DejaVuSans"
MONO: Final = "DejaVuSansMono"
FILES: Final = (SANS, f"{SANS}-Bold", f"{SANS}-Oblique", MONO)

CHINESE: Final = "STSong-Light"
JAPANESE: Final = "HeiseiMin-W3"
KOREAN: Final = "HYSMyeongJo-Medium"
IDEOGRAPHIC: Final = frozenset({CHINESE, JAPANESE})

KANA: Final = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
EAST_ASIAN: Final = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]")
# Joiners, variation selectors, marks of direction: they have no look of their own.
INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")
MISSING: Final = "▯"


class Faces:
    """The fonts of one document, and what they could not draw."""

    def __init__(self) -> None:
        self._known = _register()
        self._han = CHINESE
        self._missing: set[str] = set()
        self._east_asian = False
        self._right_to_left = False

    def learn(self, texts: Iterable[str]) -> None:
        """Chinese characters are drawn as Japanese ones where the texts hold kana."""
        if any(KANA.search(text) for text in texts):
            self._han = JAPANESE

    def stretches(self, text: str, font: str, *, bold: bool = False, italic: bool = False) -> list[tuple[str, str]]:
        """(font, text) of each stretch of `text` in a font that has it."""
        face = font
        if font == SANS and (bold or italic):
            face = f"{SANS}-Bold" if bold else f"{SANS}-Oblique"
        return [(name or face, part) for name, part in self._stretches(text, face)]

    def known(self, text: str) -> str:
        """`text` in what the plain font has, for the foot of the page."""
        known = self._known[SANS]
        return "".join(letter for letter in text if ord(letter) in known)

    def notes(self) -> list[str]:
        found = []
        if self._missing:
            scripts = ", ".join(sorted({_script(letter) for letter in self._missing}))
            found.append(
                f"Some characters are not in the fonts of this PDF and stand here as ▯ ({scripts}). "
                "The Word and web page exports have them."
            )
        if self._right_to_left:
            found.append(
                "Arabic and Hebrew are not laid out from right to left in this PDF. "
                "The Word and web page exports show them as they should be."
            )
        if self._east_asian:
            found.append(
                "Chinese, Japanese and Korean characters are drawn with the fonts of the program that shows this PDF."
            )
        return found

    def _stretches(self, text: str, face: str) -> list[tuple[str, str]]:
        """(font, text) in order; an empty font is `face`."""
        known = self._known[face]
        if not set(map(ord, set(text))) - known - {10}:
            self._right_to_left = self._right_to_left or bool(RIGHT_TO_LEFT.search(text))
            return [("", text)]
        parts: list[tuple[str, str]] = []
        for letter in INVISIBLE.sub("", text):
            name, drawn = self._drawn(letter, known)
            if parts and parts[-1][0] == name:
                parts[-1] = (name, parts[-1][1] + drawn)
            else:
                parts.append((name, drawn))
        return parts

    def _drawn(self, letter: str, known: frozenset[int]) -> tuple[str, str]:
        if RIGHT_TO_LEFT.match(letter):
            self._right_to_left = True
        if letter == "\n" or ord(letter) in known:
            return "", letter
        if EAST_ASIAN.match(letter):
            self._east_asian = True
            return (KOREAN if HANGUL.match(letter) else self._han), letter
        if ord(letter) in self._known[SANS]:
            return SANS, letter
        if letter.isspace():
            return "", " "
        if unicodedata.category(letter) in ("So", "Sk", "Sm", "Sc", "Po"):
            return "", f"[{unicodedata.name(letter, 'sign').lower()}]"
        self._missing.add(letter)
        return (SANS, MISSING) if ord(MISSING) not in known else ("", MISSING)


def _script(letter: str) -> str:
    """The first word of its Unicode name, which for letters is the script: DEVANAGARI, THAI."""
    return unicodedata.name(letter, "unknown").split()[0].split("-")[0].capitalize()


@cache
def _register() -> dict[str, frozenset[int]]:
    """Makes the fonts known to ReportLab, once; the code points that each has."""
    from reportlab import rl_config
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    # Text around compressed data, for channels of seven bits: a quarter more bytes, and slow to make.
    rl_config.useA85 = 0
    known: dict[str, frozenset[int]] = {}
    for name in FILES:
        font: Any = TTFont(name, Path(__file__).parent / "fonts" / f"{name}.ttf")
        pdfmetrics.registerFont(font)
        pdfmetrics.registerFontFamily(name, normal=name, bold=name, italic=name, boldItalic=name)
        # Beyond the first plane ReportLab notes the wrong character for copying and searching.
        known[name] = frozenset(code for code in font.face.charToGlyph if code <= 0xFFFF)
    for name in (CHINESE, JAPANESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return known
