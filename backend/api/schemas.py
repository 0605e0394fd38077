"""Requests and responses of the HTTP API.

The OpenAPI document and the page's TypeScript types are made from these and from `services.events`, so every key
that crosses the wire is written once.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from backend.errors import Details
from backend.services.events import AskTable, EvaluationDone, Proof, ProofEvaluated, Source
from backend.services.health import CheckCode, CheckId
from backend.services.storage import Place

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
CollectionIds = Annotated[list[Id], Field(max_length=1_000)]
COLLECTION_IDS = "beside document_ids: the documents of these collections too; null in both: all documents"
PRESET_ID = "null: none; left out: the one the conversation used last, or the default one in a new conversation"
DocumentStatus = Literal["queued", "reading", "embedding", "ready", "failed"]


class Schema(BaseModel):
    """Unknown keys are refused, so that a misspelt option is not silently ignored.

    Each is built when it is first used: a hundred of them at once are a fifteenth of the time that a start takes.
    """

    model_config = ConfigDict(extra="forbid", from_attributes=True, defer_build=True)


class ErrorResponse(Schema):
    """`error` is one of `errors.codes()`; answers that were kept by an earlier LocalChat have no details."""

    error: str
    message: str
    details: Details | None = None


class Ok(Schema):
    ok: Literal[True] = True


# --- chat -------------------------------------------------------------------------------------------------------


class ChatOptions(Schema):
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=131_072)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    think: bool | None = None


class ChatBody(Schema):
    message: str = Field(min_length=1)
    use_rag: bool = True
    conversation_id: Id | None = None
    parent_id: Id | None = Field(None, description="the message this one follows; null: none; left out: the last one")
    model: Name | None = None
    images: list[str] | None = Field(None, description="PNG, JPEG, WebP or GIF in base64; only for models that see")
    image_ids: list[Id] | None = Field(None, description="pictures of this conversation, shown again before `images`")
    document_ids: list[Id] | None = Field(None, max_length=10_000)
    collection_ids: CollectionIds | None = Field(None, description=COLLECTION_IDS)
    options: ChatOptions = ChatOptions()
    preset_id: Id | None = Field(None, description=PRESET_ID)


class PictureSize(Schema):
    """Pixels."""

    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)


class BudgetBody(Schema):
    """What a message would take of the window, before it is sent."""

    message: str = ""
    conversation_id: Id | None = None
    parent_id: Id | None = None
    model: Name | None = None
    preset_id: Id | None = Field(None, description=PRESET_ID)
    pictures: list[PictureSize] = Field([], max_length=100)


# --- conversations ----------------------------------------------------------------------------------------------


class Picture(Schema):
    """Of a question: GET /api/pictures/{id}. `width` and `height` in pixels, `size` in bytes."""

    id: str
    media_type: str
    width: int
    height: int
    size: int


class Message(Schema):
    """status: streaming (being written), done, stopped (by the user), interrupted (crash), failed (see `error`).

    proof: null where the answer was not held against sources.
    """

    id: str
    parent_id: str | None
    role: Literal["user", "assistant"]
    content: str
    thinking: str
    status: Literal["streaming", "done", "stopped", "interrupted", "failed"]
    error: ErrorResponse | None
    model: str | None
    sources: list[Source]
    proof: Proof | None = None
    usage: dict[str, Any] | None
    created_at: str
    images: list[Picture]


class ConversationHead(Schema):
    id: str
    title: str
    created_at: str
    updated_at: str
    answering: bool = False
    pinned: bool = False
    tags: list[str] = []


class Conversation(ConversationHead):
    """The whole tree; `leaf_id` is the last message of the branch that was shown last."""

    leaf_id: str | None
    preset_id: str | None
    messages: list[Message]


class SnippetPart(Schema):
    """`found`: one of the words that were asked for."""

    text: str
    found: bool


class ConversationMatch(Schema):
    """`hits`: messages that hold the words; `message_id`: the newest of them, null when only the title does."""

    hits: int
    message_id: str | None
    title: list[SnippetPart]
    snippet: list[SnippetPart]


class ConversationSummary(ConversationHead):
    """`match` where words were asked for."""

    match: ConversationMatch | None = None


class TagCount(Schema):
    tag: str
    conversations: int


class ConversationList(Schema):
    """`total` counts the conversations that match; `tags` are those of all, by name.

    `complete` is false when the words are so frequent that only the newest messages were looked at.
    """

    conversations: list[ConversationSummary]
    total: int
    complete: bool = True
    tags: list[TagCount]


class ConversationQuery(Schema):
    q: str = Field("", max_length=1_000)
    tag: Tag | None = None
    offset: int = Field(0, ge=0)
    limit: int = Field(200, ge=1, le=10_000)


class NewConversation(Schema):
    title: Name | None = None


class ConversationChange(Schema):
    """What is left out stays as it is."""

    title: Name | None = None
    leaf_id: Id | None = None
    pinned: bool | None = None
    tags: list[Tag] | None = Field(None, max_length=20)
    put_away: bool | None = Field(None, description="true: out of lists and search, false: back; deleted at next start")
    preset_id: Id | None = Field(None, description="the preset of the next questions; null: none")


# --- conversations out and in ---------------------------------------------------------------------------------------


class ExportQuery(Schema):
    format: Literal["md", "json", "html", "docx", "pdf"] = "md"


# --- documents --------------------------------------------------------------------------------------------------


class DocumentError(Schema):
    """`details`: which sentence it is, where there is more than one of its code (errors.REASONS)."""

    code: str
    message: str
    details: Details | None = None


class DocumentNotice(Schema):
    """What its owner should know about a document that was read all the same: pages that are scans, and so on."""

    code: str
    count: int
    message: str


class Document(Schema):
    """`searchable`: its passages are found, be it those of the version before the one that is being read or failed.

    `path`: where its file lies on this computer, where that is known. `parent_id`: the mail that carries it.
    """

    id: str
    filename: str
    status: DocumentStatus
    error: DocumentError | None
    passages: int
    pages: int | None
    size: int
    added_at: str
    collections: list[str] = Field(description="the ids of those it is in")
    progress: dict[str, Any] | None = None
    searchable: bool = False
    notices: list[DocumentNotice] = []
    folder_id: str | None = None
    path: str | None = None
    parent_id: str | None = None


class DocumentGroup(Schema):
    """Documents of a folder, by the first of their places; null: those in no folder."""

    folder_id: str | None
    total: int


class DocumentList(Schema):
    """`total` counts the documents that match; `documents_total`, `passages`, `size` (bytes of the originals),
    `disk` (bytes of originals and passages) and `working` (not ready yet) are of all; `free`: bytes on that disk.

    `groups`: where they are asked for by folder, how many each has, in their order."""

    documents: list[Document]
    groups: list[DocumentGroup] = []
    total: int
    documents_total: int
    passages: int
    size: int
    disk: int
    free: int
    working: int


class DocumentQuery(Schema):
    status: DocumentStatus | Literal["working"] | None = Field(None, description="working: on its way to be ready")
    collection: Id | None = Field(None, description="only the documents of this collection")
    q: str = Field("", max_length=300, description="words that the name holds")
    sort: Literal["added", "name", "size", "passages", "status"] = Field("added", description="added: the newest first")
    folder: Id | None = None
    by_folder: bool = Field(
        default=False, description="those of a folder together, those in none at the end; each in the order of `sort`"
    )
    offset: int = Field(0, ge=0)
    limit: int = Field(200, ge=1, le=10_000)


class DocumentIds(Schema):
    document_ids: list[Id] = Field(min_length=1, max_length=10_000)


class RetryBody(Schema):
    password: str | None = Field(None, min_length=1, max_length=1_000, description="opens the file; never kept")


class TextQuery(Schema):
    offset: int = Field(0, ge=0, description="letters")
    limit: int = Field(65_536, ge=1, le=1_048_576)


class DocumentText(Schema):
    """A part of the text as it was read, whose `offset` passages count in too; `total` letters in all."""

    text: str
    offset: int
    total: int


class BoxQuery(Schema):
    """Letters of the text as it was read, in which passages count too."""

    offset: int = Field(0, ge=0, description="letters")
    limit: int = Field(4_096, ge=1, le=65_536)


class WordsBody(Schema):
    """Words of a source: the letters from `start` to before `end` (code points) of its `text`, as the answer has it."""

    passage_id: Id
    text: str = Field(max_length=32_768)
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class DocumentBox(Schema):
    """A line, or a part of one, on a page (from 1): fractions (0 to 1) of its width from the left and of its height
    from the top, as the page is shown."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class DocumentBoxes(Schema):
    """In the order of the text. None where the format has no pages, or what was read is from before boxes were kept."""

    boxes: list[DocumentBox]


