"""Conversations as LocalChat's own JSON: everything there is of them, to be imported again."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final

from backend.stores.conversations import Conversation
from backend.stores.pictures import Picture

FORMAT: Final = "localchat-conversations"
VERSION: Final = 1
LEFT_OUT: Final = frozenset({"answering"})


def render(conversations: Sequence[tuple[Conversation, str | None]], data: Callable[[str], bytes]) -> bytes:
    """Each with where it was imported from. The conversations come last, so that a reader knows what they are.

    data: the bytes of a picture, by its id.
    """
    body = {
        "format": FORMAT,
        "version": VERSION,
        "conversations": [_plain(conversation, origin, data) for conversation, origin in conversations],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _plain(conversation: Conversation, origin: str | None, data: Callable[[str], bytes]) -> dict[str, Any]:
    # Without `dataclasses.asdict`, which copies every passage of every answer.
    fields = {
        field.name: getattr(conversation, field.name)
        for field in dataclasses.fields(conversation)
        if field.name not in LEFT_OUT and field.name != "messages"
    }
    messages = [
        {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
        | {"images": [_picture(image, data) for image in message.images]}
        for message in conversation.messages
    ]
    return {**fields, "origin": origin, "messages": messages}


def _picture(image: Picture, data: Callable[[str], bytes]) -> dict[str, Any]:
    return {"media_type": image.media_type, "data": b64encode(data(image.id)).decode()}
