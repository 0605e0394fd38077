"""A question becomes an answer: retrieve → budget → prompt → stream → persist."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from backend.engines.base import ChatDelta, ChatImage, ChatMessage, ChatRequest, ModelInfo
from backend.engines.silent import SilentEngine
from backend.errors import (
    ContextOverflow,
    EngineError,
    EngineUnavailable,
    InvalidRequest,
    LocalChatError,
)
from backend.pipeline.followup import standing_alone
from backend.pipeline.gather import LONGEST
from backend.pipeline.prompt import (
    PER_MESSAGE,
    Excerpt,
    Picture,
    Prompt,
    Turn,
    estimate,
    estimate_picture,
    fit,
)
from backend.pipeline.relevance import speaks_of_documents
from backend.pipeline.repetition import Repetition
from backend.services.call import Call
from backend.services.draft import Draft, usage_of, warning_of
from backend.services.events import (
    IDLE,
    Budget,
    ChatDone,
    ChatEvent,
    ChatStarted,
    Content,
    Failure,
    Idle,
    LeftOut,
    PageStart,
    Proof,
    Source,
    Thinking,
    TurnUsage,
)
from backend.services.held import Held
from backend.services.models import DEFAULT_WINDOW, Choice, Models, can_see, is_strong
from backend.services.pictures import arrived, check_count
from backend.services.question import (
    Question,
    applied,
    blind,
    check_message,
    place_of,
    sizes,
    title_of,
    turns_of,
    window_of,
)
from backend.services.relay import Relay
from backend.stores.collections import Collections
from backend.stores.conversations import Conversations
from backend.stores.pictures import Image, Pictures
from backend.stores.presets import Preset, Presets

if TYPE_CHECKING:
    from backend.services.proving import Embed
    from backend.services.search import Search

log = logging.getLogger(__name__)

KEEP_SECONDS: Final = 0.25
"""What a crash may cost of an answer under way."""

PROOF_SECONDS: Final = 3.0
"""How long the end of an answer waits for its last sentences to be held against the sources: milliseconds, on a machine
that is not busy."""

PASSAGES: Final = 8
SMALL_DOCUMENTS: Final = 800
"""Tokens of passages for the built-in model: it reads about 400 a second, so each hundred costs a quarter second."""

SMALL_PASSAGE: Final = 1_200
"""Bytes of neighbours that are joined for the built-in model, so that two passages fit at least."""

REFITS: Final = (1.4, 2.0)
"""Where the engine counts more tokens than we estimated it refuses the prompt; it is then fitted again, estimated this
much more carefully."""

LOOKED_AT: Final = 5
"""Passages that quotes and proof go by, also where the model has no room to read so many: the labelled questions have
their answer in the first five."""

TELLING: Final = 3
"""Passages, the best, that tell whether anything was found (`pipeline.relevance`)."""

CIRCLES: Final = 3
"""Times that the built-in model may say the same on end. It never means it; others may have been asked to. Penalties
for repeated words (repeat_penalty 1.1) are no cure: they keep it from the figures of the passages too.
"""

UNRELATED: Final = Proof([], sure=False, folded=True, citations=[], unrelated=True)

FAILED_INSIDE: Final[dict[str, object]] = {
    "error": "InternalError",
    "message": "Something went wrong inside LocalChat. The log says more.",
}


@dataclass(frozen=True)
class Prepared:
    """A question that nothing stands against: everything that can be refused has been. Its preset is applied.

    `images` are kept with the question, `pictures` are those of them that are sent. A model that cannot see is sent
    none, nor those of the history: `unseen` counts them. `told`: why the search had to go by words alone.
    """

    question: Question
    choice: Choice
    window: int
    parent_id: str | None
    history: list[Turn]
    images: list[Image]
    pictures: tuple[Picture, ...]
    unseen: int
    told: list[EngineError] = field(default_factory=list)


class Chat:
    def __init__(
        self,
        conversations: Conversations,
        models: Models,
        search: Callable[[], Search],
        settings: Callable[[str, Any], Any],
        limit: int,
        *,
        presets: Presets,
        pictures: Pictures,
        collections: Collections,
        embed: Embed,
    ) -> None:
        self._conversations = conversations
        self._models = models
        self._search = search
        self._settings = settings
        self._limit = limit
        self._presets = presets
        self._pictures = pictures
        self._collections = collections
        self._embed = embed
        self._running: dict[str, Call] = {}

    def prepare(self, question: Question) -> Prepared:
        """Raises RequestError, ModelNotFound, EngineUnavailable, ContextOverflow."""
        check_message(question.message, self._limit)
        if question.parent_id and not question.conversation_id:
            raise InvalidRequest("parent_id needs the conversation_id it belongs to.")
        parent, history = self._history(question)
        question = self._with_preset(question)
        choice = self._chosen(question)
        window = window_of(question, choice)
        sees = can_see(choice.model)
        if question.images and not sees:
            raise InvalidRequest(
                f"{choice.label} cannot see pictures. Choose a model that can, or add them to your documents instead."
            )
        images = self._images(question)
        pictures = sizes(image.picture for image in images)
        unseen = 0
        if not sees:
            unseen = len(pictures) + sum(len(turn.pictures) for turn in history)
            pictures, history = (), blind(history)
        # A question that cannot fit is refused here, before anything is kept.
        fit(question.message, [], [], window=window, documents_limit=0, system=question.system, pictures=pictures)
        return Prepared(question, choice, window, parent, history, images, pictures, unseen)

    def budget(self, question: Question) -> Budget:
        """What a message would take of the window, without its passages. Raises as `prepare`, but not for length."""
        _, history = self._history(question)
        question = self._with_preset(question)
        choice = self._models.active(question.model)
        window = window_of(question, choice)
        pictures = [Picture("", width, height) for width, height in question.pictures]
        if not can_see(choice.model):
            pictures, history = [], blind(history)
        try:
            prompt = fit(
                question.message,
                history,
                [],
                window=window,
                documents_limit=0,
                system=question.system,
                pictures=pictures,
            )
        except ContextOverflow:
            tokens = estimate(question.message) + sum(map(estimate_picture, pictures)) + PER_MESSAGE
            system = estimate(question.system) + PER_MESSAGE
            left_out = sum(len(turn.pictures) for turn in history)
            return Budget(window, system, 0, 0, tokens, 0, window - system - tokens, [], len(history), left_out)
        return _budget(prompt, window, [])

    def answer(self, prepared: Prepared) -> Iterator[ChatEvent | Idle]:
        """The events of a turn. Closing it keeps what was written and makes the engine stop."""
        asked = time.perf_counter()
        found, unrelated = self._find(prepared)
        prompt = self._fit(prepared, found, 1.0)
        running = Call()
        # The engine reads the prompt while we write the question down.
        relay: Relay[ChatDelta] = Relay(
            running.begin(prepared.choice.engine.chat(self._request(prepared, prompt))), "answer"
        )
        try:
            started = dataclasses.replace(self._begin(prepared, prompt, found), unrelated=unrelated)
        except BaseException:
            running.end("failed")
            raise
        self._running[started.message_id] = running
        held = self._hold(prepared, started)
        draft = Draft(Repetition(CIRCLES) if _is_small(prepared) else None)
        refits = iter(REFITS)
        outcome: tuple[str, dict[str, object] | None] = ("stopped", None)
        try:
            yield started
            while True:
                try:
                    yield from self._pieces(relay, draft, started.message_id, held)
                    break
                except ContextOverflow:
                    factor = next(refits, None)
                    if factor is None or draft.first is not None:
                        raise
                # Said again, since fewer passages or less history are sent than was announced.
                prompt = self._fit(prepared, found, factor)
                started = self._announce(started, prompt, prepared.window, found)
                held.leave()
                held = self._hold(prepared, started)
                relay = Relay(running.begin(prepared.choice.engine.chat(self._request(prepared, prompt))), "answer")
                yield started
            outcome = (_ended(running), None)
            yield from held.end(PROOF_SECONDS)
        except LocalChatError as error:
            outcome = ("failed", error.kept)
            # What the documents say is an answer without the model too.
            yield from held.end(PROOF_SECONDS)
            raise
        except Exception:
            outcome = ("failed", FAILED_INSIDE)
            raise
        finally:
            running.end("left")
            self._running.pop(started.message_id, None)
            usage = usage_of(draft, asked, started.budget)
            self._finish(started, outcome, draft, usage, held)
        warning, details = warning_of(draft, prompt, prepared.window)
        yield ChatDone(
            usage=usage,
            stopped=running.reason == "stop",
            finish=draft.finish,
            warning=warning,
            details=details,
        )

    def stop(self, message_id: str) -> None:
        """Ends an answer under way; one that has ended is left alone. Raises NotFound for an unknown message."""
        running = self._running.get(message_id)
        if running is None:
            self._conversations.message(message_id)
            return
        running.end("stop")

    def stop_conversation(self, conversation_id: str) -> None:
        """Ends what is being written in a conversation that is about to be deleted."""
        for message in self._conversations.get(conversation_id).messages:
            if message.status == "streaming":
                self.stop(message.id)

    @property
    def answering(self) -> bool:
        """Whether an answer is being written."""
        return bool(self._running)

    def close(self) -> None:
        for running in list(self._running.values()):
            running.end("close")

    # --- inside ---

    def _chosen(self, question: Question) -> Choice:
        """The model that answers. Where none runs, one that says so after what the documents say, if they are asked.

        Raises as `Models.active`.
        """
        try:
            return self._models.active(question.model)
        except EngineUnavailable as reason:
            asked = question.use_documents is not False and not question.images and self._search().has_passages()
            if not asked:
                raise
            name = question.model or self._settings("model", "") or ""
            return Choice(SilentEngine(reason), ModelInfo(name, SilentEngine.name), DEFAULT_WINDOW, chosen=False)

    def _history(self, question: Question) -> tuple[str | None, list[Turn]]:
        if question.conversation_id is None:
            return None, []
        if question.at_root:
            self._conversations.leaf(question.conversation_id)  # raises for an unknown conversation
            return None, []
        parent = question.parent_id or self._conversations.leaf(question.conversation_id)
        branch = self._conversations.branch(question.conversation_id, parent)
        return parent, turns_of(branch)

    def _images(self, question: Question) -> list[Image]:
        check_count(len(question.image_ids) + len(question.images))
        if question.image_ids and not question.conversation_id:
            raise InvalidRequest("image_ids needs the conversation_id that they belong to.")
        kept = self._pictures.of_conversation(question.conversation_id or "", question.image_ids)
        return kept + arrived(question.images)

    def _with_preset(self, question: Question) -> Question:
        """With its preset, and with the documents of its collections. Raises NotFound for what is named and gone."""
        preset = self._preset(question)
        question = dataclasses.replace(question, preset_id=None) if preset is None else applied(preset, question)
        scope = self._collections.scope(question.document_ids, question.collection_ids)
        return dataclasses.replace(question, document_ids=scope, collection_ids=None)

    def _preset(self, question: Question) -> Preset | None:
        if question.preset_said:
            return self._presets.get(question.preset_id) if question.preset_id else None
        if question.conversation_id is None:
            return self._presets.default()
        last = self._conversations.preset(question.conversation_id)
        return self._presets.get(last) if last else None

    def _find(self, prepared: Prepared) -> tuple[list[Source], bool]:
        """The passages for the model, and whether there are documents but nothing in them that has to do with it."""
        question = prepared.question
        if question.use_documents is False:
            return [], False
        asked = standing_alone(question.message, prepared.history)
        longest = SMALL_PASSAGE if _is_small(prepared) else LONGEST
        hits = self._search().gather(
            asked, limit=PASSAGES, longest=longest, document_ids=question.document_ids, told=prepared.told.append
        )
        # Documents that are named are read whatever is asked.
        if question.document_ids is None and not (
            any(hit.related for hit in hits[:TELLING]) or speaks_of_documents(question.message)
        ):
            return [], bool(hits)
        return [
            Source(
                number,
                hit.passage_id,
                hit.document_id,
                hit.filename,
                hit.page,
                list(hit.heading),
                hit.text,
                hit.score,
                hit.vector,
                hit.text_match,
                pages=[PageStart(at, page) for at, page in hit.pages],
            )
            for number, hit in enumerate(hits, start=1)
        ], False

    def _fit(self, prepared: Prepared, found: Sequence[Source], factor: float) -> Prompt:
        return fit(
            prepared.question.message,
            prepared.history,
            [Excerpt(source.text, place_of(source)) for source in found],
            window=prepared.window,
            documents_limit=SMALL_DOCUMENTS if _is_small(prepared) else prepared.window // 2,
            count=lambda text: int(estimate(text) * factor),
            system=prepared.question.system,
            pictures=prepared.pictures,
            factor=factor,
        )

    def _request(self, prepared: Prepared, prompt: Prompt) -> ChatRequest:
        question = prepared.question
        temperature = question.temperature
        return ChatRequest(
            model=prepared.choice.model.name,
            messages=[
                ChatMessage(turn.role, turn.content, self._shown(prepared, turn.pictures)) for turn in prompt.messages
            ],
            window=prepared.window,
            max_tokens=question.max_tokens or prepared.window - prompt.used,
            temperature=self._settings("temperature", 0.3) if temperature is None else temperature,
            think=question.think,
        )

    def _shown(self, prepared: Prepared, pictures: Sequence[Picture]) -> tuple[ChatImage, ...]:
        """With their bytes: the question's own are not in the store yet."""
        own = {image.picture.id: image for image in prepared.images}
        images = [own.get(picture.id) or self._pictures.get(picture.id) for picture in pictures]
        return tuple(ChatImage(image.picture.media_type, image.data) for image in images)

    def _begin(self, prepared: Prepared, prompt: Prompt, found: Sequence[Source]) -> ChatStarted:
        question, choice = prepared.question, prepared.choice
        used, left_out = _shared_out(found, prompt.passages)
        turn = self._conversations.begin_turn(
            question.conversation_id,
            prepared.parent_id,
            question.message,
            model=choice.model.name,
            sources=[dataclasses.asdict(source) for source in used],
            title=title_of(question.message),
            preset_id=question.preset_id,
            images=prepared.images,
        )
        return ChatStarted(
            conversation_id=turn.conversation_id,
            message_id=turn.answer_id,
            question_id=turn.question_id,
            title=turn.title,
            model=choice.model.name,
            engine=choice.engine.name,
            sources=used,
            budget=_budget(prompt, prepared.window, left_out),
            preset_id=question.preset_id,
            proved=bool(used),
            unseen_pictures=prepared.unseen,
            warning=_unseen(prepared.unseen, choice.label),
            words_only=_words_only(prepared.told),
        )

    def _announce(self, started: ChatStarted, prompt: Prompt, window: int, found: Sequence[Source]) -> ChatStarted:
        used, left_out = _shared_out(found, prompt.passages)
        self._conversations.keep_sources(started.message_id, [dataclasses.asdict(source) for source in used])
        return dataclasses.replace(started, sources=used, proved=bool(used), budget=_budget(prompt, window, left_out))

    def _hold(self, prepared: Prepared, started: ChatStarted) -> Held:
        return Held(
            prepared.question.message,
            started.sources if started.proved else [],
            self._embed,
            folded=is_strong(prepared.choice.model),
            # Turned off, they are all there is when no model runs.
            quoted=bool(self._settings("quotes", 1)) or prepared.choice.engine.name == SilentEngine.name,
        )

    def _pieces(self, relay: Relay[ChatDelta], draft: Draft, message_id: str, held: Held) -> Iterator[ChatEvent | Idle]:
        kept = time.monotonic()
        for batch in relay.batches():
            text, thinking = draft.add(batch)
            if thinking:
                yield Thinking(thinking)
            if text:
                yield Content(text)
                held.feed(text)
            yield from held.news()
            if draft.in_circles:
                return
            if not batch:
                yield IDLE
            elif time.monotonic() - kept >= KEEP_SECONDS:
                self._conversations.keep_partial(message_id, draft.text, draft.thought)
                kept = time.monotonic()

    def _finish(
        self,
        started: ChatStarted,
        outcome: tuple[str, dict[str, object] | None],
        draft: Draft,
        usage: TurnUsage | None,
        held: Held,
    ) -> None:
        held.leave()
        proof, (status, error) = UNRELATED if started.unrelated else held.proof, outcome
        self._conversations.finish(
            started.message_id,
            status,  # type: ignore[arg-type]
            draft.text,
            draft.thought,
            usage=dataclasses.asdict(usage) if usage else None,
            error=error,
            proof=dataclasses.asdict(proof) if proof else None,
        )


