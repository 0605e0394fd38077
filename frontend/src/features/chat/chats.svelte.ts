// The conversations that are open in this page; an answer goes on being received while another one is looked at.
import type { Message } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import type { Router } from "../../app/route.svelte";
import { t } from "../../i18n";
import type { Preferences } from "../settings/preferences.svelte";
import type { ConversationList } from "../sidebar/conversations.svelte";
import { Conversation, type Watcher } from "./conversation.svelte";
import { SentenceReader } from "./sentences";

const SPEAK_EVERY_MS = 2500;
const DRAFT = "draft:";

export class Chats implements Watcher {
  #open = new Map<string, Conversation>();
  #fresh = $state.raw(this.#make(null));
  /** Whether documents are searched for the next question; null: as the settings say. */
  documents = $state<boolean | null>(null);
  /** Set to put words into the composer; it takes them and sets it back. */
  suggestion = $state<string | null>(null);
  /** The message that a search led to, with the words to mark in it. */
  found = $state.raw<{ id: string; message: string; query: string } | null>(null);
  #readers = new Map<string, { reader: SentenceReader; at: number }>();
  readonly #router: Router;
  readonly #preferences: Preferences;
  readonly #list: ConversationList;
  readonly #notices: Notices;

  constructor(router: Router, preferences: Preferences, list: ConversationList, notices: Notices) {
    this.#router = router;
    this.#preferences = preferences;
    this.#list = list;
    this.#notices = notices;
  }

  get useDocuments(): boolean {
    return this.documents ?? this.#preferences.kept.use_documents;
  }

  /** The conversation of that id, loaded when it is opened first; null is the one that has not begun. */
  get(id: string | null): Conversation {
    if (id === null) return this.#fresh;
    const known = this.#open.get(id);
    if (known) return known;
    const opened = this.#make(id);
    this.#open.set(id, opened);
    void opened.load();
    return opened;
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