class FolderBody(Schema):
    path: str | None = Field(None, max_length=4096, description="left out: chosen in the window's dialog")


class Folder(Schema):
    """A watched folder. `state` missing: it is not there, and nothing is deleted for that.

    `files` are kept of it; `left_out` counts files of kinds that are not read, `closed` what could not be opened.
    """

    id: str
    path: str
    state: Literal["scanning", "watching", "missing"]
    files: int
    documents: int
    ready: int
    failed: int
    passages: int
    left_out: int
    closed: int
    error: DocumentError | None
    added_at: str


class FolderList(Schema):
    folders: list[Folder]


class Passage(Schema):
    id: str
    index: int
    text: str
    kind: str
    page: int | None
    heading: list[str]
    start: int
    end: int


class PassageList(Schema):
    passages: list[Passage]
    total: int


class PageQuery(Schema):
    offset: int = Field(0, ge=0)
    limit: int = Field(100, ge=1, le=1_000)


class PassageQuery(PageQuery):
    """`around`: a passage of the document; it comes with `before` and `after` its own, whatever the offset."""

    around: Id | None = None
    before: int = Field(3, ge=0, le=100)
    after: int = Field(6, ge=0, le=100)


# --- collections ------------------------------------------------------------------------------------------------


CollectionName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Collection(Schema):
    """`documents` counts those in it, ready or not."""

    id: str
    name: str
    documents: int
    created_at: str
    updated_at: str


