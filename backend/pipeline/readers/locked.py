"""Office files under a password: Office packs them whole into an OLE container, old workbooks record by record."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Final

from backend.errors import EncryptedDocument
from backend.pipeline.readers.formats import damaged

OFFICE_S_OWN: Final = "VelvetSweatshop"
"""The password with which Excel locks what anybody may open and nobody change ([MS-OFFCRYPTO] 2.4.2.3)."""


def unlocked(path: Path, filename: str, password: str | None) -> io.BytesIO:
    """The file as it was before it was locked, in memory alone.

    Raises EncryptedDocument (the password is missing or wrong), DamagedDocument.
    """
    for attempt in (password, OFFICE_S_OWN) if password else (OFFICE_S_OWN,):
        found = _opened(path, filename, attempt)
        if found is not None:
            return found
    raise refused(filename, password)


def refused(filename: str, password: str | None) -> EncryptedDocument:
    """`password`: the one that was tried, if any."""
    if password:
        return EncryptedDocument(
            f"That is not the password of {filename}. Enter it to have the file read.",
            "password_wrong",
            filename=filename,
        )
    return EncryptedDocument(
        f"A password is needed to open {filename}. Enter it to have the file read.",
        "password_needed",
        filename=filename,
    )


def closed(filename: str) -> EncryptedDocument:
    """Where its password would not help: nothing here decrypts its format."""
    return EncryptedDocument(
        f"{filename} is protected by a password. Open it in its program, save a copy without the password "
        "and add that.",
        "document_locked",
        filename=filename,
    )


def _opened(path: Path, filename: str, password: str) -> io.BytesIO | None:
    """None when it is not the password. Raises DamagedDocument."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = io.BytesIO()
    try:
        with path.open("rb") as file:
            office = msoffcrypto.OfficeFile(file)
            if isinstance(office, OOXMLFile):
                office.load_key(password=password, verify_password=True)
            else:
                office.load_key(password=password)
            office.decrypt(plain)
    except InvalidKeyError:
        return None
    except (DecryptionError, FileFormatError, ParseError) as error:
        raise damaged(filename) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, struct.error) as error:
        raise damaged(filename) from error
    plain.seek(0)
    return plain
