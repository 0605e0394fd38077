"""Conversations: list, search, open, rename, choose a branch, delete."""

from __future__ import annotations

import dataclasses

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import (
    Conversation,
    ConversationChange,
    ConversationList,
    ConversationQuery,
    NewConversation,
    Ok,
)

blueprint = Blueprint("conversations", __name__)


@blueprint.get("/api/conversations")
@endpoint(query=ConversationQuery, returns=ConversationList)
def list_conversations(query: ConversationQuery) -> ConversationList:
    """The newest first; `q` searches titles and every message."""
    found, total = parts().conversations.search(query.q, query.offset, query.limit)
    return ConversationList.model_validate({"conversations": found, "total": total})


@blueprint.post("/api/conversations")
@endpoint(body=NewConversation, returns=Conversation)
def create(body: NewConversation) -> Conversation:
    """An empty conversation."""
    conversations = parts().conversations
    identity = conversations.create(body.title or "New conversation", named=body.title is not None)
    return _conversation(identity)


@blueprint.get("/api/conversations/<identity>")
@endpoint(returns=Conversation)
def get(identity: str) -> Conversation:
    """One conversation with all its branches."""
    return _conversation(identity)


@blueprint.patch("/api/conversations/<identity>")
@endpoint(body=ConversationChange, returns=Conversation)
def change(identity: str, body: ConversationChange) -> Conversation:
    """Renames it, or remembers the branch that is shown, or the preset of the next questions."""
    conversations = parts().conversations
    if body.leaf_id is not None:
        conversations.show_branch(identity, body.leaf_id)
    if "preset_id" in body.model_fields_set:
        conversations.use_preset(identity, body.preset_id)
    if body.title is not None:
        conversations.rename(identity, body.title)
    return _conversation(identity)


@blueprint.delete("/api/conversations/<identity>")
@endpoint(returns=Ok)
def delete(identity: str) -> Ok:
    """Deletes it with all its messages; an answer under way is stopped first."""
    parts().chat.stop_conversation(identity)
    parts().conversations.delete(identity)
    return Ok()


def _conversation(identity: str) -> Conversation:
    return Conversation.model_validate(dataclasses.asdict(parts().conversations.get(identity)))