class CollectionList(Schema):
    collections: list[Collection]


class NewCollection(Schema):
    name: CollectionName
    document_ids: list[Id] = Field([], max_length=10_000)
    id: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="of one that was deleted: it comes back, and presets know it again"
    )


class CollectionChange(Schema):
    name: CollectionName


# --- questions to a collection ----------------------------------------------------------------------------------


class NewColumn(Schema):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    kind: Literal["text", "number", "date", "yes-no"] = "text"


class ColumnsBody(Schema):
    question: str = Field(min_length=1)
    model: Name | None = None


class ProposedColumn(Schema):
    name: str
    kind: Literal["text", "number", "date", "yes-no"]


class ProposedColumns(Schema):
    """`model`: who proposes them; null: nobody, so that there is one column for the answer."""

    columns: list[ProposedColumn]
    model: str | None


class AskBody(Schema):
    question: str = Field(min_length=1)
    columns: list[NewColumn] | None = Field(
        None, min_length=1, max_length=12, description="left out: as POST …/columns proposes them"
    )
    model: Name | None = None
    quotes: bool = Field(default=False, description="no model: the documents' own sentences in one column")

    @model_validator(mode="after")
    def named_once(self) -> AskBody:
        names = [column.name.casefold() for column in self.columns or ()]
        if len(set(names)) < len(names):
            raise ValueError("two columns have the same name")
        return self


class AskTables(Schema):
    """Without their rows."""

    tables: list[AskTable]


class GoOnBody(Schema):
    failed: bool = Field(default=False, description="ask the documents that failed once more, too")


class CheckBody(Schema):
    marked: bool = Field(default=False, description="ask about the sentences that are marked, too")


class TableQuery(Schema):
    format: Literal["csv", "xlsx"]


# --- search -----------------------------------------------------------------------------------------------------


class SearchBody(Schema):
    query: str = Field(min_length=1, max_length=20_000)
    limit: int = Field(10, ge=1, le=100)
    mode: Literal["hybrid", "vector", "text"] = "hybrid"
    document_ids: list[Id] | None = Field(None, max_length=10_000)
    collection_ids: CollectionIds | None = Field(None, description=COLLECTION_IDS)
    folder_ids: list[Id] | None = Field(
        None, max_length=1_000, description="beside the others: the documents of these watched folders too"
    )


class ArmScore(Schema):
    score: float
    rank: int


class SearchResult(Schema):
    passage_id: str
    document_id: str
    filename: str
    page: int | None
    heading: list[str]
    text: str
    score: float
    vector: ArmScore | None
    text_match: ArmScore | None
    shares: dict[str, float] = Field(description="what each signal gave to the score of a hybrid search")
    index: int = Field(description="number of the passage in its document")
    start: int
    end: int
    related: bool = Field(default=True, description="false: neither words nor meaning have to do with the question")


class SearchResponse(Schema):
    """`words_only`: why meaning had no part in it, where the embedder runs elsewhere and does not answer.

    `weights`: how much each signal counts in a hybrid search of this language; 1 together.
    """

    results: list[SearchResult]
    milliseconds: float
    words_only: ErrorResponse | None = None
    weights: dict[str, float] = {}


class EvaluateBody(Schema):
    set: str | None = Field(None, description="path of an XQuAD file or a BEIR folder; null: the user's own documents")


class Evaluated(Schema):
    """`name`: of the labelled file; null: the user's own documents."""

    name: str | None
    at: str
    result: EvaluationDone | ProofEvaluated


