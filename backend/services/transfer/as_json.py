"""Conversations as LocalChat's own JSON: everything there is of them, to be imported again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Final

from backend.stores.conversations import Conversation

FORMAT: Final = "localchat-conversations"
VERSION: Final = 1
LEFT_OUT: Final = frozenset({"answering"})


def render(conversations: Sequence[tuple[Conversation, str | None]]) -> bytes:
    """Each with where it was imported from. The conversations come last, so that a reader knows what they are."""
    body = {
        "format": FORMAT,
        "version": VERSION,
        "conversations": [_plain(conversation, origin) for conversation, origin in conversations],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _plain(conversation: Conversation, origin: str | None) -> dict[str, Any]:
    # Without `dataclasses.asdict`, which copies every passage of every answer.
    fields = {
        field.name: getattr(conversation, field.name)
        for field in dataclasses.fields(conversation)
        if field.name not in LEFT_OUT and field.name != "messages"
    }
    messages = [
        {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
        for message in conversation.messages
    ]
    return {**fields, "origin": origin, "messages": messages}
