// The conversations that are open in this page; an answer goes on being received while another one is looked at.
import { api, asApiError, data } from "../../api/client";
import type { Message, Preset } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import type { Router } from "../../app/route.svelte";
import { t } from "../../i18n";
import type { Collections } from "../collections/collections.svelte";
import type { Presets } from "../presets/presets.svelte";
import type { Preferences } from "../settings/preferences.svelte";
import type { ConversationList } from "../sidebar/conversations.svelte";
import { Conversation, type Watcher } from "./conversation.svelte";
import { PictureDrafts } from "./pictures.svelte";
import { SentenceReader } from "./sentences";

const SPEAK_EVERY_MS = 2500;
/** So many conversations keep their messages in the page; others are loaded again when they are opened. */
const KEPT_OPEN = 8;
const DRAFT = "draft:";

export class Chats implements Watcher {
  #open = new Map<string, Conversation>();
  #fresh = $state.raw(this.#make(null));
  /** Whether documents are searched for the next question; null: as the preset or the settings say. */
  documents = $state<boolean | null>(null);
  /** Set to put words into the composer; it takes them and sets it back. */
  suggestion = $state<string | null>(null);
  /** Pictures that were let go over the conversation; the composer takes them and sets it back. */
  dropped = $state.raw<readonly File[] | null>(null);
  readonly pictures = new PictureDrafts();
  /** The message that a search led to, with the words to mark in it. */
  found = $state.raw<{ id: string; message: string; query: string } | null>(null);
  #readers = new Map<string, { reader: SentenceReader; at: number }>();
  readonly #router: Router;
  readonly #preferences: Preferences;
  readonly #list: ConversationList;
  readonly #notices: Notices;
  readonly #presets: Presets;
  readonly #collections: Collections;

  constructor(router: Router, preferences: Preferences, list: ConversationList, notices: Notices, presets: Presets, collections: Collections) {
    this.#router = router;
    this.#preferences = preferences;
    this.#list = list;
    this.#notices = notices;
    this.#presets = presets;
    this.#collections = collections;
  }

  get useDocuments(): boolean {
    return this.documents ?? this.preset?.use_documents ?? this.#preferences.kept.use_documents;
  }

  /** Of those picked, for the next question. */
  get collections(): string[] {
    return this.#collections.picked.map(({ id }) => id);
  }

  /** The preset of the conversation that is looked at. */
  get preset(): Preset | null {
    const { page, id } = this.#router;
    return page === "chat" ? this.presetOf(this.get(id)) : null;
  }

  presetOf(chat: Conversation): Preset | null {
    if (chat.preset === undefined) return chat.id === null ? this.#presets.byDefault : null;
    return this.#presets.find(chat.preset);
  }

