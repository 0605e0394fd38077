"""What a file is called, made safe to show. It is never used as a path."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final

MOST_BYTES: Final = 255


def shown_name(given: str) -> str:
    """The last component, without control characters and without those that turn the direction of writing.

    At most 255 bytes of UTF-8, its suffix kept; "unnamed" when nothing is left.
    """
    text = given.encode("utf-8", "replace").decode("utf-8")
    name = re.split(r"[/\\]", text)[-1]
    # Cc: control; Cf: invisible, as the override that shows "exe.pdf" for "fdp.exe"; Zl, Zp: line separators.
    name = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    name = unicodedata.normalize("NFC", name).strip()
    if name in ("", ".", ".."):
        return "unnamed"
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > 20:
        suffix = ""
    stem = name.removesuffix(suffix).encode()[: MOST_BYTES - len(suffix.encode())]
    return stem.decode("utf-8", "ignore") + suffix
