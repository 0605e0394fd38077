"""One document, asked for one row of a table: its passages → the model's values → each held against the passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from backend.engines.base import ChatMessage, ChatRequest, ChatStream
from backend.errors import ContextOverflow, GenerationError
from backend.pipeline import columns as form
from backend.pipeline.cells import Place, find, is_measured, locate, sort_value
from backend.pipeline.columns import Column, Said
from backend.pipeline.prompt import MIN_ANSWER, PER_MESSAGE, Excerpt, estimate, too_long
from backend.pipeline.terms import terms
from backend.services.chat import REFITS, SMALL_DOCUMENTS
from backend.services.events import AskCell, Citation, Reason, Source, Span, Support
from backend.services.models import Choice
from backend.stores.documents import DocumentRow
from backend.stores.vectors import StoredPassage

if TYPE_CHECKING:
    from backend.services.documents import Library
    from backend.services.proving import AnswerProof, Embed
    from backend.services.search import Found, Search

READ_WHOLE: Final = 60
"""Passages up to which a document is looked at whole: more never fit a window that people use."""

FOUND: Final = 24
"""Passages that each search contributes."""

QUOTED_FROM: Final = 8
PER_COLUMN: Final = 160
"""Tokens of a reply: a sentence that was copied, its value, and the braces round them."""

ABOUT: Final = 0.4
"""Share of the question's words that a passage must have for its sentence to be an answer."""

ATTEMPTS: Final = 2
NOTHING_SAID: Final = "The passages of the document do not say this."

Begin = Callable[[ChatStream], ChatStream]
"""Notes the stream of a call, so that it can be ended from outside."""


@dataclass(frozen=True)
class Answered:
    """`sources`: numbered from 1, those that a cell stands in."""

    cells: list[AskCell]
    sources: list[Source]

    @property
    def says_something(self) -> bool:
        return any(cell.verdict != "missing" for cell in self.cells)


@dataclass
class Sources:
    """The passages that cells stand in, each numbered when it is named first."""

    given: Sequence[Source]
    named: dict[str, Source] = field(default_factory=dict)

    def support(self, passage: int, start: int, end: int) -> Support:
        source = self.given[passage]
        kept = self.named.setdefault(source.passage_id, replace(source, number=len(self.named) + 1))
        words = [Span(start, end)]
        return Support(kept.number, kept.passage_id, kept.document_id, kept.page, kept.text[start:end], words)


