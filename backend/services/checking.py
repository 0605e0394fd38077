"""Sentences of an answer that are left open, put to a capable model one by one, on request; what it settles is kept.

The model's word is not taken: `services.second_look` says what of it is believed.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from backend.engines.base import ChatDelta, ChatMessage, ChatRequest
from backend.errors import Conflict, ContextOverflow, EngineUnavailable, GenerationError, NotFound
from backend.pipeline import checks as form
from backend.pipeline.answer_sentences import AnswerSentences
from backend.pipeline.prompt import PER_MESSAGE, Excerpt, estimate, too_long
from backend.services.call import Call
from backend.services.chat import REFITS
from backend.services.events import (
    IDLE,
    CheckDone,
    CheckEvent,
    CheckStarted,
    CheckStep,
    Citation,
    Idle,
    Source,
)
from backend.services.kept import proof_of, sources_of
from backend.services.question import place_of
from backend.services.relay import Relay
from backend.stores.conversations import Conversations

if TYPE_CHECKING:
    from backend.services.models import Choice, Models
    from backend.services.proving import Embed

REPLY_TOKENS: Final = 400
"""A quote of `form.WORDS_LENGTH` characters, and the braces round it."""

QUESTION_MOST: Final = 2_000
"""Characters of a question that go along; a longer one is no help to understand a sentence."""

ATTEMPTS: Final = 2
POLITE_SECONDS: Final = 0.1
"""A question in a conversation goes first: no sentence is begun while an answer is being written."""

Value = TypeVar("Value")
Steps = Generator[Idle, None, Value]
"""Says that nothing happened until there is a value."""


@dataclass(frozen=True)
class Wanted:
    """A sentence that is asked about: its place among the citations, its words, and those of the one before it."""

    at: int
    citation: Citation
    text: str
    before: str


@dataclass(frozen=True)
class Check:
    """All that is needed to begin."""

    message_id: str
    question: str
    sources: list[Source]
    wanted: list[Wanted]
    choice: Choice


class Checking:
    """One at a time. `busy`: whether an answer is being written in a conversation."""

    def __init__(self, conversations: Conversations, models: Models, embed: Embed, *, busy: Callable[[], bool]) -> None:
        self._conversations = conversations
        self._models = models
        self._embed = embed
        self._busy = busy
        self._running: tuple[str, Call] | None = None  # the message's id with it
        self._lock = threading.Lock()

    def prepare(self, message_id: str, *, marked: bool = False) -> Check:
        """What will be asked: open sentences first; `marked`: those that are marked after them.

        Raises NotFound, Conflict while the answer is being written or another check runs, and EngineUnavailable where
        no model at hand is strong enough.
        """
        message = self._conversations.message(message_id)
        if message.status == "streaming":
            raise Conflict(
                "This answer is still being written. Check it again when it is done.", "message_being_written"
            )
        if self._running is not None:
            raise _runs()
        choice = self._models.checker()
        if choice is None:
            raise EngineUnavailable(
                "Checking again needs a model of three billion parameters or more that runs in Ollama, and there is "
                "none at hand. Start Ollama, or pull one.",
                "no_checker",
            )
        citations = proof_of(message.proof).citations if message.proof else []
        question = self._conversations.message(message.parent_id).content if message.parent_id else ""
        return Check(
            message_id,
            question if len(question) <= QUESTION_MOST else "",
            sources_of(message.sources),
            _wanted(message.content, citations, choice.model.name, marked=marked),
            choice,
        )

    def run(self, check: Check) -> Iterator[CheckEvent | Idle]:
        """Each sentence as it is settled, and kept at once. Closing it makes the engine stop.

        Raises Conflict, NotFound where the message is deleted meanwhile, and what an engine raises; a reply that cannot
        be read costs its sentence alone, unless none can be.
        """
        running = self._begin(check.message_id)
        try:
            yield CheckStarted(check.message_id, check.choice.model.name, len(check.wanted))
            settled: list[Citation] = []
            unread = 0
            for wanted in check.wanted:
                yield from self._wait(running)
                after = yield from self._settled(running, check, wanted)
                if running.left:
                    break
                if after is None:
                    unread += 1
                    after = wanted.citation
                else:
                    self._keep(check.message_id, wanted, after)
                settled.append(after)
                yield CheckStep(wanted.at, after, len(settled), len(check.wanted))
            if unread and unread == len(settled):
                raise GenerationError(
                    f"{check.choice.label} did not answer in the form that was asked of it. Try again, or choose a "
                    "stronger model.",
                    "reply_unreadable",
                    model=check.choice.label,
                )
            yield _done(settled, unread, stopped=running.left)
        finally:
            running.end()
            with self._lock:
                self._running = None

    def stop(self, message_id: str) -> None:
        """Ends the check of a message; one that has ended is left alone. Raises NotFound for an unknown message."""
        running = self._running
        if running is None or running[0] != message_id:
            self._conversations.message(message_id)
            return
        running[1].end()

    def close(self) -> None:
        running = self._running
        if running is not None:
            running[1].end()

    # --- inside ---

    def _begin(self, message_id: str) -> Call:
        with self._lock:
            if self._running is not None:
                raise _runs()
            call = Call()
            self._running = (message_id, call)
            return call

    def _wait(self, running: Call) -> Iterator[Idle]:
        while self._busy() and not running.left:
            time.sleep(POLITE_SECONDS)
            yield IDLE

    def _keep(self, message_id: str, wanted: Wanted, after: Citation) -> None:
        before = dataclasses.asdict(wanted.citation)
        if not self._conversations.settle(message_id, wanted.at, before, dataclasses.asdict(after)):
            raise NotFound("There is no such message. It may have been deleted.", "message_gone")

    def _settled(self, running: Call, check: Check, wanted: Wanted) -> Steps[Citation | None]:
        """None where no reply could be read, or the check was left."""
        # Imported with the first check: numpy and the rules of five languages are no part of a start.
        from backend.services.second_look import settled

        for _ in range(ATTEMPTS):
            given, text = yield from self._reply(running, check, wanted)
            said = form.reply(text)
            if running.left:
                return None
            if said is not None:
                return settled(
                    wanted.citation,
                    wanted.text,
                    said,
                    given,
                    complete=len(given) == len(check.sources),
                    embed=self._embed,
                    model=check.choice.model.name,
                )
        return None

    def _reply(self, running: Call, check: Check, wanted: Wanted) -> Steps[tuple[list[Source], str]]:
        """The passages that were given, and what the model wrote. Where the engine counts more tokens than we
        estimated, fewer passages are given.
        """
        for factor in (1.0, *REFITS):
            given = _fitting(check, wanted, factor)
            try:
                return given, (yield from self._written(running, _request(check, wanted, given)))
            except ContextOverflow:
                if factor == REFITS[-1]:
                    raise
        raise AssertionError

    def _written(self, running: Call, request: tuple[Choice, ChatRequest]) -> Steps[str]:
        choice, chat = request
        relay: Relay[ChatDelta] = Relay(running.begin(choice.engine.chat(chat)), "check")
        pieces: list[str] = []
        for batch in relay.batches():
            pieces += [delta.text for delta in batch]
            if not batch:
                yield IDLE
        return "".join(pieces)


def is_unsettled(citation: Citation, model: str, *, marked: bool) -> bool:
    """Whether `model` is to be asked. What is open without a reason claims nothing that a passage could support."""
    if citation.checked_by == model:
        return False
    return citation.reason is not None if citation.verdict == "open" else marked and citation.verdict != "supported"


def _wanted(content: str, citations: Sequence[Citation], model: str, *, marked: bool) -> list[Wanted]:
    sentences = AnswerSentences()
    texts = {(one.start, one.end): one.text for one in (*sentences.feed(content), *sentences.end())}
    said = [texts.get((one.start, one.end)) or content[one.start : one.end] for one in citations]
    wanted = [
        Wanted(at, citation, said[at], said[at - 1] if at else "")
        for at, citation in enumerate(citations)
        if is_unsettled(citation, model, marked=marked)
    ]
    return sorted(wanted, key=lambda one: one.citation.verdict != "open")


def _fitting(check: Check, wanted: Wanted, factor: float) -> list[Source]:
    """All passages; where they do not fit, the one that the sentence was held against and the best.

    Raises ContextOverflow where none fits.
    """
    spent = estimate(form.SYSTEM) + estimate(form.ask(check.question, wanted.before, wanted.text, []))
    room = check.choice.window - spent - 2 * PER_MESSAGE - REPLY_TOKENS
    costs = {one.number: int(estimate(f"[1] {place_of(one)}\n{one.text}") * factor) + 2 for one in check.sources}
    if sum(costs.values()) <= room:
        return check.sources
    held = {one.source for one in wanted.citation.support}
    given: list[Source] = []
    for source in sorted(check.sources, key=lambda one: one.number not in held):
        if costs[source.number] <= room:
            given.append(source)
            room -= costs[source.number]
    if not given:
        raise too_long(estimate(wanted.text), check.choice.window)
    return given


def _request(check: Check, wanted: Wanted, given: Sequence[Source]) -> tuple[Choice, ChatRequest]:
    choice = check.choice
    excerpts = [Excerpt(source.text, place_of(source)) for source in given]
    asked = form.ask(check.question, wanted.before, wanted.text, excerpts)
    return choice, ChatRequest(
        model=choice.model.name,
        messages=[ChatMessage("system", form.SYSTEM), ChatMessage("user", asked)],
        window=choice.window,
        max_tokens=REPLY_TOKENS,
        temperature=0.0,
        # A thought for each sentence would take minutes; where a model cannot think, the field is an error.
        think=False if "thinking" in choice.model.capabilities else None,
        schema=form.SCHEMA,
    )


def _runs() -> Conflict:
    return Conflict("Another answer is being checked. Wait until that is done, or stop it.", "check_runs")


def _done(settled: Sequence[Citation], unread: int, *, stopped: bool) -> CheckDone:
    supported = sum(one.verdict == "supported" for one in settled)
    still_open = sum(one.verdict == "open" for one in settled)
    return CheckDone(len(settled), supported, len(settled) - supported - still_open, still_open, unread, stopped)
