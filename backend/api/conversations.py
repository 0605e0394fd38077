"""Conversations: list, search, open, rename, pin, tag, choose a branch, put away, delete."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.conversations import (
    Conversation,
    ConversationChange,
    ConversationList,
    ConversationQuery,
    NewConversation,
)
from backend.stores.conversations import Summary

blueprint = Blueprint("conversations", __name__)


@blueprint.get("/api/conversations")
@endpoint(query=ConversationQuery, returns=ConversationList)
def list_conversations(query: ConversationQuery) -> ConversationList:
    """Pinned ones first, then the newest; `q` searches titles and every message, `tag` keeps those that carry it."""
    conversations = parts().conversations
    tags = [{"tag": tag, "conversations": count} for tag, count in conversations.tags()]
    if query.q.strip():
        results = parts().conversation_search.search(query.q, query.tag, query.offset, query.limit)
        found: Sequence[Summary] = results.found
        total, complete = results.total, results.complete
    else:
        found, total = conversations.listed(query.tag, query.offset, query.limit)
        complete = True
    return ConversationList.model_validate({"conversations": found, "total": total, "complete": complete, "tags": tags})


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
    """Renames, pins or tags it, remembers the branch that is shown or the preset of the next questions, puts it away or
    brings it back."""
    conversations = parts().conversations
    if body.leaf_id is not None:
        conversations.show_branch(identity, body.leaf_id)
    if "preset_id" in body.model_fields_set:
        conversations.use_preset(identity, body.preset_id)
    if body.title is not None:
        conversations.rename(identity, body.title)
    if body.pinned is not None:
        conversations.pin(identity, body.pinned)
    if body.tags is not None:
        conversations.tag(identity, body.tags)
    if body.put_away is not None:
        (conversations.put_away if body.put_away else conversations.bring_back)(identity)
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