def _ended(running: Call) -> str:
    """The status of an answer whose words have all come. Its call is over: one that goes in circles would write on."""
    status = ("stopped" if running.reason == "stop" else "interrupted") if running.left else "done"
    running.end()
    return status


def _is_small(prepared: Prepared) -> bool:
    return prepared.choice.engine.name == "builtin"


def _words_only(told: Sequence[EngineError]) -> Failure | None:
    return Failure(told[0].code, told[0].message, told[0].details) if told else None


def _unseen(pictures: int, label: str) -> str | None:
    if not pictures:
        return None
    which = "the picture" if pictures == 1 else f"the {pictures} pictures"
    return f"{label} cannot see. It answers without {which} of this conversation; choose a model that sees for them."


def _shared_out(found: Sequence[Source], passages: int) -> tuple[list[Source], list[LeftOut]]:
    """The passages of the answer, those that the model is given first; and those that it has no room for."""
    left_out = [
        LeftOut(source.passage_id, source.filename, source.page, rank)
        for rank, source in enumerate(found[passages:], start=passages + 1)
    ]
    looked_at = [
        dataclasses.replace(source, given=rank <= passages)
        for rank, source in enumerate(found[: max(passages, LOOKED_AT)], start=1)
    ]
    return looked_at, left_out


def _budget(prompt: Prompt, window: int, left_out: list[LeftOut]) -> Budget:
    return Budget(
        window=window,
        system=prompt.system,
        history=prompt.history,
        documents=prompt.documents,
        question=prompt.question,
        answer=prompt.answer,
        free=window - prompt.used,
        left_out=left_out,
        history_left_out=prompt.history_left_out,
        pictures_left_out=prompt.pictures_left_out,
    )
