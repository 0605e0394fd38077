"""Pictures for tests, made by Pillow: real ones of every type that a question can carry."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

from PIL import Image


def picture(kind: str = "PNG", width: int = 64, height: int = 48, colour: str = "teal", **options: Any) -> bytes:
    """`kind` as Pillow names it: PNG, JPEG, WEBP, GIF."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind, **options)
    return out.getvalue()


def noise(kind: str = "PNG", width: int = 64, height: int = 48, **options: Any) -> bytes:
    """One that does not compress."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def base64(data: bytes) -> str:
    return b64encode(data).decode()
