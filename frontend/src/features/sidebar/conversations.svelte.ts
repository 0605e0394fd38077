// The conversations that the sidebar lists: pinned ones, then the newest; or the hits of a search, as one types.
import { api, asApiError, data, type ApiError } from "../../api/client";
import type { ConversationChange, ConversationSummary, TagCount } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import { t } from "../../i18n";

const SEARCH_DELAY_MS = 80;
const PAGE = 200;
/** A hit costs its snippet, and few are looked at. */
const HITS = 50;
const MOST_AT_ONCE = 10_000;
/** How often the list is asked for while an answer is written that this page does not receive. */
const POLL_MS = 2000;
/** So long the server may take to note the end of an answer that this page has seen end. */
const SETTLING_MS = 10_000;

export class ConversationList {
  /** The beginning of the list, without gaps; what is below comes when it is scrolled to. */
  items = $state.raw<ConversationSummary[]>([]);
  total = $state(0);
  /** False: the words are so frequent that older messages were not searched. */
  complete = $state(true);
  tags = $state.raw<TagCount[]>([]);
  loaded = $state(false);
  failure = $state<ApiError | null>(null);
  query = $state("");
  /** Only conversations that carry it are listed. */
  tag = $state<string | null>(null);
  /** The words that `items` were found by; behind `query` while the server is asked. */
  shown = $state("");
  readonly #notices: Notices;
  /** Deleted here, and still on the server until their toast is gone. */
  #leaving = new Set<string>();
  /** Answers that this page receives: it knows of their end before the server's list does. */
  #writing = new Set<string>();
  /** Those that it saw end, and when. */
  #ended = new Map<string, number>();
  #asked = 0;
  #question = "";
  #serverTotal = 0;
  #more: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(notices: Notices) {
    this.#notices = notices;
    addEventListener("pagehide", () => {
      // Where this does not arrive either, they stay out of every list and are deleted at the next start.
      for (const id of this.#leaving) void fetch(`/api/conversations/${id}`, { method: "DELETE", keepalive: true });
    });
  }

  /** Whether a conversation of that time would stand in what is loaded of the list. */
  reaches(updatedAt: string): boolean {
    if (this.query.trim() || this.tag !== null) return false;
    return this.items.length >= this.total || updatedAt > (this.items.at(-1)?.updated_at ?? "");
  }

