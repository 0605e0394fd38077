"""A conversation as a reader found it in a file, before it is ours."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from backend.services.transfer.values import UNTITLED, now, title
from backend.stores.imports import ImportedConversation, ImportedMessage

LONGEST_ID: Final = 200
TITLE_FROM_QUESTION: Final = 60


@dataclass(frozen=True, slots=True)
class Found:
    """`identity` is the id it has in `source`, or empty. `remarks`: what was not understood, as sentences.

    keep_id: it was ours, and gets its id back. origin: where ours had it from.
    """

    source: Literal["chatgpt", "open-webui", "localchat"]
    identity: str
    title: str
    created_at: str | None
    updated_at: str | None
    leaf: str | None
    messages: Sequence[ImportedMessage]
    remarks: list[str] = field(default_factory=list)
    keep_id: bool = False
    origin: str | None = None

    def ours(self) -> ImportedConversation:
        times = [message.created_at for message in self.messages]
        created = self.created_at or (min(times) if times else now())
        return ImportedConversation(
            origin=self.origin or f"{self.source}:{self._name()}",
            title=self.title,
            created_at=created,
            updated_at=self.updated_at or (max(times) if times else created),
            leaf=self.leaf,
            messages=self.messages,
            identity=self.identity if self.keep_id else None,
        )

    def _name(self) -> str:
        """Its id; where it has none, or one that is no id, what it says, so that the same file twice is the same."""
        if 0 < len(self.identity) <= LONGEST_ID:
            return self.identity
        # Not the times: a message without one gets the time of the import.
        digest = hashlib.sha256(repr((self.identity, self.title)).encode("utf-8", "replace"))
        for message in self.messages:
            digest.update(repr((message.role, message.content, message.parent)).encode("utf-8", "replace"))
        return f"sha256-{digest.hexdigest()}"


def read_title(value: object, messages: Sequence[ImportedMessage]) -> str:
    """The given title, else the beginning of the first question."""
    if given := title(value):
        return given
    first = next((title(message.content[:500]) for message in messages if message.role == "user"), "")
    return (first if len(first) <= TITLE_FROM_QUESTION else first[:TITLE_FROM_QUESTION].rstrip() + "…") or UNTITLED
