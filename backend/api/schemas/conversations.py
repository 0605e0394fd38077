"""Conversations, their messages, and how they leave."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from backend.api.schemas.base import ErrorResponse, Id, Name, Schema, Tag
from backend.services.events import Proof, Source


class Picture(Schema):
    """Of a question: GET /api/pictures/{id}. `width` and `height` in pixels, `size` in bytes."""

    id: str
    media_type: str
    width: int
    height: int
    size: int


class Message(Schema):
    """status: streaming (being written), done, stopped (by the user), interrupted (crash), failed (see `error`).

    proof: null where the answer was not held against sources.
    """

    id: str
    parent_id: str | None
    role: Literal["user", "assistant"]
    content: str
    thinking: str
    status: Literal["streaming", "done", "stopped", "interrupted", "failed"]
    error: ErrorResponse | None
    model: str | None
    sources: list[Source]
    proof: Proof | None = None
    usage: dict[str, Any] | None
    created_at: str
    images: list[Picture]


class ConversationHead(Schema):
    id: str
    title: str
    created_at: str
    updated_at: str
    answering: bool = False
    pinned: bool = False
    tags: list[str] = Field([])


class Conversation(ConversationHead):
    """The whole tree; `leaf_id` is the last message of the branch that was shown last."""

    leaf_id: str | None
    preset_id: str | None
    messages: list[Message]


class SnippetPart(Schema):
    """`found`: one of the words that were asked for."""

    text: str
    found: bool


class ConversationMatch(Schema):
    """`hits`: messages that hold the words; `message_id`: the newest of them, null when only the title does."""

    hits: int
    message_id: str | None
    title: list[SnippetPart]
    snippet: list[SnippetPart]


class ConversationSummary(ConversationHead):
    """`match` where words were asked for."""

    match: ConversationMatch | None = None


class TagCount(Schema):
    tag: str
    conversations: int


class ConversationList(Schema):
    """`total` counts the conversations that match; `tags` are those of all, by name.

    `complete` is false when the words are so frequent that only the newest messages were looked at.
    """

    conversations: list[ConversationSummary]
    total: int
    complete: bool = True
    tags: list[TagCount]


class ConversationQuery(Schema):
    q: str = Field("", max_length=1_000)
    tag: Tag | None = None
    offset: int = Field(0, ge=0)
    limit: int = Field(200, ge=1, le=10_000)


class NewConversation(Schema):
    title: Name | None = None


class ConversationChange(Schema):
    """What is left out stays as it is."""

    title: Name | None = None
    leaf_id: Id | None = None
    pinned: bool | None = None
    tags: list[Tag] | None = Field(None, max_length=20)
    put_away: bool | None = Field(None, description="true: out of lists and search, false: back; deleted at next start")
    preset_id: Id | None = Field(None, description="the preset of the next questions; null: none")


class ExportQuery(Schema):
    format: Literal["md", "json", "html", "docx", "pdf"] = "md"
