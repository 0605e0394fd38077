"""Asking, stopping, and what a question would take of the window."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.chat import BudgetBody, ChatBody
from backend.api.sse import stream
from backend.services.events import Budget, ChatEvent
from backend.services.question import Question

blueprint = Blueprint("chat", __name__)

LARGEST: Final = 40_000_000
"""Bytes of a question: its pictures in base64, and the longest message there may be."""


@blueprint.post("/api/chat")
@endpoint(body=ChatBody, events=ChatEvent, largest=LARGEST)
def ask(body: ChatBody) -> Response:
    """Streams the answer to a message. Leaving the stream stops the generation and keeps what was written."""
    chat = parts().chat
    prepared = chat.prepare(
        Question(
            message=body.message,
            use_documents=body.use_rag if "use_rag" in body.model_fields_set else None,
            conversation_id=body.conversation_id,
            parent_id=body.parent_id,
            at_root=_is_root(body),
            model=body.model,
            document_ids=body.document_ids,
            collection_ids=body.collection_ids,
            temperature=body.options.temperature,
            max_tokens=body.options.max_tokens,
            window=body.options.context_window,
            think=body.options.think,
            preset_id=body.preset_id,
            preset_said="preset_id" in body.model_fields_set,
            images=body.images or (),
            image_ids=body.image_ids or (),
        )
    )
    return stream(lambda: chat.answer(prepared))


@blueprint.post("/api/chat/<message_id>/stop")
@endpoint(returns=Ok)
def stop(message_id: str) -> Ok:
    """Stops an answer under way; what was written is kept."""
    parts().chat.stop(message_id)
    return Ok()


@blueprint.post("/api/chat/budget")
@endpoint(body=BudgetBody, returns=Budget)
def budget(body: BudgetBody) -> Budget:
    """What a message would take of the model's window, before it is sent and before its passages are found."""
    return parts().chat.budget(
        Question(
            message=body.message,
            conversation_id=body.conversation_id,
            parent_id=body.parent_id,
            at_root=_is_root(body),
            model=body.model,
            preset_id=body.preset_id,
            preset_said="preset_id" in body.model_fields_set,
            pictures=[(picture.width, picture.height) for picture in body.pictures],
        )
    )


def _is_root(body: ChatBody | BudgetBody) -> bool:
    """A null parent that is said means the root; without it the question follows what was said last."""
    return body.parent_id is None and "parent_id" in body.model_fields_set
