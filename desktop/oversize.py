"""What happens to a request whose body cannot be taken: refused in our own words, and so that they arrive.

waitress refuses a body over the limit as soon as it has read the headers, and closes; on a full disk, where it cannot
keep a body, it closes without a word. A client that is still sending is then reset and loses the answer with the
connection: a browser says "network error" where "the files are too large" was meant. So the body is read to its end and
thrown away (2 GB take a second or two over loopback); who asked first (`Expect: 100-continue`, as curl does) is told no
at once and sends nothing.
"""

from __future__ import annotations

import json
from typing import Any, Final

from waitress.parser import HTTPRequestParser
from waitress.utilities import Error, RequestEntityTooLarge

from backend.errors import DiskFull, LocalChatError, TooLarge, from_storage

PATIENCE: Final = 16 * 1024**3
"""Bytes that are read for nothing at most; above it the connection is closed on whoever sends them."""


class Refusal(Error):  # type: ignore[misc]
    """One of our errors, as waitress answers with its own."""

    def __init__(self, error: LocalChatError) -> None:
        self.code = error.status
        self.reason = error.code
        self.body = json.dumps({"error": error.code, "message": error.message})

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:  # noqa: ARG002 - waitress's signature
        return f"{self.code} {self.reason}", [("Content-Type", "application/json")], self.body.encode()


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """One request of waitress's."""

    error: Any
    expect_continue: bool
    _unwanted = 0
    """Bytes of a refused body that are still to come."""

    def received(self, data: bytes) -> int:
        """Takes in what came; how many bytes of it belong to this request."""
        if self._unwanted:
            taken = min(self._unwanted, len(data))
            self._unwanted -= taken
            self.completed = not self._unwanted
            return taken
        before = self.body_bytes_received
        try:
            taken = int(super().received(data))
        except OSError as error:
            known = from_storage(error) or DiskFull("The files could not be kept while they arrived. Try again.")
            left = max(0, self.content_length - before)
            self._refuse(known, max(0, left - len(data)))
            return min(len(data), left) or len(data)
        if isinstance(self.error, RequestEntityTooLarge):
            refusal = TooLarge("This is more than LocalChat takes at once. Add fewer files, or smaller ones.")
            self._refuse(refusal, 0 if self.chunked or self.expect_continue else self.content_length)
        return taken

    def _refuse(self, error: LocalChatError, unwanted: int) -> None:
        self.error = Refusal(error)
        self.expect_continue = False
        self._unwanted = unwanted if unwanted <= PATIENCE else 0
        self.completed = not self._unwanted
