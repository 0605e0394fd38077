// The conversations that the sidebar lists: newest first, filtered on the server as one types.
import { api, asApiError, data, type ApiError } from "../../api/client";
import type { ListedConversation } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import { t } from "../../i18n";

const SEARCH_DELAY_MS = 120;
const PAGE = 200;

export class ConversationList {
  items = $state<ListedConversation[]>([]);
  total = $state(0);
  loaded = $state(false);
  failure = $state<ApiError | null>(null);
  query = $state("");
  readonly #notices: Notices;
  /** Deleted here, and still on the server until its toast is gone. */
  #leaving = new Set<string>();
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(notices: Notices) {
    this.#notices = notices;
    addEventListener("pagehide", () => {
      for (const id of this.#leaving) void fetch(`/api/conversations/${id}`, { method: "DELETE", keepalive: true });
    });
  }

  search(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), SEARCH_DELAY_MS);
  }

  /** The first page again, or one page more. A slow answer does not overwrite that of a later question. */
  async load(more = false): Promise<void> {
    const asked = ++this.#asked;
    const offset = more ? this.items.length : 0;
    try {
      const query = { q: this.query.trim(), offset, limit: more ? PAGE : Math.max(PAGE, this.items.length) };
      const found = await data(api.GET("/api/conversations", { params: { query } }));
      if (asked !== this.#asked) return;
      const shown = found.conversations.filter(({ id }) => !this.#leaving.has(id));
      this.items = more ? [...this.items, ...shown] : shown;
      this.total = found.total - (found.conversations.length - shown.length);
      this.failure = null;
    } catch (error) {
      if (asked === this.#asked) this.failure = asApiError(error);
    }
    this.loaded = true;
  }

  /** A conversation was written in: it comes first, with what is known of it before the server is asked. */
  touch(id: string, title: string, answering: boolean): void {
    const known = this.items.find((item) => item.id === id);
    const now = new Date().toISOString();
    const item = { id, title, created_at: known?.created_at ?? now, updated_at: now, answering };
    if (known || !this.query) this.items = [item, ...this.items.filter((other) => other.id !== id)];
    if (!known) this.total++;
  }

  settle(id: string): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, answering: false } : item));
  }

  /** Deleted here, though the server still has it. */
  isLeaving(id: string): boolean {
    return this.#leaving.has(id);
  }

  async rename(id: string, title: string): Promise<void> {
    const before = this.items;
    this.items = before.map((item) => (item.id === id ? { ...item, title } : item));
    try {
      await data(api.PATCH("/api/conversations/{identity}", { params: { path: { identity: id } }, body: { title } }));
    } catch (error) {
      this.items = before;
      this.#notices.show(asApiError(error).message);
    }
  }

  /** Gone from the list at once, from the server when the toast with Undo is gone. */
  remove(item: ListedConversation): void {
    const before = this.items;
    this.#leaving.add(item.id);
    this.items = before.filter(({ id }) => id !== item.id);
    this.total -= before.length - this.items.length;
    const undo = (): void => {
      this.#leaving.delete(item.id);
      void this.load();
    };
    this.#notices.show(t("conversationDeleted", item.title), { label: t("undo"), run: undo }, () => void this.#delete(item.id));
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
