// One conversation as the page knows it: its messages, the branch that is shown, and the answer being written.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamAnswer, type ChatEvent } from "../../api/streams";
import type { Budget, ChatStarted, Citation, Message } from "../../api/types";
import { t } from "../../i18n";
import { base64, type Picture } from "./pictures.svelte";
import type { Attached } from "./readPicture";
import { said, type Said } from "../../i18n/said";
import { Checking } from "./checking.svelte";
import { Pieces } from "./pieces";
import { newestLeaf, pathTo, versions } from "./tree";

const UNSENT = "question-being-sent";
const POLL_MS = 1000;
/** What of a message changes after it was begun. */
const FIELDS = ["status", "content", "thinking", "parent_id"] as const;
/** A stop that the server does not follow in this time closes the stream from here. */
const STOP_PATIENCE_MS = 2500;

export interface Watcher {
  /** The ids of those that the next question is asked of; none: everywhere. */
  readonly collections: string[];
  /** The conversation got its id and title from the server, or an answer began in it. */
  began(conversation: Conversation): void;
  wrote(conversation: Conversation, answer: Message): void;
  ended(conversation: Conversation, answer: Message): void;
}

interface Thought {
  from: number;
  seconds: number | null;
}

export interface Asking {
  useDocuments: boolean;
  /** Of the question beside which this one is asked; left out: it is asked at the end. */
  parent?: string | null;
  /** New pictures, after those that the conversation has already. */
  attached?: readonly Attached[];
  kept?: readonly Picture[];
}

export class Conversation {
  id = $state<string | null>(null);
  title = $state("");
  /** Replaced, not changed; only those that are being asked and written change in themselves. */
  messages = $state.raw<Message[]>([]);
  leaf = $state<string | null>(null);
  /** The preset of the next question; undefined: as the server has it, which for a new one is the default. */
  preset = $state<string | null | undefined>(undefined);
  /** The model that was chosen here instead of the preset's. */
  model = $state<string | null>(null);
  loading = $state(false);
  /** The time of the server's change that `messages` hold last; null before they came from there. */
  asOf: string | null = null;
  /** It was deleted elsewhere; what is here is all that is left of it. */
  gone = $state(false);
  /** Why it could not be loaded. */
  failure = $state<ApiError | null>(null);
  /** Why the last question was not accepted; the question is in the composer again. */
  refusal = $state<ApiError | null>(null);
  /** Of the last question that was sent. */
  sent = $state<Budget | null>(null);
  /** What the engine cut from the last answer. */
  warning = $state<Said | null>(null);
  /** Pictures of the question and the history that the last answer was written without: its model cannot see. */
  unseen = $state(0);
  /** Why the documents were searched by words alone for the last answer. */
  wordsOnly = $state<Said | null>(null);
  /** When thinking began, and how long it took; known only for answers written while the page was open. */
  thoughts = $state<Record<string, Thought>>({});
  /** The id of the answer that this page is receiving. */
  writing = $state<string | null>(null);
  /** Sentences of an answer that are being checked again. */
  readonly checking = new Checking((message, sentence, citation) => this.#settle(message, sentence, citation));
  path = $derived(pathTo(this.messages, this.leaf));
  answering = $derived(this.writing !== null || this.path.at(-1)?.status === "streaming");

  readonly #watcher: Watcher;
  #abort: AbortController | null = null;
  /** The server has taken the question that is being answered. */
  #started = false;
  #poll: ReturnType<typeof setTimeout> | undefined;
  /** Addresses of pictures that were sent from here, by id. They are shown before the server has them. */
  #previews = new Map<string, string>();

  constructor(id: string | null, watcher: Watcher) {
    this.id = id;
    this.#watcher = watcher;
  }

  async load(): Promise<void> {
    if (this.id === null || this.writing) return;
    this.loading = !this.messages.length;
    try {
      const kept = await data(api.GET("/api/conversations/{identity}", { params: { path: { identity: this.id } } }));
      if (this.writing) return;
      this.title = kept.title;
      this.messages = this.#same(kept.messages);
      this.leaf = kept.leaf_id;
      if (this.preset === undefined) this.preset = kept.preset_id;
      this.asOf = kept.updated_at;
      this.failure = null;
      this.gone = false;
      this.#pollWhileWritten();
    } catch (error) {
      this.failure = asApiError(error);
      this.gone = this.messages.length > 0 && this.failure.code === "NotFound";
    } finally {
      this.loading = false;
    }
  }

  /** Messages that are as they were stay the objects they are: what shows them has nothing to do. */
  #same(kept: Message[]): Message[] {
    const known = new Map(this.messages.map((message) => [message.id, message]));
    return kept.map((message) => {
      const here = known.get(message.id);
      return here && FIELDS.every((field) => here[field] === message[field]) && provedAlike(here, message) ? here : message;
    });
  }

