"""What an exported file is called: after its title, on every system a name that can be kept."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

MOST_BYTES: Final = 120
FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*%\x00-\x1f]')
# Names of devices, which Windows takes for them whatever the suffix.
DEVICE: Final = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def file_name(title: str, suffix: str) -> str:
    """`title` without what a file system refuses or what misleads the eye, at most 120 bytes, and `.suffix`."""
    visible = "".join(
        letter if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else " "
        for letter in unicodedata.normalize("NFC", title)
    )
    name = " ".join(FORBIDDEN.sub(" ", visible).split())
    name = name.encode()[:MOST_BYTES].decode("utf-8", "ignore").strip(" .")
    if not name or DEVICE.match(name):
        name = f"Conversation {name}".strip()
    return f"{name}.{suffix}"


def disposition(name: str) -> str:
    """Content-Disposition of a download (RFC 6266): an ASCII name for old clients, and the real one (RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip()
    if not plain or plain.startswith("."):
        plain = f"Conversation{plain}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
