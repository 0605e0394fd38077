"""A conversation as it is read: the shown branch, one entry a message, with its model, its state and its sources."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from backend.services.transfer.proved import letters, on_paper
from backend.stores.conversations import Conversation, Message

# What XML 1.0 cannot hold, and what nobody can see: control characters but tab and line feed, halves of surrogate
# pairs, noncharacters.
UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

# Marks that turn the direction of writing, with which a title can pretend to be another.
TURNING: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")

QUOTED: Final = "From the documents"
UNPROVED: Final = "Not in the sources"
NOT_READ: Final = "not read by the model"
"""A passage that quotes and proof go by, and that the model had no room for."""

STATES: Final = {
    "streaming": "This answer is still being written.",
    "stopped": "This answer was stopped. What was written is kept.",
    "interrupted": "This answer was interrupted when LocalChat ended. What was written is kept.",
    "failed": "This answer failed.",
}


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage under an answer. `place`: its file, and its page where it has one."""

    number: int
    place: str
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of a question: what it is in words, and all of it as a data URI."""

    name: str
    uri: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`content` is plain text of a question and Markdown of an answer; `state` is empty for one that ended well.

    `pictures` is empty where a format cannot hold them; they are then named in `content`. `quotes`: what the documents
    say, word for word; `unproved`: why sentences marked [a], [b] are not from the sources. Both are plain text.
    """

    is_question: bool
    speaker: str
    content: str
    state: str = ""
    sources: list[Cited] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Transcript:
    title: str
    date: str
    entries: list[Entry]


def transcript(conversation: Conversation, data: Callable[[str], bytes] | None = None) -> Transcript:
    """data: the bytes of a picture, by its id; without it pictures are only named."""
    return Transcript(
        title=TURNING.sub("", clean(conversation.title)).replace("\n", " ").strip() or "Conversation",
        date=day(conversation.created_at),
        entries=[_entry(message, data) for message in shown_branch(conversation)],
    )


def shown_branch(conversation: Conversation) -> list[Message]:
    """From the first message to the leaf that was shown last; to the newest message where none was."""
    by_id = {message.id: message for message in conversation.messages}
    at = by_id.get(conversation.leaf_id or "") or (conversation.messages[-1] if conversation.messages else None)
    branch: list[Message] = []
    while at is not None and len(branch) <= len(by_id):
        branch.append(at)
        at = by_id.get(at.parent_id or "")
    return branch[::-1]


def clean(text: str) -> str:
    """Line ends as line feeds, without what no format can show."""
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def day(iso: str) -> str:
    """21 November 2026, 14:05, in this computer's time zone."""
    try:
        moment = datetime.fromisoformat(iso).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _entry(message: Message, data: Callable[[str], bytes] | None) -> Entry:
    if message.role == "user":
        return _question(message, data)
    state = STATES.get(message.status, "")
    if message.status == "failed" and isinstance(message.error, dict) and message.error.get("message"):
        state += f" {clean(str(message.error['message']))}"
    paper = on_paper(message.content, message.proof)
    return Entry(
        is_question=False,
        speaker=clean(message.model or "Assistant"),
        content=clean(paper.content),
        state=state,
        sources=_sources(message.sources),
        quotes=[f"“{_line(words)}” [{number}]" for words, number in paper.quotes],
        unproved=[f"[{letters(number)}] {_line(reason)}" for number, reason in enumerate(paper.reasons, start=1)],
    )


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _question(message: Message, data: Callable[[str], bytes] | None) -> Entry:
    content = clean(message.content)
    names = [
        f"Picture {number} ({image.width} × {image.height})" for number, image in enumerate(message.images, start=1)
    ]
    if data is None:
        named = "\n".join(f"[{name}]" for name in names)
        return Entry(is_question=True, speaker="You", content=f"{content}\n\n{named}" if named else content)
    shown = [
        Shown(name, f"data:{image.media_type};base64,{b64encode(data(image.id)).decode()}")
        for name, image in zip(names, message.images, strict=True)
    ]
    return Entry(is_question=True, speaker="You", content=content, pictures=shown)


def _sources(sources: Sequence[Any]) -> list[Cited]:
    found = []
    for source in sources:
        page = source.get("page")
        place = clean(str(source.get("filename", ""))).replace("\n", " ")
        if page is not None:
            place += f", page {page}"
        if source.get("given") is False:
            place += f" ({NOT_READ})"
        found.append(Cited(int(source.get("number", 0)), place, clean(str(source.get("text", ""))).strip()))
    return found
