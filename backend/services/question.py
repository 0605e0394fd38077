"""What is asked, as the API checked it, its preset applied; and what was said before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.errors import InvalidRequest, TooLarge
from backend.pipeline.prompt import SYSTEM, Picture, Turn
from backend.services.events import Source
from backend.services.models import Choice
from backend.stores.conversations import Message
from backend.stores.pictures import Picture as Kept
from backend.stores.presets import Preset

TITLE_LENGTH: Final = 60


@dataclass(frozen=True)
class Question:
    """What is asked, as the API checked it.

    It follows `parent_id`; where that is None it follows the shown branch's last message, or with `at_root` nothing: it
    is then another first question of its conversation. What is None here is as the preset says, then as the settings
    say. `preset_said`: `preset_id` was chosen, if only to be none; else it is the conversation's last, or the default
    one for a new conversation. `image_ids` are pictures that the conversation has already, `images` new ones in base64,
    which follow them. `pictures`: (width, height) of them, where only the budget is asked for.
    """

    message: str
    use_documents: bool | None = None
    conversation_id: str | None = None
    parent_id: str | None = None
    at_root: bool = False
    model: str | None = None
    document_ids: Sequence[str] | None = None
    collection_ids: Sequence[str] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    window: int | None = None
    think: bool | None = None
    preset_id: str | None = None
    preset_said: bool = False
    system: str = SYSTEM
    images: Sequence[str] = ()
    image_ids: Sequence[str] = ()
    pictures: Sequence[tuple[int, int]] = ()


def applied(preset: Preset, question: Question) -> Question:
    """What the question says itself wins over its preset."""
    said: dict[str, Any] = {
        "use_documents": preset.use_documents,
        "model": preset.model,
        "temperature": preset.temperature,
        "window": preset.context_window,
    }
    # What the question says of either is all that it says of where to search.
    if question.document_ids is None and question.collection_ids is None:
        said |= {"document_ids": preset.document_ids, "collection_ids": preset.collection_ids}
    unsaid = {name: value for name, value in said.items() if getattr(question, name) is None}
    return dataclasses.replace(question, preset_id=preset.id, system=preset.system_prompt.strip() or SYSTEM, **unsaid)


def check_message(message: str, limit: int) -> None:
    """limit: characters. Raises InvalidRequest, TooLarge."""
    if not message.strip():
        raise InvalidRequest("The message is empty. Write something.", "message_empty")
    if len(message) > limit:
        raise TooLarge(
            f"The message has {len(message):,} characters; {limit:,} are the most. Add it as a document instead, and "
            "ask about that.",
            "message_long",
            characters=len(message),
            limit=limit,
        )


def place_of(source: Source) -> str:
    """Where a passage is from, as a model is told."""
    page = f", page {source.page}" if source.page else ""
    heading = f" ({' › '.join(source.heading)})" if source.heading else ""
    return f"{source.filename}{page}{heading}"


def window_of(question: Question, choice: Choice) -> int:
    """Tokens: what is asked for, and no more than the model has."""
    window = question.window or choice.window
    return min(window, choice.model.context_window) if choice.model.context_window else window


def title_of(message: str) -> str:
    """The question's first line, cut at a word."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "New conversation")
    line = line.lstrip("#>*- ").strip() or line
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


def turns_of(branch: Sequence[Message]) -> list[Turn]:
    """What was said; an answer that failed without a word is not history, and neither is its question."""
    turns: list[Turn] = []
    for message in branch:
        if message.content.strip():
            turns.append(Turn(message.role, message.content, sizes(message.images)))
        elif message.role == "assistant" and turns and turns[-1].role == "user":
            turns.pop()
    return turns


def sizes(pictures: Iterable[Kept]) -> tuple[Picture, ...]:
    return tuple(Picture(picture.id, picture.width, picture.height) for picture in pictures)


def blind(history: Sequence[Turn]) -> list[Turn]:
    return [dataclasses.replace(turn, pictures=()) for turn in history]
