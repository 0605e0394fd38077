"""What the streams say, one class an event; the keys are those of the HTTP contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from backend.errors import Details
from backend.pipeline.fusion import Arm


@dataclass(frozen=True, slots=True)
class PageStart:
    """`page` begins `at` so many characters of a source's text."""

    at: int
    page: int


@dataclass(frozen=True, slots=True)
class Source:
    """A passage for an answer. `number` is the [n] of the answer; `page` counts from 1.

    `vector` and `text_match` are null where that arm did not find it. `given`: false where the model had no room to
    read it; it is quoted, and sentences are held against it, all the same. `pages`: of a text on several pages.
    """

    number: int
    passage_id: str
    document_id: str
    filename: str
    page: int | None
    heading: list[str]
    text: str
    score: float
    vector: Arm | None = None
    text_match: Arm | None = None
    given: bool = True
    pages: list[PageStart] = field(default_factory=list)

    def page_at(self, at: int) -> int | None:
        """Of the words that begin there in the text."""
        return next((start.page for start in reversed(self.pages) if start.at <= at), self.page)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to behind the last character (code points)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a source, word for word; `start` and `end` are its place in the passage, in characters."""

    source: int
    passage_id: str
    document_id: str
    filename: str
    page: int | None
    heading: list[str]
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """The words of a source that support a sentence, and where they stand in its passage."""

    source: int
    passage_id: str
    document_id: str
    page: int | None
    text: str
    words: list[Span]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a sentence is marked: a code, the words that it speaks of, and the whole in English."""

    code: str
    params: dict[str, str]
    message: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of the answer, by its place in the text, and what the sources say to it. `open`: neither way.

    `support`: the words that support it, or those that it was held against. `checked_by`: the model that was asked
    about it afterwards.
    """

    start: int
    end: int
    verdict: Literal["supported", "contradicted", "unsupported", "open"]
    support: list[Support]
    reason: Reason | None
    checked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What stays with an answer: the quotes, and its sentences as they were held against the sources.

    `unrelated`: nothing in the documents had to do with the question, so none was sent.
    """

    quotes: list[Quote]
    sure: bool
    folded: bool
    citations: list[Citation]
    unrelated: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A passage that was found but did not fit the window. `rank` counts from 1."""

    passage_id: str
    filename: str
    page: int | None
    rank: int


@dataclass(frozen=True, slots=True)
class Budget:
    """How the model's window is shared out, in tokens. `answer` is the room kept for the answer.

    Pictures are estimated, and stand with the question or the history that they belong to. `pictures_left_out` are
    those of the history that did not fit.
    """

    window: int
    system: int
    history: int
    documents: int
    question: int
    answer: int
    free: int
    left_out: list[LeftOut] = field(default_factory=list)
    history_left_out: int = 0
    pictures_left_out: int = 0


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """The engine's own counts, our times (seconds), and what was sent: how the window was shared out."""

    prompt_tokens: int
    completion_tokens: int
    seconds: float
    tokens_per_second: float
    first_token_seconds: float
    thinking_seconds: float | None = None
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class ChatStarted:
    """`proved`: the answer's sentences will be held against the sources, as `Citations`.

    `unseen_pictures` of the question and the history are not sent, since the model cannot see; `warning` says so.
    `words_only`: why the documents were searched by words alone; null: by their meaning too. `unrelated`: nothing in
    them has to do with the question, so the answer is not from them.
    """

    conversation_id: str
    message_id: str
    question_id: str
    title: str
    model: str
    engine: str
    sources: list[Source]
    budget: Budget
    preset_id: str | None = None
    proved: bool = False
    unseen_pictures: int = 0
    warning: str | None = None
    words_only: Failure | None = None
    unrelated: bool = False


@dataclass(frozen=True, slots=True)
class Thinking:
    thinking: str


@dataclass(frozen=True, slots=True)
class Content:
    content: str


@dataclass(frozen=True, slots=True)
class Quotes:
    """What the documents themselves say to the question.

    `sure`: the first alone is enough. `folded`: the model is one whose own words come first.
    """

    quotes: list[Quote]
    sure: bool
    folded: bool


