"""What a picture is, told by its bytes: every type, every cut, and what only pretends to be one."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from backend.errors import InvalidRequest, LocalChatError, TooLarge, UnsupportedType
from backend.pipeline.pictures import LARGEST, Look, look
from tests.pictures import noise, picture

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

KINDS = [
    ("PNG", "image/png", {}),
    ("JPEG", "image/jpeg", {}),
    ("JPEG", "image/jpeg", {"progressive": True}),
    ("GIF", "image/gif", {}),
    ("WEBP", "image/webp", {}),
    ("WEBP", "image/webp", {"lossless": True}),
    ("WEBP", "image/webp", {"exif": b"Exif\0\0abc"}),
]
kinds = pytest.mark.parametrize(("kind", "media_type", "options"), KINDS)


@kinds
def test_type_and_size_are_read_from_the_bytes(kind: str, media_type: str, options: dict[str, object]) -> None:
    assert look(noise(kind, 123, 77, **options)) == Look(media_type, 123, 77)  # type: ignore[arg-type]


@kinds
def test_one_that_is_cut_off_anywhere_is_refused(kind: str, media_type: str, options: dict[str, object]) -> None:
    data = noise(kind, 60, 40, **options)
    # The last two bytes of JPEG are its end; of the others the last one is a part of it.
    for cut in range(len(data) - 1):
        with pytest.raises(LocalChatError):
            look(data[:cut])


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_has_the_size_of_its_canvas(kind: str) -> None:
    out = io.BytesIO()
    first, *rest = [Image.effect_noise((50, 40), 60) for _ in range(3)]
    first.save(out, kind, save_all=True, append_images=rest)
    found = look(out.getvalue())
    assert (found.width, found.height) == (50, 40)


def test_what_a_camera_writes_after_the_end_does_no_harm() -> None:
    assert look(noise("JPEG", 30, 20) + b"\0" * 100).width == 30


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"",
        b"GIF",
        b"BM" + b"\0" * 60,
        b"\0\0\0\x1cftypavif",
        b"<html>",
        b"RIFF1234WAVE",
    ],
)
def test_anything_else_is_no_picture_whatever_it_is_called(data: bytes) -> None:
    with pytest.raises(UnsupportedType, match="PNG, JPEG, WebP and GIF"):
        look(data)


def test_a_picture_with_another_inside_is_what_its_first_bytes_say() -> None:
    assert look(picture("PNG") + SVG).media_type == "image/png"


def test_a_changed_byte_of_a_png_is_noticed() -> None:
    data = bytearray(noise("PNG"))
    data[len(data) // 2] ^= 1
    with pytest.raises(InvalidRequest, match="damaged"):
        look(bytes(data))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 1_000), (8_001, 8_000)])
def test_a_small_file_that_unpacks_to_a_giant_is_refused(width: int, height: int) -> None:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(TooLarge, match="pixels"):
        look(bomb)


def test_one_of_no_size_is_damaged() -> None:
    header = struct.pack(">IIBBBBB", 0, 10, 8, 2, 0, 0, 0)
    empty = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises(InvalidRequest, match="no width"):
        look(empty)


def test_more_bytes_than_are_taken_are_not_even_looked_at() -> None:
    with pytest.raises(TooLarge, match="10 are the most"):
        look(b"\x89PNG\r\n\x1a\n" + bytes(LARGEST))
