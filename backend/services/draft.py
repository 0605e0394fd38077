"""An answer while it is written: its words, and what it took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.engines.base import ChatDelta, Usage
from backend.errors import Details
from backend.pipeline.prompt import Prompt, least_tokens
from backend.pipeline.repetition import Repetition
from backend.services.events import Budget, TurnUsage

IN_CIRCLES: Final = "The model went in circles, so the answer was ended. Ask in other words, or choose a larger model."
FULL: Final = "The answer ends because the model's window is full. Ask for the rest, or raise the context window."


@dataclass
class Draft:
    """What has been written so far. `in_circles`: nothing new comes any more."""

    repetition: Repetition | None = None
    content: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    usage: Usage | None = None
    first: float | None = None
    in_circles: bool = False
    answered: float | None = None
    """When the first word of the answer itself came, after whatever was thought."""

    def add(self, batch: Sequence[ChatDelta]) -> tuple[str, str]:
        text = "".join(delta.text for delta in batch)
        thinking = "".join(delta.thinking for delta in batch)
        if text:
            self.content.append(text)
            if self.repetition is not None and self.repetition.feed(text):
                self.in_circles = True
        if thinking:
            self.thinking.append(thinking)
        if (text or thinking) and self.first is None:
            self.first = time.perf_counter()
        if text and self.answered is None:
            self.answered = time.perf_counter()
        for delta in batch:
            self.usage = delta.usage or self.usage
        return text, thinking

    @property
    def finish(self) -> str:
        """Why it ended: as the engine says, or "repeats"."""
        if self.in_circles:
            return "repeats"
        return self.usage.finish if self.usage else "stop"

    @property
    def text(self) -> str:
        return "".join(self.content)

    @property
    def thought(self) -> str:
        return "".join(self.thinking)


def usage_of(draft: Draft, asked: float, budget: Budget) -> TurnUsage | None:
    if draft.usage is None:
        return None
    usage = draft.usage
    seconds, now = usage.completion_seconds, time.perf_counter()
    return TurnUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        seconds=round(now - asked, 3),
        tokens_per_second=round(usage.completion_tokens / seconds, 1) if seconds else 0.0,
        first_token_seconds=round((draft.first or now) - asked, 4),
        thinking_seconds=round((draft.answered or now) - (draft.first or now), 3) if draft.thinking else None,
        budget=budget,
    )


def warning_of(draft: Draft, prompt: Prompt, window: int) -> tuple[str, Details] | tuple[None, None]:
    """What the engine cut, without a word, from what was sent or from the answer; and what we cut."""
    if draft.in_circles:
        return IN_CIRCLES, Details("in_circles", {})
    usage = draft.usage
    if usage is None:
        return None, None
    sent = sum(least_tokens(turn.content) for turn in prompt.messages)
    if 0 < usage.prompt_tokens < sent:
        read, least = usage.prompt_tokens, sent
        return (
            f"The model read only {read} tokens of a message of at least {least}: its server has a smaller window. "
            "Raise the context length there, or lower the context window here.",
            Details("prompt_cut", {"read": read, "sent": least}),
        )
    if usage.finish == "length" and usage.prompt_tokens + usage.completion_tokens >= window - 8:
        return FULL, Details("window_full", {})
    return None, None