  /** What was chosen beside the preset before it is forgotten: a preset is meant as it stands. */
  choosePreset(chat: Conversation, id: string | null): void {
    chat.preset = id;
    chat.model = null;
    this.documents = null;
    this.#collections.pickNone();
    if (chat.id === null) return;
    const call = api.PATCH("/api/conversations/{identity}", { params: { path: { identity: chat.id } }, body: { preset_id: id } });
    void data(call).catch((error: unknown) => this.#notices.show(asApiError(error).message));
  }

  /** It was deleted; the server has forgotten it too. */
  presetGone(id: string): void {
    for (const chat of [this.#fresh, ...this.#open.values()]) {
      if (chat.preset === id) chat.preset = null;
    }
  }

  /** The conversation of that id, loaded when it is opened first; null is the one that has not begun. */
  get(id: string | null): Conversation {
    if (id === null) return this.#fresh;
    const known = this.#open.get(id);
    // The one that was looked at last stands last.
    if (known) {
      this.#open.delete(id);
      this.#open.set(id, known);
      return known;
    }
    const opened = this.#make(id);
    this.#open.set(id, opened);
    void opened.load();
    this.#closeOldest();
    return opened;
  }

  /** What is open, as the server has it; an answer that broke off here may have gone on there. */
  reload(): void {
    for (const conversation of this.#open.values()) void conversation.load();
  }

  /** The list is new: what another window did to conversations that are open here is taken in. */
  learn(): void {
    const { page, id: shown } = this.#router;
    for (const [id, conversation] of this.#open) {
      const listed = this.#list.items.find((item) => item.id === id);
      const { asOf, writing, gone } = conversation;
      if (writing !== null || gone) continue;
      if (listed ? listed.updated_at === asOf : !this.#list.reaches(asOf ?? "")) continue;
      if (page === "chat" && id === shown) void this.#learnOf(conversation);
      else this.forget(id);
    }
  }

  async #learnOf(conversation: Conversation): Promise<void> {
    const known = new Set(conversation.messages.map(({ id }) => id));
    await conversation.load();
    if (known.size && conversation.messages.some(({ id }) => !known.has(id))) this.#notices.show(t("wentOnElsewhere"));
  }

  /** A conversation that is gone is left; what is written under it goes along. */
  moveOn(conversation: Conversation): void {
    const words = this.draft(conversation.id);
    if (conversation.id !== null) {
      this.keepDraft(conversation.id, "");
      this.forget(conversation.id);
    }
    this.startAnew();
    if (words) this.suggestion = words;
  }

  #closeOldest(): void {
    for (const [id, conversation] of this.#open) {
      if (this.#open.size <= KEPT_OPEN) return;
      // One that is being received stays until it is complete.
      if (conversation.writing === null) this.forget(id);
    }
  }

  /** Opens a conversation at a message and marks words in it. */
  find(id: string, message: string, query: string): void {
    this.found = { id, message, query };
    if (this.#router.page !== "chat" || this.#router.id !== id) this.#router.go("chat", id);
  }

  startAnew(): void {
    if (this.#fresh.messages.length) this.#fresh = this.#make(null);
    this.#router.go("chat");
  }

  forget(id: string): void {
    this.#open.get(id)?.close();
    this.#open.delete(id);
  }

  draft(id: string | null): string {
    return sessionStorage.getItem(DRAFT + (id ?? "")) ?? "";
  }

  keepDraft(id: string | null, text: string): void {
    if (text) sessionStorage.setItem(DRAFT + (id ?? ""), text);
    else sessionStorage.removeItem(DRAFT + (id ?? ""));
  }

  began(conversation: Conversation): void {
    const { id } = conversation;
    if (id === null) return;
    if (conversation === this.#fresh) {
      this.#open.set(id, conversation);
      if (this.#router.page === "chat" && this.#router.id === null) this.#router.rename("chat", id);
      this.#fresh = this.#make(null);
    }
    this.#list.touch(id, conversation.title, true);
    this.#readers.set(id, { reader: new SentenceReader(), at: Date.now() });
    this.#say(conversation, t("answerBegins"));
  }

  wrote(conversation: Conversation, answer: Message): void {
    const reading = this.#readers.get(conversation.id ?? "");
    if (!reading || Date.now() - reading.at < SPEAK_EVERY_MS) return;
    reading.at = Date.now();
    this.#say(conversation, reading.reader.next(answer.content));
  }

  ended(conversation: Conversation, answer: Message): void {
    const { id } = conversation;
    if (id === null) return;
    const rest = this.#readers.get(id)?.reader.next(answer.content, true) ?? "";
    this.#readers.delete(id);
    this.#list.settle(id);
    void this.#list.load();
    this.#say(conversation, `${rest} ${answer.status === "done" ? t("answerEnds") : t("answerEndsEarly")}`.trim());
  }

  /** Only the conversation that is looked at is read out. */
  #say(conversation: Conversation, words: string): void {
    if (words && this.#router.page === "chat" && this.#router.id === conversation.id) this.#notices.say(words);
  }

  #make(id: string | null): Conversation {
    return new Conversation(id, this);
  }
}
