// What the palette offers for what was typed: from the page at once, from the server a moment later.
import { api, data } from "../../api/client";
import type { ConversationSummary, Document, SearchResult } from "../../api/types";
import { markWords, type Run } from "../../features/search/highlight";
import { place } from "../../features/sources/names";
import { t } from "../../i18n";
import { count, day } from "../../i18n/format";
import { commands, type Command } from "../commands";
import type { App } from "../state.svelte";
import { rank } from "./ranking";

const PAUSE_MS = 200;
const MOST = { conversations: 6, documents: 5, passages: 4, commands: 8, recent: 5 };
const LISTED = 1000;
const ALL_DOCUMENTS = 10_000;
/** Words around the first one that was found. */
const BEFORE = 40;

export interface Option {
  key: string;
  kind: "conversation" | "document" | "passage" | "command";
  name: Run[];
  /** What stands at the end of the row. */
  where: string;
  command?: Command;
  run: () => void;
}

export interface Section {
  title: string;
  options: Option[];
}

export class Found {
  query = $state("");
  failed = $state(false);
  #conversations = $state.raw<ConversationSummary[]>([]);
  #documents = $state.raw<Document[]>([]);
  /** What the server has found in messages and passages, and for which words. */
  #server = $state.raw<{ query: string; conversations: ConversationSummary[]; passages: SearchResult[] }>({ query: "", conversations: [], passages: [] });
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #app: App;

  /** Only commands are wanted. */
  readonly #bare = $derived(this.query.trimStart().startsWith(">"));
  readonly #words = $derived(this.query.replace(/^\s*>/, "").trim());
  sections = $derived(this.#words ? this.#matching() : this.#bare ? this.#commandsOnly() : this.#beginning());

  constructor(app: App) {
    this.#app = app;
    this.#conversations = app.conversations.items;
    void this.#list();
    void app.models.load();
  }

  write(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    this.#asked++;
    if (this.#words && !this.#bare) this.#timer = setTimeout(() => void this.#ask(this.#words), PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asked++;
  }

  /** The sidebar and the documents page may hold less than there is. */
  async #list(): Promise<void> {
    const [kept, documents] = await Promise.allSettled([
      data(api.GET("/api/conversations", { params: { query: { limit: LISTED } } })),
      data(api.GET("/api/documents", { params: { query: { status: "ready", limit: ALL_DOCUMENTS } } })),
    ]);
    if (kept.status === "fulfilled") this.#conversations = kept.value.conversations;
    if (documents.status === "fulfilled") this.#documents = documents.value.documents;
  }

  async #ask(query: string): Promise<void> {
    const asked = ++this.#asked;
    const [kept, found] = await Promise.allSettled([
      data(api.GET("/api/conversations", { params: { query: { q: query, limit: MOST.conversations } } })),
      this.#app.library.total ? data(api.POST("/api/search", { body: { query, mode: "text", limit: MOST.passages } })) : { results: [] },
    ]);
    if (asked !== this.#asked) return;
    this.failed = found.status === "rejected";
    this.#server = {
      query,
      conversations: kept.status === "fulfilled" ? kept.value.conversations : [],
      passages: found.status === "fulfilled" ? found.value.results : [],
    };
  }

