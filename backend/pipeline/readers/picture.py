"""Pictures of text: PNG, JPEG, TIFF (a page a frame), WebP, GIF, BMP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.errors import TooLarge
from backend.pipeline.readers import ocr
from backend.pipeline.readers.blocks import Batch, HeadingPath
from backend.pipeline.readers.formats import Format, damaged
from backend.pipeline.readers.furniture import Furniture
from backend.pipeline.readers.printed import Page, body_size, page_blocks

MOST_POINTS: Final = 100_000_000
"""Of one picture: 400 MB once it is unpacked. A page at 600 dpi has 35 million."""

SHARP: Final = 1600
"""Points across below which a picture is enlarged: small print is then recognised better."""


def read(path: Path, filename: str, _format: Format, _password: str | None) -> Iterator[Batch]:
    """Raises DamagedDocument, TooLarge, ScannedDocument (tesseract is missing, or found no text)."""
    from PIL import Image, ImageSequence

    program = ocr.Tesseract.find()
    try:
        with warnings.catch_warnings(), Image.open(path) as picture:
            warnings.simplefilter("ignore")
            if picture.width * picture.height > MOST_POINTS:
                raise TooLarge(
                    f"{filename} is a picture of {picture.width} × {picture.height} points. Make it smaller."
                )
            picture.seek(0)
            total = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            if program is None:
                picture.load()
                raise ocr.refusal(filename, total, None)
            yield from _frames(ImageSequence.Iterator(picture), total, filename, program)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise damaged(filename) from error


def _frames(frames: Any, total: int, filename: str, program: ocr.Tesseract) -> Iterator[Batch]:
    path, furniture = HeadingPath(), Furniture(total)
    unread = 0
    for number, stored in zip(range(1, total + 1), frames, strict=False):
        if stored.width * stored.height > MOST_POINTS:
            raise TooLarge(f"{filename} holds a picture of {stored.width} × {stored.height} points. Make it smaller.")
        frame = _upright(stored)
        dpi = _dpi(frame)
        result = program.read(_enlarged(frame), dpi * _factor(frame))
        page = Page(number, frame.width * 72 / dpi, frame.height * 72 / dpi, result.pieces, recognised=True)
        unread += not page.pieces
        page = furniture.without(page)
        blocks = tuple(page_blocks(page, body_size([page]), path))
        notices = (ocr.notice(unread, program),) if number == total and unread else ()
        yield Batch(blocks, number, total, total, unread, notices=notices)
    if unread == total:
        raise ocr.refusal(filename, total, program)


def _upright(frame: Any) -> Any:
    """As it is shown: a camera that was held on its side says so in the file."""
    from PIL import ImageOps
    from PIL.ExifTags import Base

    return ImageOps.exif_transpose(frame) if frame.getexif().get(Base.Orientation, 1) != 1 else frame


def _dpi(frame: Any) -> float:
    told = frame.info.get("dpi", (0, 0))[0]
    return float(told) if 60 <= told <= 1200 else 150.0


def _factor(frame: Any) -> int:
    return 2 if frame.width < SHARP else 1


def _enlarged(frame: Any) -> Any:
    from PIL import Image

    # Transparent pictures are shown on white.
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        frame = Image.alpha_composite(Image.new("RGBA", frame.size, "white"), frame.convert("RGBA"))
    grey = frame.convert("L")
    factor = _factor(frame)
    return grey.resize((grey.width * factor, grey.height * factor), Image.Resampling.LANCZOS) if factor > 1 else grey
