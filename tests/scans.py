"""Pages that are pictures, drawn here: so it is known where each word of them stands."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).resolve().parents[1] / "backend" / "services" / "transfer" / "fonts" / "DejaVuSans.ttf"
SIZE = (1240, 1754)
"""Points of an A4 page at 150 dpi."""

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs the tesseract program")

Place = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """A picture, and where each word's ink stands in it: (word, (left, top, right, bottom)), shares of the picture."""

    picture: Image.Image
    words: list[tuple[str, Place]]

    def place(self, *words: str) -> Place:
        """Of neighbouring words on one line."""
        told = [word for word, _ in self.words]
        at = next(at for at in range(len(told)) if told[at : at + len(words)] == list(words))
        found = [place for _, place in self.words[at : at + len(words)]]
        return found[0][0], min(one[1] for one in found), found[-1][2], max(one[3] for one in found)

    def png(self, dpi: int = 150) -> bytes:
        data = io.BytesIO()
        self.picture.save(data, "PNG", dpi=(dpi, dpi))
        return data.getvalue()

    def pdf(self, dpi: int = 150) -> bytes:
        """A page that is nothing but this picture."""
        data = io.BytesIO()
        self.picture.save(data, "PDF", resolution=dpi)
        return data.getvalue()


def sheet(
    lines: Sequence[str],
    *,
    size: tuple[int, int] = SIZE,
    left: int = 150,
    top: int = 300,
    letters: int = 32,
    ink: str = "black",
    paper: str = "white",
) -> Sheet:
    picture = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(FONT, letters)
    words: list[tuple[str, Place]] = []
    for number, line in enumerate(lines):
        x, y = float(left), float(top + number * letters * 1.7)
        for word in line.split():
            box = draw.textbbox((x, y), word, font=font)
            draw.text((x, y), word, fill=ink, font=font)
            words.append((word, (box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1])))
            x += draw.textlength(word + " ", font=font)
    return Sheet(picture, words)


def covered(place: Place, boxes: Sequence[Place]) -> float:
    """The share of a place that boxes, which do not overlap, cover."""
    left, top, right, bottom = place
    return sum(
        max(0.0, min(right, box[2]) - max(left, box[0])) * max(0.0, min(bottom, box[3]) - max(top, box[1]))
        for box in boxes
    ) / ((right - left) * (bottom - top))