  #matching(): Section[] {
    const query = this.#words;
    const commandsFound = rank(query, this.#possible(), ({ name }) => name, ({ also }) => also)
      .slice(0, MOST.commands)
      .map(({ item, match }) => this.#command(item, runs(item.name, match.ranges)));
    if (this.#bare) return filled([{ title: t("commandsTitle"), options: commandsFound }]);
    const titled = rank(query, this.#listed(this.#conversations), ({ title }) => title).slice(0, MOST.conversations);
    const server = this.#server.query === query ? this.#server : { conversations: [], passages: [] };
    const said = this.#listed(server.conversations).filter(({ id }) => !titled.some(({ item }) => item.id === id));
    const documents = rank(query, this.#present(), ({ filename }) => filename).slice(0, MOST.documents);
    return filled([
      {
        title: t("conversations"),
        options: [
          ...titled.map(({ item, match }) => this.#conversation(item, runs(item.title, match.ranges), day(item.updated_at))),
          ...said.map((item) => this.#conversation(item, runs(item.title, []), t("inItsMessages"))),
        ].slice(0, MOST.conversations),
      },
      { title: t("documents"), options: documents.map(({ item, match }) => this.#document(item, runs(item.filename, match.ranges))) },
      { title: t("passages"), options: server.passages.map((passage) => this.#passage(passage, query)) },
      { title: t("commandsTitle"), options: commandsFound },
    ]);
  }

  /** Before anything is typed: what was used last, the newest conversations, every command. */
  #beginning(): Section[] {
    const { router, preferences } = this.#app;
    const used = preferences.kept.recent_commands;
    const here = router.page === "chat" ? router.id : null;
    const all = [
      ...this.#listed(this.#conversations).filter(({ id }) => id !== here).map((item) => this.#conversation(item, runs(item.title, []), day(item.updated_at))),
      ...this.#present().map((item) => this.#document(item, runs(item.filename, []))),
      ...this.#commands(),
    ];
    const byKey = new Map(all.map((option) => [option.key, option]));
    const last = used.flatMap((key) => byKey.get(key) ?? []).slice(0, MOST.recent);
    const rest = (kind: Option["kind"]): Option[] => all.filter((option) => option.kind === kind && !last.includes(option));
    return filled([
      { title: t("recent"), options: last },
      { title: t("conversations"), options: rest("conversation").slice(0, MOST.conversations) },
      { title: t("commandsTitle"), options: rest("command") },
    ]);
  }

  #commandsOnly(): Section[] {
    return [{ title: t("commandsTitle"), options: this.#commands() }];
  }

  #commands(): Option[] {
    return this.#possible().map((one) => this.#command(one, runs(one.name, [])));
  }

  #possible(): Command[] {
    return commands(this.#app).filter(({ id, possible }) => possible && id !== "palette");
  }

  /** Without those that are deleted, and only wait for their Undo to go. */
  #listed(items: readonly ConversationSummary[]): ConversationSummary[] {
    return items.filter(({ id }) => !this.#app.conversations.isLeaving(id));
  }

  #present(): Document[] {
    return this.#documents.filter(({ id }) => !this.#app.library.leaving.has(id));
  }

  #conversation({ id }: ConversationSummary, name: Run[], where: string): Option {
    return { key: `conversation:${id}`, kind: "conversation", name, where, run: () => this.#app.router.go("chat", id) };
  }

  #document({ id, pages, passages }: Document, name: Run[]): Option {
    const where = pages === null ? t("countPassages", count(passages), passages) : t("countPages", count(pages), pages);
    return { key: `document:${id}`, kind: "document", name, where, run: () => this.#app.router.go("documents", id) };
  }

  #passage(found: SearchResult, query: string): Option {
    const where = [found.filename, place(found)].filter(Boolean).join(", ");
    const run = (): void => this.#app.router.go("documents", found.document_id, String(found.index + 1));
    return { key: `passage:${found.passage_id}`, kind: "passage", name: excerpt(found.text, query), where, run };
  }

  #command(one: Command, name: Run[]): Option {
    return { key: `command:${one.id}`, kind: "command", name, where: "", command: one, run: one.run };
  }
}

function filled(sections: Section[]): Section[] {
  return sections.filter(({ options }) => options.length);
}

/** A name in runs; what matched is to be bold. */
export function runs(name: string, ranges: readonly (readonly [number, number])[]): Run[] {
  const out: Run[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) out.push({ text: name.slice(at, from), found: false });
    out.push({ text: name.slice(from, to), found: true });
    at = to;
  }
  if (at < name.length) out.push({ text: name.slice(at), found: false });
  return out;
}

/** A line of a passage around the first word that was found. */
export function excerpt(text: string, query: string): Run[] {
  const marked = markWords(text.replace(/\s+/g, " "), query);
  const first = marked.findIndex(({ found }) => found);
  const before = first > 0 ? marked[first - 1]!.text : "";
  if (first < 1 || before.length <= BEFORE) return marked;
  const cut = before.slice(before.indexOf(" ", before.length - BEFORE) + 1);
  return [{ text: `… ${cut}`, found: false }, ...marked.slice(first)];
}
