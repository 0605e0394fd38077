"""An answer with sentences that were left open, and what a capable model replies when it is asked about them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from backend.services.events import Citation, Proof, Reason, Source
from backend.stores.conversations import Conversations
from tests.ollama_script import Answer, Model

STRONG = Model("qwen3:8b", ("completion", "thinking"), parameters=8_190_735_360)
QUESTION = "Can we leave the rooms early?"
LEASE = (
    "3.2 The tenancy is concluded for a fixed term ending on 31 March 2027. Until that day ordinary notice is excluded "
    "for both parties; the right to terminate for good cause remains unaffected."
)
RENT = "4.1 The monthly rent is 1,450.00 euros, plus an advance on operating costs of 310.00 euros."
SENTENCES = (
    "Before that day nobody can walk away without good cause.",
    "On top of the rent come 310 euros for operating costs.",
    "The operating costs are included in the rent.",
    "In practice most landlords agree to a successor.",
    "Is that all?",
)
CONTENT = " ".join(SENTENCES)


def source(number: int, text: str) -> Source:
    return Source(number, f"p{number}", "d1", "Lease.pdf", number, ["Term"], text, 0.9)


SOURCES = [source(1, LEASE), source(2, RENT)]


def citations() -> list[Citation]:
    """All open; the last sentence claims nothing, so that there is nothing to ask about it."""
    found = []
    for sentence in SENTENCES:
        start = CONTENT.index(sentence)
        reason = None if sentence.endswith("?") else Reason("nothing", {}, "The sources say nothing about this.")
        found.append(Citation(start, start + len(sentence), "open", [], reason))
    return found


def keep(store: Conversations, found: list[Citation] | None = None, *, finished: bool = True) -> tuple[str, str]:
    """The answer in a conversation of its own; the ids of both."""
    sources = [dataclasses.asdict(one) for one in SOURCES]
    turn = store.begin_turn(None, None, QUESTION, model="m", sources=sources, title="Lease")
    if finished:
        proof = dataclasses.asdict(Proof([], sure=False, folded=True, citations=found or citations()))
        store.finish(turn.answer_id, "done", CONTENT, "", proof=proof)
    return turn.conversation_id, turn.answer_id


def verdict(verdict: str, words: str | None = None, source: int | None = None, **how: Any) -> Answer:
    """What a model writes that is held to the form."""
    text = json.dumps({"words": words, "source": source, "verdict": verdict})
    return Answer(tokens=[text[at : at + 7] for at in range(0, len(text), 7)], **how)


SUPPORTED = verdict("supported", "Until that day ordinary notice is excluded for both parties", 1)
COSTS = verdict("supported", "plus an advance on operating costs of 310.00 euros", 2)
CONTRADICTED = verdict("contradicted", "plus an advance on operating costs of 310.00 euros", 2)
NOT_STATED = verdict("not_stated")
