"""What a picture is, told by its bytes alone: its type, its size, and whether all of it is there.

Nothing is decoded: a stranger's bytes meet no decoder in this process. The structure is walked instead, from the first
mark to the one that ends the picture, which tells a picture from whatever else carries its suffix, and a whole one from
one that was cut off.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from backend.errors import InvalidRequest, TooLarge, UnsupportedType

MediaType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]

LARGEST: Final = 10_000_000
"""Bytes of one picture. The page sends some hundred kB; a telephone's photograph has 3 to 8 MB."""

MOST_PIXELS: Final = 64_000_000
"""A picture of one colour says in 10 kB that it has a thousand million; the engine would unpack them."""

PNG: Final = b"\x89PNG\r\n\x1a\n"
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers SOF0 to SOF15, without the three among them that are tables."""

ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG's markers that no length follows: TEM and RST0 to RST7."""


@dataclass(frozen=True, slots=True)
class Look:
    """Width and height in pixels, of the first image of an animation."""

    media_type: MediaType
    width: int
    height: int


class _Broken(Exception):
    """The structure ends early, or is none."""


def look(data: bytes) -> Look:
    """Raises UnsupportedType (no picture of a kind that models read), TooLarge, InvalidRequest (damaged)."""
    if len(data) > LARGEST:
        raise TooLarge(
            f"A picture has {len(data) / 1e6:,.0f} MB; {LARGEST // 1_000_000} are the most. Scale it down first."
        )
    try:
        found = _look(data)
    except (_Broken, struct.error, IndexError) as error:
        raise InvalidRequest("A picture is damaged or was cut off. Save it anew and try again.") from error
    if found is None:
        raise UnsupportedType("This is no picture that models can read. Those are PNG, JPEG, WebP and GIF.")
    if found.width < 1 or found.height < 1:
        raise InvalidRequest("A picture has no width or no height. It is damaged.")
    if found.width * found.height > MOST_PIXELS:
        raise TooLarge(
            f"A picture has {found.width:,} × {found.height:,} pixels; {MOST_PIXELS // 1_000_000} million are the "
            "most. Scale it down first."
        )
    return found


def _look(data: bytes) -> Look | None:
    if data.startswith(PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _png(data: bytes) -> Look:
    """Chunks of (length, kind, content, CRC), IHDR first and IEND last (PNG, third edition, 5.3)."""
    at, size, pixels = len(PNG), (0, 0), False
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        (said,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(content, zlib.crc32(kind)) != said or (at == len(PNG)) != (kind == b"IHDR"):
            raise _Broken
        if kind == b"IHDR":
            size = struct.unpack_from(">II", content)
        pixels = pixels or kind == b"IDAT"
        if kind == b"IEND":
            break
        at += 12 + length
    if not pixels:
        raise _Broken
    return Look("image/png", *size)


def _jpeg(data: bytes) -> Look:
    """Segments of (0xFF, marker, length, content) up to the first scan, and EOI after it (ITU T.81, annex B)."""
    at, size = 2, None
    while True:
        if data[at] != 0xFF:
            raise _Broken
        marker = data[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        if marker in ALONE:
            at += 2
            continue
        if marker == 0xDA:
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        if length < 2 or marker == 0xD9:
            raise _Broken
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = (width, height)
        at += 2 + length
    # Cameras and programs write after the end; a scan itself never holds EOI.
    if size is None or data.find(b"\xff\xd9", at) < 0:
        raise _Broken
    return Look("image/jpeg", *size)


def _gif(data: bytes) -> Look:
    """The logical screen, then blocks of sub-blocks up to the trailer (GIF89a, sections 17 to 27)."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _table(flags)
    images = 0
    while (kind := data[at]) != 0x3B:
        if kind == 0x2C:
            images += 1
            at += 10 + _table(data[at + 9]) + 1
        elif kind == 0x21:
            at += 2
        else:
            raise _Broken
        while data[at]:
            at += 1 + data[at]
        at += 1
    if not images:
        raise _Broken
    return Look("image/gif", width, height)


def _table(flags: int) -> int:
    """Bytes of the colour table that follows."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes) -> Look:
    """RIFF's size, then the first chunk, which tells the canvas (RFC 9649, section 2)."""
    kind = data[12:16]
    (size,) = struct.unpack_from("<I", data, 4)
    if size + 8 > len(data) or struct.unpack_from("<I", data, 16)[0] + 12 > size:
        raise _Broken
    if kind == b"VP8X":
        packed = data[24:30]
        width, height = (1 + int.from_bytes(packed[start : start + 3], "little") for start in (0, 3))
        if not any(chunk in data[30:] for chunk in (b"VP8 ", b"VP8L", b"ANMF")):
            raise _Broken
    elif kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise _Broken
    return Look("image/webp", width, height)