  /** The server has the words of an answer that another window, or this one before a reload, asked for. */
  #pollWhileWritten(): void {
    clearTimeout(this.#poll);
    if (this.messages.some(({ status }) => status === "streaming")) {
      this.#poll = setTimeout(() => void this.load(), POLL_MS);
    }
  }

  /**
   * Asks at the end of the branch, or beside another question when its parent is given. False: the question was not
   * taken, and nothing of it is left.
   */
  async ask(message: string, options: Asking): Promise<boolean> {
    if (this.answering) return false;
    const { attached = [], kept = [] } = options;
    const beside = options.parent !== undefined;
    const parent = beside ? (options.parent ?? null) : (this.path.at(-1)?.id ?? null);
    const before = { messages: this.messages, leaf: this.leaf };
    for (const { id, url } of attached) this.#previews.set(id, url);
    const answer = this.#draft(message, parent, [...kept, ...attached.map(asPicture)]);
    this.refusal = null;
    this.warning = null;
    this.unseen = 0;
    this.wordsOnly = null;
    this.#abort = new AbortController();
    // At the root, null is said: without it the server goes on at the end.
    const place = beside || parent !== null ? { parent_id: parent } : {};
    const shown = kept.length ? { image_ids: kept.map(({ id }) => id) } : {};
    const { collections } = this.#watcher;
    const where = collections.length ? { collection_ids: collections } : {};
    try {
      const images = attached.length ? { images: await Promise.all(attached.map(({ blob }) => base64(blob))) } : {};
      const asked = { message, use_rag: options.useDocuments, conversation_id: this.id };
      const body = { ...asked, ...this.asks, ...where, ...place, ...shown, ...images };
      const finished = await this.#receive(streamAnswer(body, this.#abort.signal), answer);
      if (!finished) await this.#recover();
    } catch (error) {
      const failure = asApiError(error);
      if (!this.#started) {
        this.messages = before.messages;
        this.leaf = before.leaf;
        if (failure.code !== "Aborted") this.refusal = failure;
        // Another window may have deleted it.
        if (failure.code === "NotFound") void Promise.resolve().then(() => this.load());
        return false;
      }
      await this.#recover();
    } finally {
      const last = this.messages.find(({ id }) => id === this.writing);
      this.writing = null;
      this.#abort = null;
      this.#started = false;
      if (last) this.#watcher.ended(this, last);
    }
    return true;
  }

  /** What of a question depends on the preset. */
  get asks(): { preset_id?: string | null; model?: string } {
    return { ...(this.preset === undefined ? {} : { preset_id: this.preset }), ...(this.model ? { model: this.model } : {}) };
  }