@dataclass(frozen=True, slots=True)
class Citations:
    """Sentences that were held against the sources since the last such event; each once, in order."""

    citations: list[Citation]


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """`total`: sentences that will be asked about; `model`: who is asked."""

    message_id: str
    model: str
    total: int


@dataclass(frozen=True, slots=True)
class CheckStep:
    """A sentence was asked about: it is kept as `citation`, in the place `sentence` of the message's citations."""

    sentence: int
    citation: Citation
    checked: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckDone:
    """How many sentences were asked about, and how they stand now. `unread`: those whose reply could not be read."""

    checked: int
    supported: int
    marked: int
    open: int
    unread: int
    stopped: bool
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class ChatDone:
    """`warning` says what the engine cut from the answer; `details` which sentence that is (errors.REASONS)."""

    usage: TurnUsage | None
    stopped: bool
    finish: str
    warning: str | None = None
    details: Details | None = None
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Notice:
    message: str


@dataclass(frozen=True, slots=True)
class FileProgress:
    """`done` of `total` in `stage`: bytes while storing, pages while reading, passages while embedding.

    `seconds_left` until the document is ready, by the speed so far; None while there is no telling. `waiting`: why
    nothing moves, where the embedder runs in a program that does not answer; it goes on by itself.
    """

    filename: str
    document_id: str | None
    stage: Literal["queued", "storing", "reading", "embedding"]
    done: int
    total: int
    seconds_left: float | None = None
    waiting: Failure | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    progress: FileProgress


@dataclass(frozen=True, slots=True)
class FileResult:
    """`code` is the error's class name where `success` is false; `details` which sentence it is (errors.REASONS)."""

    filename: str
    success: bool
    message: str
    document_id: str | None
    code: str | None = None
    passages: int = 0
    details: Details | None = None


@dataclass(frozen=True, slots=True)
class Result:
    result: FileResult


