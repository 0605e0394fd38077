"""Pictures that come with a question, or with a conversation from a file: checked before anything else is done."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from typing import Final

from backend.errors import InvalidRequest, TooLarge
from backend.pipeline.pictures import LARGEST, look
from backend.stores.pictures import Image

MOST: Final = 8
"""Pictures of one question. At the page's size they fill a window of 16,000 tokens."""

LARGEST_TOGETHER: Final = 24_000_000
"""Bytes of all pictures of one question."""


def check_count(pictures: int) -> None:
    """Raises InvalidRequest."""
    if pictures > MOST:
        raise InvalidRequest(
            f"The question has {pictures:,} pictures; {MOST} are the most. Leave some out.",
            "pictures_too_many",
            pictures=pictures,
            most=MOST,
        )


def arrived(images: Sequence[str]) -> list[Image]:
    """Those of a question, in base64. Raises InvalidRequest, UnsupportedType, TooLarge."""
    if sum(map(len, images)) > LARGEST_TOGETHER * 4 / 3 + 4 * MOST:
        raise TooLarge(
            f"The pictures together are larger than {LARGEST_TOGETHER // 1_000_000} MB. Leave some out, or scale them "
            "down first.",
            "pictures_too_large",
            size=LARGEST_TOGETHER,
        )
    return [picture(image) for image in images]


def picture(image: str) -> Image:
    """One in base64. Raises InvalidRequest, UnsupportedType, TooLarge."""
    if len(image) > LARGEST * 4 // 3 + 4:
        raise TooLarge(
            f"A picture is larger than {LARGEST // 1_000_000} MB. Scale it down first.",
            "picture_too_large",
            size=LARGEST,
        )
    try:
        data = b64decode(image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("A picture is not valid base64. Send its bytes in base64, with no prefix.") from error
    if not data:
        raise InvalidRequest("A picture is empty.")
    found = look(data)
    return Image.of(data, found.media_type, found.width, found.height)
