"""A message, what it would take of the model's window, and the check of an answer."""

from __future__ import annotations

from pydantic import Field

from backend.api.schemas.base import COLLECTION_IDS, PRESET_ID, CollectionIds, Id, Name, Schema


class ChatOptions(Schema):
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=131_072)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    think: bool | None = None


class ChatBody(Schema):
    message: str = Field(min_length=1)
    use_rag: bool = True
    conversation_id: Id | None = None
    parent_id: Id | None = Field(None, description="the message this one follows; null: none; left out: the last one")
    model: Name | None = None
    images: list[str] | None = Field(None, description="PNG, JPEG, WebP or GIF in base64; only for models that see")
    image_ids: list[Id] | None = Field(None, description="pictures of this conversation, shown again before `images`")
    document_ids: list[Id] | None = Field(None, max_length=10_000)
    collection_ids: CollectionIds | None = Field(None, description=COLLECTION_IDS)
    options: ChatOptions = ChatOptions()
    preset_id: Id | None = Field(None, description=PRESET_ID)


class PictureSize(Schema):
    """Pixels."""

    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)


class BudgetBody(Schema):
    """What a message would take of the window, before it is sent."""

    message: str = ""
    conversation_id: Id | None = None
    parent_id: Id | None = None
    model: Name | None = None
    preset_id: Id | None = Field(None, description=PRESET_ID)
    pictures: list[PictureSize] = Field([], max_length=100)


class CheckBody(Schema):
    marked: bool = Field(default=False, description="ask about the sentences that are marked, too")