class EvaluationList(Schema):
    evaluations: list[Evaluated]


# --- the embedder -----------------------------------------------------------------------------------------------


class EmbedderOption(Schema):
    """`size` in bytes; `context_window`: tokens of a text that it reads, 0 where that is not known."""

    id: str
    engine: Literal["builtin", "ollama"]
    model: str
    size: int
    context_window: int
    active: bool


class EmbedderChangeState(Schema):
    """`done` of `total` passages. `waiting`: its program does not answer, `trouble` says why; it goes on by itself.

    `failed`: it ended, with what was made; choosing the same again goes on.
    """

    id: str
    model: str
    state: Literal["embedding", "preparing", "waiting", "failed", "done"]
    done: int
    total: int
    seconds_left: float | None
    trouble: ErrorResponse | None


class EmbedderBefore(Schema):
    """What can be gone back to `until` then. `size`: bytes of its vectors and passages."""

    id: str
    model: str
    size: int
    until: str


class EmbedderState(Schema):
    """`problem`: why the documents are searched by words alone now. `cut`: passages that are longer than it reads."""

    id: str
    engine: Literal["builtin", "ollama"]
    model: str
    dimensions: int
    cut: int
    problem: ErrorResponse | None
    options: list[EmbedderOption]
    change: EmbedderChangeState | None
    before: EmbedderBefore | None


class EmbedderBody(Schema):
    embedder: Annotated[str, Field(min_length=1, max_length=300, description="the id of one of the options")]


class EmbedderEstimate(Schema):
    """What a change costs: passages to embed, seconds, bytes on the disk until the one before is given up.

    `reads_whole`: no passage of the usual length is cut.
    """

    passages: int
    seconds: float
    size: int
    dimensions: int
    reads_whole: bool


# --- models -----------------------------------------------------------------------------------------------------


class Model(Schema):
    """`size` and `loaded_bytes` in bytes. `fits`: whether this machine's memory holds it."""

    name: str
    engine: Literal["ollama", "builtin"]
    label: str
    size: int
    parameters: str
    quantization: str
    context_window: int
    capabilities: list[str]
    loaded: bool
    loaded_bytes: int
    active: bool
    fits: Literal["fits", "tight", "too large"]


class Engine(Schema):
    name: Literal["ollama", "builtin"]
    label: str
    running: bool
    address: str
    version: str
    message: str
    details: Details | None = None
    startable: bool = Field(default=False, description="it is installed on this computer and does not run")


class Pull(Schema):
    id: str
    model: str
    status: str
    completed: int | None
    total: int | None
    stalled: bool


class ModelList(Schema):
    models: list[Model]
    engines: list[Engine]
    pulls: list[Pull]
    active: str
    memory: int


class ActiveModel(Schema):
    """`chosen` is false while LocalChat chooses by itself. `checker`: the model that can check sentences again."""

    model: str
    engine: str
    label: str
    context_window: int
    capabilities: list[str]
    chosen: bool
    checker: str | None = None


class ActiveModelChange(Schema):
    model: Name | None = Field(description="a name from GET /api/models; null: let LocalChat choose")


class PullBody(Schema):
    model: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[\w.\-:/@]+$")
    ]


class ModelTest(Schema):
    model: str
    answer: str
    first_token_seconds: float
    tokens_per_second: float


# --- presets ----------------------------------------------------------------------------------------------------

PresetName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
SystemPrompt = Annotated[str, StringConstraints(max_length=20_000)]
PresetDocuments = Annotated[list[Id], Field(max_length=10_000)]


class PresetCollection(Schema):
    """`gone`: it was deleted; it is skipped."""

    id: str
    name: str
    gone: bool


class PresetDocument(Schema):
    """`gone`: it was deleted; it is skipped, and taken up again should the same file be added again."""

    id: str
    filename: str
    gone: bool


class Preset(Schema):
    """`system_prompt` "" is the built-in one; null is as the settings say; neither `documents` nor `collections` means
    all documents."""

    id: str
    name: str
    system_prompt: str
    model: str | None
    temperature: float | None
    context_window: int | None
    use_documents: bool | None
    documents: list[PresetDocument]
    collections: list[PresetCollection]
    is_default: bool
    created_at: str
    updated_at: str


class PresetList(Schema):
    presets: list[Preset]


class NewPreset(Schema):
    name: PresetName
    system_prompt: SystemPrompt = ""
    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    use_documents: bool | None = None
    document_ids: PresetDocuments | None = Field(None, description="null or none, here and below: all documents")
    collection_ids: CollectionIds | None = None
    is_default: bool = Field(default=False, description="the one for new conversations; there is at most one")