class OneDocument:
    """Asks documents, one at a time."""

    def __init__(self, library: Library, search: Callable[[], Search], embed: Embed) -> None:
        self._library = library
        self._search = search
        self._embed = embed

    def quoted(self, document: DocumentRow, question: str) -> Answered:
        """Its own sentence that answers best, where one is about the question at all. No model is asked."""
        from backend.services.proving import quote

        found = self._search().find(question, limit=QUOTED_FROM, document_ids=[document.id])
        given = [_source(document, passage, number) for number, passage in enumerate(found, start=1)]
        about = [source for source in given if _is_about(question, source)]
        said, _ = quote(question, about, self._embed)
        if not said:
            return Answered([AskCell(None, "missing")], [])
        best = said[0]
        sources = Sources(given)
        passage = next(at for at, source in enumerate(given) if source.passage_id == best.passage_id)
        support = sources.support(passage, best.start, best.end)
        cell = AskCell(best.text, "found", best.text, support)
        return Answered([cell], list(sources.named.values()))

    def answered(
        self, document: DocumentRow, question: str, columns: Sequence[Column], choice: Choice, begin: Begin
    ) -> Answered | None:
        """A row by the model; None when its stream was ended from outside.

        Raises EngineUnavailable, ModelNotFound, ContextOverflow, GenerationError, StorageError.
        """
        broken: GenerationError | None = None
        for _ in range(ATTEMPTS):
            try:
                given, text = self._reply(document, question, columns, choice, begin)
            except GenerationError as error:
                broken = error
                continue
            if not given:
                return Answered([AskCell(None, "missing") for _ in columns], [])
            if text is None:
                return None
            said = form.reply(text, columns)
            if said is not None:
                return self._checked(given, question, columns, said)
        raise broken or GenerationError(
            f"{choice.label} did not answer in the form that was asked of it. Try again, or choose a stronger model.",
            "reply_unreadable",
            model=choice.label,
        )

    def proposed(self, question: str, choice: Choice) -> list[Column]:
        """The columns that the model proposes; none where its reply cannot be read. Raises as `answered`."""
        messages = [ChatMessage("system", form.PROPOSAL), ChatMessage("user", question)]
        used = sum(estimate(message.content) + PER_MESSAGE for message in messages)
        room = choice.window - used
        if room < MIN_ANSWER:
            raise too_long(estimate(question), choice.window)
        chat = _request(choice, messages, min(room, 60 * form.MOST_PROPOSED), form.proposal_schema())
        return form.proposed(_written(choice.engine.chat(chat)) or "")

    # --- inside ---

    def _reply(
        self, document: DocumentRow, question: str, columns: Sequence[Column], choice: Choice, begin: Begin
    ) -> tuple[list[Source], str | None]:
        """The passages that were given, and what the model wrote; None where it was ended from outside.

        Where the engine counts more tokens than we estimated, fewer passages are given.
        """
        for factor in (1.0, *REFITS):
            given = self._passages(document, question, columns, choice, factor)
            if not given:
                break
            chat = request(document.filename, question, columns, choice, given)
            try:
                return given, _written(begin(choice.engine.chat(chat)))
            except ContextOverflow:
                if factor == REFITS[-1]:
                    raise
        return [], None

    def _passages(
        self, document: DocumentRow, question: str, columns: Sequence[Column], choice: Choice, factor: float
    ) -> list[Source]:
        """Those that fit: all of a short document, else the best for the question and for each column, in its order."""
        room = documents_room(question, columns, choice)
        passages: Sequence[StoredPassage | Found] = []
        if document.passages <= READ_WHOLE:
            passages = self._library.passages(document.id, 0, READ_WHOLE)
            if sum(_cost(document, passage, factor) for passage in passages) > room:
                passages = []
        if not passages:
            passages = self._best(document, question, columns, room, factor)
        return [_source(document, passage, number) for number, passage in enumerate(passages, start=1)]

    def _best(
        self, document: DocumentRow, question: str, columns: Sequence[Column], room: int, factor: float
    ) -> list[Found]:
        wanted = [question, *(column.name for column in columns if column.name != form.ANSWER)]
        lists = [self._search().find(words, limit=FOUND, document_ids=[document.id]) for words in wanted]
        chosen: dict[str, Found] = {}
        for rank in range(FOUND):
            for found in lists:
                if rank >= len(found) or found[rank].passage_id in chosen:
                    continue
                cost = _cost(document, found[rank], factor)
                if cost <= room:
                    chosen[found[rank].passage_id] = found[rank]
                    room -= cost
        return sorted(chosen.values(), key=lambda one: one.index)

    def _checked(
        self, given: Sequence[Source], question: str, columns: Sequence[Column], said: Sequence[Said]
    ) -> Answered:
        from backend.services.proving import AnswerProof

        sources = Sources(given)
        # Read once for all cells, and only if one of them needs it.
        proof = AnswerProof(given, self._embed)
        cells = [_cell(one, column, question, sources, proof) for one, column in zip(said, columns, strict=True)]
        return Answered(cells, list(sources.named.values()))


def _written(stream: ChatStream) -> str | None:
    """All that a model writes; None where its stream was ended before."""
    pieces: list[str] = []
    whole = False
    for delta in stream:
        pieces.append(delta.text)
        whole = whole or delta.usage is not None
    return "".join(pieces) if whole else None


