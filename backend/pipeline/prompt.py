"""Passages, history and a question → messages that fit the model's window, and a list of what was left out.

Nothing is ever cut in silence: what does not fit is left out whole and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from backend.errors import ContextOverflow

SYSTEM: Final = "You are a helpful assistant. Answer in the language of the question. Be short and exact."

DOCUMENTS: Final = (
    "Answer the question from the passages below, which come from the user's own documents. After a statement write "
    "the number of its passage, like [1]. If the passages do not hold the answer, say so."
)

PER_MESSAGE: Final = 8
"""Tokens that a chat template spends around each message (ChatML: 5; Llama 3: 6; some more for safety)."""

MIN_ANSWER: Final = 256
"""Tokens of room without which an answer makes no sense."""

LETTERS: Final = re.compile(r"[A-Za-z \u00C0-\u024F]")

PATCH: Final = 28
"""Pixels of a side of what Qwen2.5-VL, Mistral 3.1 and their kin make one token of (14, two by two merged)."""

LEAST_PICTURE: Final = 576
"""Tokens that LLaVA 1.5 spends on each picture, whatever its size (24 × 24 patches); Gemma 3 spends 256."""

MOST_PICTURE: Final = 4096
"""Tokens: models scale down what is larger than some four million pixels."""

Role = Literal["system", "user", "assistant"]
Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Picture:
    """`id` is for whoever sends it; `width` and `height` in pixels."""

    id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    content: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage as the model sees it. `label` names its file and page."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`messages` to send; `passages`: how many of the excerpts, best first, are in it; tokens of each part.

    `history_left_out` counts turns, `pictures_left_out` the pictures of the history.
    """

    messages: list[Turn]
    passages: int
    history_left_out: int
    pictures_left_out: int
    system: int
    history: int
    documents: int
    question: int
    answer: int

    @property
    def used(self) -> int:
        return self.system + self.history + self.documents + self.question


def estimate(text: str) -> int:
    """Tokens of a text, on the high side.

    Vocabularies of chat models spend a token on about 4 letters of English and 3 of German, on each digit, on most
    signs, and on a character of a script they know little. `tests/engines/test_builtin.py` compares it with a real
    tokenizer on prose, code, tables and other scripts.
    """
    letters = len(LETTERS.findall(text))
    return (letters * 10) // 33 + (len(text) - letters) + 1


def least_tokens(text: str) -> int:
    """Tokens that a text has in any vocabulary that splits at spaces, as all known ones do: its words."""
    return len(text.split())


def estimate_picture(picture: Picture) -> int:
    """Tokens of a picture, which no engine tells before it has read it: a guess, and on the high side.

    Each family of models cuts a picture in its own way: by its pixels (Qwen2.5-VL, Mistral 3.1: one token for 28 × 28),
    into a fixed number (Gemma 3: 256; LLaVA 1.5: 576), or into tiles (LLaVA 1.6: up to 2,880; MiniCPM-V: 64 each). By
    the pixels is the dearest of them for a picture as large as the page sends it, but for LLaVA 1.6 with small ones.
    Where the engine counts more and refuses, the prompt is fitted again with a larger `factor` (see `services.chat`);
    what was really used stands in the turn's usage.
    """
    patches = -(-picture.width // PATCH) * -(-picture.height // PATCH)
    return max(LEAST_PICTURE, min(patches, MOST_PICTURE))


def too_long(tokens: int, window: int) -> ContextOverflow:
    """For a message that leaves no room for an answer."""
    return ContextOverflow(
        f"The message takes about {tokens:,} tokens, and the model's window has {window:,}. Shorten the message, "
        "choose a model with a larger window, or raise the context window in the settings.",
        "message_over_window",
        tokens=tokens,
        window=window,
    )


def fit(
    question: str,
    history: Sequence[Turn],
    excerpts: Sequence[Excerpt],
    *,
    window: int,
    documents_limit: int,
    count: Count = estimate,
    system: str = SYSTEM,
    pictures: Sequence[Picture] = (),
    factor: float = 1.0,
) -> Prompt:
    """Fills the window in this order: system, question, room for the answer, passages, then history from the newest.

    window, documents_limit: tokens. `pictures`: of the question. `factor`: on what `estimate_picture` says of one.
    Raises ContextOverflow when system and question leave no room for an answer. A turn of the history whose pictures do
    not fit any more is kept without them, and so are those before it.
    The front of the prompt stays the same from turn to turn, so that the engine's cache serves it: passages stand
    with the question they were found for, at the end.
    """

    def seen(pictures: Sequence[Picture]) -> int:
        return sum(int(estimate_picture(picture) * factor) for picture in pictures)

    system_tokens = count(system) + PER_MESSAGE
    question_tokens = count(question) + seen(pictures) + PER_MESSAGE
    room = window - system_tokens - question_tokens
    if room < MIN_ANSWER:
        if system_tokens > question_tokens and system_tokens > PER_MESSAGE + count(SYSTEM):
            raise ContextOverflow(
                f"The system prompt of the preset takes about {system_tokens:,} tokens and the message "
                f"{question_tokens:,}; the model's window has {window:,}. Shorten the system prompt, choose a model "
                "with a larger window, or raise the context window.",
                "prompt_over_window",
                system=system_tokens,
                tokens=question_tokens,
                window=window,
            )
        if pictures and window - system_tokens - count(question) - PER_MESSAGE >= MIN_ANSWER:
            raise ContextOverflow(
                f"The pictures of the message take about {seen(pictures):,} tokens, and the model's window has "
                f"{window:,}. Send fewer of them, choose a model with a larger window, or raise the context window in "
                "the settings."
            )
        raise too_long(question_tokens, window)
    answer = max(MIN_ANSWER, min(room // 2, window // 4))
    room -= answer

    blocks: list[str] = []
    documents_tokens = 0
    for number, excerpt in enumerate(excerpts, start=1):
        block = f"[{number}] {excerpt.label}\n{excerpt.text}"
        cost = count(block) + 2 + (0 if blocks else count(DOCUMENTS) + 8)
        if documents_tokens + cost > min(room, documents_limit):
            break
        blocks.append(block)
        documents_tokens += cost
    room -= documents_tokens

    kept: list[Turn] = []
    history_tokens = 0
    still_seen = True
    for turn in reversed(history):
        cost = count(turn.content) + PER_MESSAGE
        if history_tokens + cost > room:
            break
        still_seen = still_seen and history_tokens + cost + seen(turn.pictures) <= room
        kept.append(turn if still_seen else replace(turn, pictures=()))
        history_tokens += cost + seen(kept[-1].pictures)
    # A history never begins with an answer whose question is gone.
    while kept and kept[-1].role == "assistant":
        history_tokens -= count(kept.pop().content) + PER_MESSAGE
    kept.reverse()

    content = question
    if blocks:
        content = f"{DOCUMENTS}\n\n" + "\n\n".join(blocks) + f"\n\nQuestion: {question}"
    return Prompt(
        messages=[Turn("system", system), *kept, Turn("user", content, tuple(pictures))],
        passages=len(blocks),
        history_left_out=len(history) - len(kept),
        pictures_left_out=sum(len(turn.pictures) for turn in history) - sum(len(turn.pictures) for turn in kept),
        system=system_tokens,
        history=history_tokens,
        documents=documents_tokens,
        question=question_tokens,
        answer=answer,
    )