class PresetChange(Schema):
    """What is named changes; null takes a value back to what the settings say, and the documents to all of them."""

    name: PresetName | None = None
    system_prompt: SystemPrompt | None = None
    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    use_documents: bool | None = None
    document_ids: PresetDocuments | None = None
    collection_ids: CollectionIds | None = None
    is_default: bool | None = None


class PresetFileDocument(Schema):
    filename: str = Field(max_length=1_000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PresetFileCollection(Schema):
    name: CollectionName


class PresetFile(Schema):
    """A preset as a file. Its documents are named by their content, its collections by name; neither is in it."""

    format: str = Field(max_length=100)
    version: int
    name: PresetName
    system_prompt: SystemPrompt = ""
    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    use_documents: bool | None = None
    documents: list[PresetFileDocument] = Field([], max_length=10_000)
    collections: list[PresetFileCollection] = Field([], max_length=1_000)


# --- settings, system -------------------------------------------------------------------------------------------


RecentCommand = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Settings(Schema):
    """`quotes`: what the documents say, word for word, above an answer."""

    theme: Literal["system", "light", "dark"] = "system"
    language: Literal["system", "en", "de", "fr", "es", "zh"] = "system"
    reading_size: Literal["small", "normal", "large"] = "normal"
    use_documents: bool = True
    quotes: bool = True
    temperature: float = Field(0.3, ge=0, le=2)
    context_window: int = Field(8192, ge=2048, le=1_048_576)
    ollama_host: str = Field("", max_length=300, description="empty: OLLAMA_HOST, else 127.0.0.1:11434")
    model: str | None = Field(None, description="the chosen chat model; null: chosen by LocalChat")
    welcome_dismissed: bool = False
    meter_open: bool = False
    recent_commands: list[RecentCommand] = Field([], max_length=20, description="of the palette, the newest first")


class SettingsChange(Schema):
    theme: Literal["system", "light", "dark"] | None = None
    language: Literal["system", "en", "de", "fr", "es", "zh"] | None = None
    reading_size: Literal["small", "normal", "large"] | None = None
    use_documents: bool | None = None
    quotes: bool | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=2048, le=1_048_576)
    ollama_host: str | None = Field(None, max_length=300)
    welcome_dismissed: bool | None = None
    meter_open: bool | None = None
    recent_commands: list[RecentCommand] | None = Field(None, max_length=20)


class Health(Schema):
    status: Literal["ok"] = "ok"
    version: str


class Check(Schema):
    """One line of the doctor. `state`: ok, warning (works without), failed. `mend`: what to do, or empty.

    `id` is the part that was checked, `code` what was found, with its `values`, for who says it in another language;
    `cause` is the error behind it.
    """

    id: CheckId
    code: CheckCode
    values: dict[str, str | int]
    name: str
    state: Literal["ok", "warning", "failed"]
    message: str
    mend: str
    cause: ErrorResponse | None


class DocumentCounts(Schema):
    documents: int
    passages: int
    size: int
    working: int


class Status(Schema):
    version: str
    engines: list[Engine]
    model: ActiveModel
    documents: DocumentCounts
    checks: list[Check]
    data_folder: str
    desktop: bool


class Stored(Schema):
    """`size` in bytes, of all that is in it."""

    place: Place
    path: str
    size: int


class Storage(Schema):
    """`before`: bytes among those of the passages that an embedder of before takes, until it is given up."""

    places: list[Stored]
    before: int = 0


class OpenBody(Schema):
    place: Place


class DroppedFolders(Schema):
    """`paths`: of the folders that were dropped on the window last; told once."""

    paths: list[str]


class LogQuery(Schema):
    name: str = Field("localchat.log", max_length=100)
    lines: int = Field(200, ge=1, le=5_000)


class LogLines(Schema):
    """The last lines of a log, the newest last; `names` are the logs that there are."""

    name: str
    path: str
    names: list[str]
    lines: list[str]


class BackupBody(Schema):
    path: str | None = Field(None, max_length=4_000, description="a file or folder; null: in the user's documents")
    ask: bool = Field(default=False, description="let the user choose in the window's own dialog")


class RestoreBody(Schema):
    path: str | None = Field(None, max_length=4_000)
    ask: bool = Field(default=False, description="let the user choose in the window's own dialog")


class StagedBackup(Schema):
    """A backup whose data takes the place of the present data at the next start."""

    path: str
    created_at: str
    documents: int
    conversations: int


class RestoreState(Schema):
    staged: StagedBackup | None


class PickBody(Schema):
    folder: bool = False