def documents_room(question: str, columns: Sequence[Column], choice: Choice) -> int:
    """Tokens for the passages of a document. Raises ContextOverflow where question and columns leave none."""
    spent = estimate(form.SYSTEM) + estimate(form.ask(question, columns, "", [])) + 2 * PER_MESSAGE
    room = choice.window - spent - _reply_tokens(columns)
    if room < MIN_ANSWER:
        raise too_long(estimate(question), choice.window)
    return min(room, SMALL_DOCUMENTS if choice.engine.name == "builtin" else choice.window // 2)


def request(
    filename: str, question: str, columns: Sequence[Column], choice: Choice, given: Sequence[Source]
) -> ChatRequest:
    excerpts = [Excerpt(source.text, _label(source)) for source in given]
    messages = [
        ChatMessage("system", form.SYSTEM),
        ChatMessage("user", form.ask(question, columns, filename, excerpts)),
    ]
    return _request(choice, messages, _reply_tokens(columns), form.schema(columns))


def _request(choice: Choice, messages: Sequence[ChatMessage], tokens: int, schema: dict[str, Any]) -> ChatRequest:
    return ChatRequest(
        model=choice.model.name,
        messages=messages,
        window=choice.window,
        max_tokens=tokens,
        temperature=0.0,
        # A thought for each document would take minutes; where a model cannot think, the field is an error.
        think=False if "thinking" in choice.model.capabilities else None,
        schema=schema,
    )


def _reply_tokens(columns: Sequence[Column]) -> int:
    return PER_COLUMN * (len(columns) + 1)


def _cell(said: Said, column: Column, question: str, sources: Sources, proof: AnswerProof) -> AskCell:
    if said.value is None:
        return AskCell(None, "missing")
    texts = [source.text for source in sources.given]
    sort = sort_value(said.value, column)
    place = find(said, column, question, texts)
    if place is not None:
        return AskCell(said.value, "found", sort, _support(sources, place))
    if column.kind == "yes-no":
        return AskCell(said.value, "marked", sort, None, Reason("nothing", {}, NOTHING_SAID))
    if is_measured(said, column):
        # Shown beside it: what the model says that it has it from, where that stands there at least.
        copied = locate(said.words, texts) if said.words else None
        reason = Reason("number", {"said": said.value}, f"{said.value} is not in this document.")
        return AskCell(said.value, "marked", sort, _support(sources, copied) if copied else None, reason)
    return _proved(said.value, sort, sources, proof.value(said.value))


def _proved(value: str, sort: str | float | None, sources: Sources, citation: Citation) -> AskCell:
    """A text that does not stand there to the letter: what is not clearly supported is marked."""
    held = citation.support[0] if citation.support else None
    support = None
    if held is not None:
        place = next(at for at, source in enumerate(sources.given) if source.passage_id == held.passage_id)
        support = sources.support(place, held.words[0].start, held.words[0].end)
    if citation.verdict == "supported":
        return AskCell(value, "found", sort, support)
    return AskCell(value, "marked", sort, support, citation.reason or Reason("nothing", {}, NOTHING_SAID))


def _support(sources: Sources, place: Place) -> Support:
    return sources.support(place.passage, place.start, place.end)


def _is_about(question: str, source: Source) -> bool:
    asked = set(terms(question))
    there = set(terms(" ".join([*source.heading, source.text])))
    return len(asked & there) >= ABOUT * len(asked)


def _cost(document: DocumentRow, passage: StoredPassage | Found, factor: float) -> int:
    source = _source(document, passage, 1)
    return int(estimate(f"[1] {_label(source)}\n{source.text}") * factor) + 2


def _source(document: DocumentRow, passage: StoredPassage | Found, number: int) -> Source:
    from backend.services.search import Found

    found = passage if isinstance(passage, Found) else None
    return Source(
        number,
        found.passage_id if found else passage.id,  # type: ignore[union-attr]
        document.id,
        document.filename,
        passage.page,
        list(passage.heading),
        passage.text,
        found.score if found else 0.0,
        found.vector if found else None,
        found.text_match if found else None,
    )


def _label(source: Source) -> str:
    page = f"page {source.page}" if source.page else ""
    return " ".join(part for part in (page, " › ".join(source.heading)) if part)