@dataclass(frozen=True, slots=True)
class UploadDone:
    total_documents: int
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class PullStatus:
    """A line of a pull. `id` cancels it; `digest`, `completed`, `total` (bytes) are there while a layer moves."""

    id: str
    status: str
    digest: str | None = None
    completed: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """Bytes, of a backup or a restore. `checking` reads back what was written."""

    stage: Literal["collecting", "writing", "checking", "unpacking"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CopyStep:
    progress: CopyProgress


@dataclass(frozen=True, slots=True)
class BackupDone:
    """`size` in bytes; `sha256` of the whole file."""

    path: str
    sha256: str
    size: int
    documents: int
    conversations: int
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """`done` of `total` in bytes of JSON; the others count conversations."""

    done: int
    total: int
    imported: int
    already_there: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Importing:
    progress: ImportProgress


@dataclass(frozen=True, slots=True)
class ImportRemark:
    """What was not understood: of which conversation (or file), and why."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Conversations, and what was not understood in them; `more_remarks` counts those that are not listed."""

    imported: int
    already_there: int
    skipped: int
    not_understood: list[ImportRemark] = field(default_factory=list)
    more_remarks: int = 0


@dataclass(frozen=True, slots=True)
class ImportDone:
    report: ImportReport
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """It is applied when LocalChat starts the next time. `created_at`: when the backup was made."""

    path: str
    created_at: str
    documents: int
    conversations: int
    restart: bool = True
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class CopyCancelled:
    """No file was chosen in the window's dialog."""

    cancelled: Literal[True] = True


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """`done` of `total`: passages while embedding, questions while asking, groups of sentences while proving."""

    stage: Literal["reading", "embedding", "weighing", "asking", "proving"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class EvaluationStep:
    progress: EvaluationProgress


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over all questions: whether the first, or one of five, was right; ranks; milliseconds of a question."""

    hit_1: float
    hit_5: float
    mrr: float
    ndcg_10: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class QuoteFigures:
    """Whether the first sentence, or one of three, holds the answer."""

    hit_1: float
    hit_3: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Advice:
    """What the figures say should be changed; `code` names it for translations.

    `names`, `document_ids`: of the documents that it is about.
    """

    code: Literal["weak_meaning", "look_alike", "hard_documents", "short_passages", "good"]
    message: str
    names: list[str]
    document_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EvaluationDone:
    """`quotes`: None where the set has no answers; `advice`: of the user's own documents."""

    passages: int
    questions: int
    vector: Figures
    text: Figures
    hybrid: Figures
    quotes: QuoteFigures | None = None
    advice: list[Advice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KindFigures:
    """`right`: the share that was found, for kinds that are supported, or marked, for the others."""

    kind: str
    count: int
    right: float


@dataclass(frozen=True, slots=True)
class ProofEvaluated:
    """Shares of the labelled sentences; None without such."""

    groups: int
    sentences: int
    supported_found: float | None
    unsupported_marked: float | None
    kinds: list[KindFigures]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class AskColumn:
    name: str
    kind: Literal["text", "number", "date", "yes-no"]


@dataclass(frozen=True, slots=True)
class AskCell:
    """One value of a document. `found`: it stands in the source of `support`; `marked`: it does not, and `reason` says
    so; `missing`: the document says nothing of it. A "yes" or "no" is `found` where the words it rests on are.

    `sort`: a date as YYYY-MM-DD or YYYY-MM, a number without its unit.
    """

    value: str | None
    verdict: Literal["found", "marked", "missing"]
    sort: str | float | None = None
    support: Support | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class AskRow:
    """A document of the table; `cells` in the order of the columns, none while it waits or when it failed.

    `sources`: the passages that its cells stand in.
    """

    document_id: str
    filename: str
    state: Literal["waiting", "covered", "empty", "failed"]
    cells: list[AskCell]
    sources: list[Source]
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class AskTally:
    """Documents. `covered`: with at least one value; `empty`: asked, and nothing found; `left`: not asked yet.

    `asking`: the one that is asked right now. `seconds_left`: None while there is no telling.
    """

    total: int
    covered: int
    empty: int
    failed: int
    left: int
    seconds_left: float | None = None
    asking: str | None = None


@dataclass(frozen=True, slots=True)
class AskTable:
    """A question that was asked of each document in a collection. `model`: None where the documents' own sentences fill
    the table. `error`: why it stopped by itself.
    """

    id: str
    collection_id: str
    question: str
    columns: list[AskColumn]
    model: str | None
    state: Literal["running", "done", "stopped"]
    created_at: str
    tally: AskTally
    error: Failure | None
    rows: list[AskRow]


@dataclass(frozen=True, slots=True)
class AskStarted:
    """With the rows that there are: all of them waiting, in a table that was just begun."""

    table: AskTable


@dataclass(frozen=True, slots=True)
class AskStep:
    """Rows that changed since the last step, and how far it is."""

    rows: list[AskRow]
    tally: AskTally


@dataclass(frozen=True, slots=True)
class AskDone:
    """`stopped`: documents are `left`, by wish or for `stopped_by`."""

    covered: int
    failed: int
    empty: int
    left: int
    stopped: bool
    stopped_by: Failure | None = None
    done: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Failure:
    """`details`: which sentence it is, with its values, for who says it in another language."""

    error: str
    message: str
    details: Details | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing happened for a moment. Sent as a comment, so that a client that has left is noticed."""


IDLE = Idle()

ChatEvent = ChatStarted | Thinking | Content | Quotes | Citations | ChatDone | Failure
UploadEvent = Notice | Progress | Result | UploadDone | Failure
PullEvent = PullStatus | Failure
BackupEvent = CopyStep | BackupDone | CopyCancelled | Failure
RestoreEvent = CopyStep | RestoreDone | CopyCancelled | Failure
ImportEvent = Importing | ImportDone | Failure
EvaluationEvent = EvaluationStep | EvaluationDone | ProofEvaluated | Failure
AskEvent = AskStarted | AskStep | AskDone | Failure
CheckEvent = CheckStarted | CheckStep | CheckDone | Failure
StreamEvent = (
    ChatEvent
    | UploadEvent
    | PullEvent
    | BackupEvent
    | RestoreEvent
    | ImportEvent
    | EvaluationEvent
    | AskEvent
    | CheckEvent
    | Idle
)