  search(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), SEARCH_DELAY_MS);
  }

  /** Lists those with a tag, or all of them for null. */
  filter(tag: string | null): void {
    this.tag = tag;
    void this.load();
  }

  /** The first page again. A slow answer does not overwrite that of a later question. */
  async load(): Promise<void> {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    const q = this.query.trim();
    const question = JSON.stringify([q, this.tag]);
    try {
      const found = await this.#fetch(0, q ? HITS : PAGE);
      if (asked !== this.#asked) return;
      const first = found.conversations;
      const ids = new Set(first.map(({ id }) => id));
      // What was loaded below stays as long as nothing came or went out of sight. Hits come in an order of their own.
      const kept = question === this.#question && !q && found.total === this.#serverTotal && first.length === PAGE;
      const rest = kept ? this.items.filter((item) => !ids.has(item.id) && follows(item, first.at(-1)!)) : [];
      this.#question = question;
      this.shown = q;
      this.#take([...first, ...rest], found.total);
      this.complete = found.complete ?? true;
      this.tags = found.tags;
      this.failure = null;
    } catch (error) {
      if (asked === this.#asked) this.failure = asApiError(error);
    }
    this.loaded = true;
    this.#pollWhileWritten();
    if (asked === this.#asked && this.tag !== null && !this.tags.some(({ tag }) => tag === this.tag)) this.filter(null);
  }

  /** Loads on until so many are there, or all. */
  async reach(count: number): Promise<void> {
    while (this.items.length < Math.min(count, this.total)) {
      const before = this.items.length;
      this.#more ??= this.#loadOn(count - before).finally(() => (this.#more = null));
      await this.#more;
      if (this.items.length <= before) return;
    }
  }

  async #loadOn(missing: number): Promise<void> {
    const asked = this.#asked;
    try {
      const found = await this.#fetch(this.items.length, Math.min(MOST_AT_ONCE, Math.max(PAGE, missing)));
      if (asked !== this.#asked) return;
      const known = new Set(this.items.map(({ id }) => id));
      this.#take([...this.items, ...found.conversations.filter(({ id }) => !known.has(id))], found.total);
    } catch (error) {
      if (asked === this.#asked) this.#notices.show(asApiError(error).message);
    }
  }

  #fetch(offset: number, limit: number) {
    const tag = this.tag === null ? {} : { tag: this.tag };
    const query = { q: this.query.trim(), offset, limit, ...tag };
    return data(api.GET("/api/conversations", { params: { query } }));
  }

  #take(items: readonly ConversationSummary[], total: number): void {
    const shown = items.filter(({ id }) => !this.#leaving.has(id));
    this.items = shown.map((item) => ({ ...item, answering: this.#isWritten(item) }));
    this.#serverTotal = total;
    this.total = Math.max(total - (items.length - shown.length), shown.length);
  }

  /** The page's own word counts for answers that it receives: the server's may be older. */
  #isWritten({ id, answering }: ConversationSummary): boolean {
    if (this.#writing.has(id)) return true;
    const ended = this.#ended.get(id);
    if (ended === undefined) return answering ?? false;
    if (!answering || Date.now() - ended > SETTLING_MS) this.#ended.delete(id);
    return (answering ?? false) && !this.#ended.has(id);
  }

  #pollWhileWritten(): void {
    clearTimeout(this.#poll);
    const elsewhere = this.items.some(({ id, answering }) => answering && !this.#writing.has(id));
    if (elsewhere) this.#poll = setTimeout(() => void this.load(), POLL_MS);
  }

  /** A conversation was written in: it comes first, with what is known of it before the server is asked. */
  touch(id: string, title: string, answering: boolean): void {
    this.#ended.delete(id);
    if (answering) this.#writing.add(id);
    const known = this.items.find((item) => item.id === id);
    const now = new Date().toISOString();
    const item: ConversationSummary = { created_at: now, tags: [], pinned: false, ...known, id, title, updated_at: now, answering };
    if (this.query || this.tag !== null) {
      // Where it stands among hits is the server's to say.
      this.#change(id, { answering });
      return;
    }
    const others = this.items.filter((other) => other.id !== id);
    const place = item.pinned ? 0 : others.filter(({ pinned }) => pinned).length;
    this.items = others.toSpliced(place, 0, item);
    if (!known) this.total++;
  }

  /** The answer that this page received has ended. */
  settle(id: string): void {
    this.#writing.delete(id);
    this.#ended.set(id, Date.now());
    this.#change(id, { answering: false });
  }

  rename(id: string, title: string): Promise<void> {
    return this.#keep(id, { title }, { title });
  }

  async pin(id: string, pinned: boolean): Promise<void> {
    await this.#keep(id, { pinned }, { pinned });
    await this.load();
  }

  async setTags(id: string, tags: string[]): Promise<void> {
    await this.#keep(id, { tags }, { tags });
    await this.load();
  }

  #change(id: string, change: Partial<ConversationSummary>): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...change } : item));
  }

  /** Shows a change at once, and takes it back when it cannot be kept. */
  async #keep(id: string, body: ConversationChange, shown: Partial<ConversationSummary>): Promise<void> {
    const before = this.items.find((item) => item.id === id);
    this.#change(id, shown);
    try {
      await data(api.PATCH("/api/conversations/{identity}", { params: { path: { identity: id } }, body }));
    } catch (error) {
      if (before) this.#change(id, before);
      this.#notices.show(asApiError(error).message);
    }
  }

  /** Deleted here, though the server still has it. */
  isLeaving(id: string): boolean {
    return this.#leaving.has(id);
  }

  /** Out of every list at once, deleted when the toast with Undo is gone. */
  remove(item: Pick<ConversationSummary, "id" | "title">): void {
    const before = this.items.length;
    this.#leaving.add(item.id);
    this.items = this.items.filter(({ id }) => id !== item.id);
    this.total -= before - this.items.length;
    const path = { identity: item.id };
    const putAway = (put_away: boolean): Promise<unknown> =>
      data(api.PATCH("/api/conversations/{identity}", { params: { path }, body: { put_away } }));
    const away = putAway(true).catch(() => undefined);
    const undo = async (): Promise<void> => {
      await away;
      await putAway(false).catch((error: unknown) => this.#notices.show(asApiError(error).message));
      this.#leaving.delete(item.id);
      await this.load();
    };
    this.#notices.show(t("conversationDeleted", item.title), { label: t("undo"), run: () => void undo() }, () => {
      void away.then(() => this.#delete(item.id));
    });
  }

  async #delete(id: string): Promise<void> {
    try {
      await data(api.DELETE("/api/conversations/{identity}", { params: { path: { identity: id } } }));
      this.#leaving.delete(id);
    } catch (error) {
      this.#leaving.delete(id);
      this.#notices.show(asApiError(error).message);
      void this.load();
    }
  }
}

/** In the order of the list. */
function follows(item: ConversationSummary, other: ConversationSummary): boolean {
  if (item.pinned !== other.pinned) return !item.pinned;
  return item.updated_at < other.updated_at || (item.updated_at === other.updated_at && item.id > other.id);
}