  /** Question and answer stand in the page before the server has named them. Gives the answer. */
  #draft(text: string, parent: string | null, images: Picture[]): Message {
    const same = this.messages.findLast(
      (one) => one.parent_id === parent && one.role === "user" && one.content === text && ids(one.images) === ids(images),
    );
    const question = $state({ ...blank(UNSENT, parent, "user", text), images });
    const answer: Message = $state({ ...blank("answer-being-asked", (same ?? question).id, "assistant", ""), status: "streaming" });
    this.messages = [...this.messages, ...(same ? [] : [question]), answer];
    this.leaf = this.writing = answer.id;
    return answer;
  }

  /** Takes the events in; false when the stream ended without saying how. */
  async #receive(events: AsyncGenerator<ChatEvent>, answer: Message): Promise<boolean> {
    const thinking = new Pieces((text) => (answer.thinking += text));
    const content = new Pieces((text) => {
      thinking.flush();
      answer.content += text;
      this.#watcher.wrote(this, answer);
    });
    try {
      return await this.#take(events, answer, thinking, content);
    } finally {
      content.flush();
      thinking.flush();
    }
  }

  async #take(events: AsyncGenerator<ChatEvent>, answer: Message, thinking: Pieces, content: Pieces): Promise<boolean> {
    for await (const event of events) {
      if ("content" in event) {
        this.#endThought(answer.id);
        content.add(event.content);
        continue;
      }
      content.flush();
      if ("conversation_id" in event) this.#begin(event, answer);
      else if ("quotes" in event) answer.proof = { ...event, citations: [] };
      else if ("citations" in event) {
        const { quotes = [], sure = false, folded = false, citations = [] } = answer.proof ?? {};
        answer.proof = { quotes, sure, folded, citations: [...citations, ...event.citations] };
      } else if ("thinking" in event) {
        thinking.add(event.thinking);
        this.thoughts[answer.id] ??= { from: Date.now(), seconds: null };
      } else if ("done" in event) {
        answer.usage = event.usage as Message["usage"];
        answer.status = event.stopped ? "stopped" : "done";
        this.warning = event.warning ? { error: "", message: event.warning, details: event.details ?? null } : null;
        this.#endThought(answer.id);
        return true;
      } else if ("error" in event) {
        // Refused before it began: nothing was kept, so it is as if it had not been asked.
        if (!this.#started) throw failureOf(event);
        answer.error = event;
        answer.status = "failed";
        this.#endThought(answer.id);
        return true;
      }
    }
    return false;
  }

  #begin(event: ChatStarted, answer: Message): void {
    const question = this.messages.find(({ id }) => id === answer.parent_id);
    if (question?.id === UNSENT) question.id = event.question_id;
    else if (question && question.id !== event.question_id) {
      // The server did not take it for the question that stands here, but for one more.
      const parent = this.messages.findLast(({ id }) => id !== answer.id)?.id ?? null;
      this.messages = [...this.messages.filter((one) => one.id !== answer.id), { ...question, id: event.question_id, parent_id: parent }, answer];
    }
    answer.id = event.message_id;
    answer.parent_id = event.question_id;
    answer.model = event.model;
    answer.sources = event.sources;
    // Sentences are held against the sources as they come; until then nothing is said of them.
    const unrelated = event.unrelated ?? false;
    answer.proof = event.proved || unrelated ? { quotes: [], sure: false, folded: false, citations: [], unrelated } : null;
    this.leaf = this.writing = event.message_id;
    this.sent = event.budget;
    this.id = event.conversation_id;
    this.title = event.title;
    if (event.preset_id !== undefined) this.preset = event.preset_id;
    this.unseen = event.unseen_pictures ?? 0;
    this.wordsOnly = event.words_only ?? null;
    // It may be said twice, when fewer passages are sent than was announced.
    if (!this.#started) this.#watcher.began(this);
    this.#started = true;
  }

  #endThought(id: string): void {
    const thought = this.thoughts[id];
    if (thought && thought.seconds === null) thought.seconds = Math.round((Date.now() - thought.from) / 1000);
  }

  /** The way to the server broke: what it kept is shown. Where it cannot be asked either, what arrived stays. */
  async #recover(): Promise<void> {
    const answer = this.messages.find(({ id }) => id === this.writing);
    if (!answer) return;
    answer.status = "interrupted";
    if (!this.#started || this.id === null) return;
    const path = { identity: this.id };
    const kept = await data(api.GET("/api/conversations/{identity}", { params: { path } })).catch(() => null);
    if (!kept) return;
    this.messages = kept.messages;
    this.leaf = kept.leaf_id;
    this.#pollWhileWritten();
  }

  /** Writes the answer to the same question again, as a version beside the one there is. */
  async again(answer: Message, useDocuments: boolean): Promise<void> {
    const question = this.messages.find(({ id }) => id === answer.parent_id);
    if (question) await this.ask(question.content, { useDocuments, parent: question.parent_id, kept: question.images });
  }

  /** Where a picture of a question is shown from. */
  address({ id }: Picture): string {
    return this.#previews.get(id) ?? `/api/pictures/${id}`;
  }

  async stop(): Promise<void> {
    const id = this.writing ?? this.path.at(-1)?.id;
    if (!id || !this.answering) return;
    if (this.writing && !this.#started) {
      this.#abort?.abort();
      return;
    }
    const abort = this.#abort;
    setTimeout(() => abort?.abort(), STOP_PATIENCE_MS);
    await data(api.POST("/api/chat/{message_id}/stop", { params: { path: { message_id: id } } })).catch(() => abort?.abort());
  }

  /** Shows the version before (-1) or after (1) of a message, with what was said under it last. */
  turnTo(message: Message, step: -1 | 1): void {
    const all = versions(this.messages, message);
    const next = all[all.indexOf(message) + step];
    if (next) this.#showBranch(next.id);
  }

  /** Shows the branch that a message is in; false when there is no such message here. */
  show(id: string): boolean {
    if (!this.messages.some((message) => message.id === id)) return false;
    if (!this.path.some((message) => message.id === id)) this.#showBranch(id);
    return true;
  }

  #showBranch(id: string): void {
    if (this.id === null) return;
    this.leaf = newestLeaf(this.messages, id);
    const path = { identity: this.id };
    void data(api.PATCH("/api/conversations/{identity}", { params: { path }, body: { leaf_id: this.leaf } })).catch(() => undefined);
  }

  /** A sentence was checked again: it has another citation from now on. */
  #settle(id: string, sentence: number, citation: Citation): void {
    this.messages = this.messages.map((message) =>
      message.id === id && message.proof ? { ...message, proof: { ...message.proof, citations: message.proof.citations.with(sentence, citation) } } : message,
    );
  }

  close(): void {
    clearTimeout(this.#poll);
    this.checking.leave();
    for (const url of this.#previews.values()) URL.revokeObjectURL(url);
  }
}

/** Another window may have had sentences checked again. */
function provedAlike(here: Message, there: Message): boolean {
  const mine = here.proof?.citations ?? [];
  const theirs = there.proof?.citations ?? [];
  return mine.every((one, at) => one.verdict === theirs[at]?.verdict && (one.checked_by ?? null) === (theirs[at].checked_by ?? null));
}

function asPicture({ id, blob, width, height }: Attached): Picture {
  return { id, media_type: blob.type, width, height, size: blob.size };
}

function ids(images: readonly Picture[]): string {
  return images.map(({ id }) => id).join();
}

function blank(id: string, parent: string | null, role: Message["role"], content: string): Message {
  return {
    id,
    parent_id: parent,
    role,
    content,
    thinking: "",
    status: "done",
    error: null,
    model: null,
    sources: [],
    proof: null,
    usage: null,
    created_at: new Date().toISOString(),
    images: [],
  };
}

/** What happened to an answer that did not end well, in words; null when it did. */
export function outcome(message: Message): string | null {
  if (message.status === "failed") return message.error ? said(message.error) : t("answerFailed");
  if (message.status === "interrupted") return t(message.content || message.thinking ? "answerInterrupted" : "answerInterruptedEmpty");
  if (message.status === "stopped") return t("answerStopped");
  return null;
}
