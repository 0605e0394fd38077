"""Passages, history and a question → messages that fit the model's window, and a list of what was left out.

Nothing is ever cut in silence: what does not fit is left out whole and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

Role = Literal["system", "user", "assistant"]
Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage as the model sees it. `label` names its file and page."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`messages` to send; `passages`: how many of the excerpts, best first, are in it; tokens of each part."""

    messages: list[Turn]
    passages: int
    history_left_out: int
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


def fit(
    question: str,
    history: Sequence[Turn],
    excerpts: Sequence[Excerpt],
    *,
    window: int,
    documents_limit: int,
    count: Count = estimate,
    system: str = SYSTEM,
) -> Prompt:
    """Fills the window in this order: system, question, room for the answer, passages, then history from the newest.

    window, documents_limit: tokens. Raises ContextOverflow when system and question leave no room for an answer.
    The front of the prompt stays the same from turn to turn, so that the engine's cache serves it: passages stand
    with the question they were found for, at the end.
    """
    system_tokens = count(system) + PER_MESSAGE
    question_tokens = count(question) + PER_MESSAGE
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
        raise ContextOverflow(
            f"The message takes about {question_tokens:,} tokens, and the model's window has {window:,}. Shorten the "
            "message, choose a model with a larger window, or raise the context window in the settings.",
            "message_over_window",
            tokens=question_tokens,
            window=window,
        )
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
    for turn in reversed(history):
        cost = count(turn.content) + PER_MESSAGE
        if history_tokens + cost > room:
            break
        kept.append(turn)
        history_tokens += cost
    # A history never begins with an answer whose question is gone.
    while kept and kept[-1].role == "assistant":
        history_tokens -= count(kept.pop().content) + PER_MESSAGE
    kept.reverse()

    content = question
    if blocks:
        content = f"{DOCUMENTS}\n\n" + "\n\n".join(blocks) + f"\n\nQuestion: {question}"
    return Prompt(
        messages=[Turn("system", system), *kept, Turn("user", content)],
        passages=len(blocks),
        history_left_out=len(history) - len(kept),
        system=system_tokens,
        history=history_tokens,
        documents=documents_tokens,
        question=question_tokens,
        answer=answer,
    )
