// The sidebar: where rows stand, which are in view, days, words that are marked, and what the list knows of answers.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConversationSummary } from "../src/api/types";
import { Notices } from "../src/app/notices.svelte";
import { findWords } from "../src/features/chat/words";
import { ConversationList } from "../src/features/sidebar/conversations.svelte";
import { grouped } from "../src/features/sidebar/days";
import { HEADING, HIT, inView, layout, ROW } from "../src/features/sidebar/rows";
import { target } from "../src/ui/virtual";

const NOW = new Date("2026-05-20T12:00:00");
const one = (id: string, more: Partial<ConversationSummary> = {}): ConversationSummary => ({
  id,
  title: `Title ${id}`,
  created_at: NOW.toISOString(),
  updated_at: NOW.toISOString(),
  answering: false,
  pinned: false,
  tags: [],
  match: null,
  ...more,
});
const many = (n: number): ConversationSummary[] => Array.from({ length: n }, (_, index) => one(`c${index}`, { updated_at: new Date(NOW.getTime() - index).toISOString() }));
const ago = (days: number): string => new Date(NOW.getTime() - days * 86_400_000).toISOString();

describe("groups of conversations", () => {
  it("are the pinned ones, then days", () => {
    const items = [one("p", { pinned: true, updated_at: ago(300) }), one("a"), one("b", { updated_at: ago(1) }), one("c", { updated_at: ago(6) }), one("d", { updated_at: ago(30) }), one("e", { updated_at: ago(400) })];
    expect(grouped(items, NOW).map(({ title, items }) => [title, items.map(({ id }) => id).join()])).toEqual([
      ["Pinned", "p"],
      ["Today", "a"],
      ["Yesterday", "b"],
      ["Last 7 days", "c"],
      ["April", "d"],
      ["April 2025", "e"],
    ]);
  });
});

describe("the rows of the list", () => {
  it("stand one under the other, each day under its heading", () => {
    const { rows, sections, height } = layout([one("a"), one("b"), one("c", { updated_at: ago(1) })], false, 1, NOW);
    expect(rows.map(({ top }) => top)).toEqual([HEADING, HEADING + ROW, 2 * HEADING + 2 * ROW]);
    expect(sections.map(({ top }) => top)).toEqual([0, HEADING + 2 * ROW]);
    expect(height).toBe(2 * HEADING + 3 * ROW);
  });
  it("grow with the text of the reader", () => expect(layout(many(10), false, 1.5, NOW).height).toBe(1.5 * (HEADING + 10 * ROW)));
  it("of a search have no days, and room for words", () => {
    const match = { hits: 1, message_id: "m", title: [], snippet: [{ text: "word", found: true }] };
    const { rows, height } = layout([one("a", { match: { ...match, snippet: [] } }), one("b", { match })], true, 1, NOW);
    expect(rows.map(({ top }) => top)).toEqual([0, ROW]);
    expect(height).toBe(ROW + HIT);
  });
  it("are made where they touch the view, of ten thousand too", () => {
    const all = layout(many(10_000), false, 1, NOW);
    const [day] = inView(all, 140_000, 140_800, null);
    const { rows } = day!;
    expect(rows[0]!.top + ROW).toBeGreaterThan(140_000);
    expect(rows[0]!.top).toBeLessThanOrEqual(140_000);
    expect(rows.at(-1)!.top).toBeLessThan(140_800);
    expect(rows.at(-1)!.top + ROW).toBeGreaterThanOrEqual(140_800);
    expect(rows.length).toBeLessThan(31);
  });
  it("keep the one that has the focus, above and below the view", () => {
    const all = layout(many(1000), false, 1, NOW);
    expect(inView(all, 14_000, 14_100, "c3")[0]!.rows[0]!.index).toBe(3);
    expect(inView(all, 14_000, 14_100, "c900")[0]!.rows.at(-1)!.index).toBe(900);
    expect(inView(all, 14_000, 14_100, "gone")[0]!.rows.length).toBeLessThan(6);
  });
  it("are nothing where there is nothing", () => expect(inView(layout([], false, 1, NOW), 0, 100, null)).toEqual([]));
});

describe("keys in the list", () => {
  it("lead by one, by a page and to the ends, and not over them", () => {
    const to = (key: string, at: number): number | null => target(key, at, 100, 20);
    expect([to("ArrowDown", 3), to("ArrowUp", 3), to("PageDown", 3), to("PageUp", 33), to("Home", 50), to("End", 50)]).toEqual([4, 2, 23, 13, 0, 99]);
    expect([to("ArrowDown", 99), to("ArrowUp", 0), to("PageDown", 95), to("PageUp", 3)]).toEqual([99, 0, 99, 0]);
    expect(to("a", 3)).toBeNull();
  });
});

describe("words in a message", () => {
  const found = (text: string, query: string): string[] => findWords(text, query).map(([start, end]) => text.slice(start, end));
  it.each([
    ["An octopus sat.", "octo", ["octopus"]],
    ["Whirlpool, pool", "pool", ["pool"]],
    ["Das Café heißt cafe.", "CAFE", ["Café", "cafe"]],
    ["Cafe\u0301 da", "café", ["Cafe\u0301"]],
    ["这是蛋白质的结构", "蛋白", ["蛋白"]],
    ["我们用PCR测", "用pc", ["用PCR"]],
    ["a 😀 word, a foo-bar", "word foo-b", ["word", "foo-bar"]],
    ["(.*) x", "(.*)", []],
    ["anything", "  ", []],
  ])("%s: %s", (text, query, words) => expect(found(text, query)).toEqual(words));
});

interface Asked {
  method: string;
  url: string;
  body: string;
  answer: (items: ConversationSummary[], total?: number) => Promise<void>;
}

/** A server whose answers come when a test says so. */
function server(): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const request = typeof input === "string" ? new Request(new URL(input, location.origin), init) : input;
    const body = await request.text();
    return new Promise<Response>((resolve) => {
      const answer = async (items: ConversationSummary[], total = items.length): Promise<void> => {
        resolve(Response.json({ conversations: items, total, complete: true, tags: [] }));
        await vi.advanceTimersByTimeAsync(1);
      };
      asked.push({ method: request.method, url: request.url, body, answer });
    });
  });
  return asked;
}

describe("the list of conversations", () => {
  let asked: Asked[];
  let list: ConversationList;
  let notices: Notices;
  const soon = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);
  const dots = (): string[] => list.items.filter(({ answering }) => answering).map(({ id }) => id);
  beforeEach(() => {
    vi.useFakeTimers();
    asked = server();
    notices = new Notices();
    list = new ConversationList(notices);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("shows no dot after Stop when the server has not noted the end yet", async () => {
    list.touch("a", "A", true);
    expect(dots()).toEqual(["a"]);
    void list.load();
    await soon();
    list.settle("a");
    await asked[0]!.answer([one("a", { answering: true })]);
    expect(dots()).toEqual([]);
    void list.load();
    await soon();
    await asked[1]!.answer([one("a", { answering: true })]);
    expect(dots()).toEqual([]);
  });

  it("keeps the dot of an answer that it receives when an older list arrives", async () => {
    void list.load();
    await soon();
    list.touch("a", "A", true);
    await asked[0]!.answer([one("a")]);
    expect(dots()).toEqual(["a"]);
  });

  it("asks again while another window has an answer written, until it has ended", async () => {
    void list.load();
    await soon();
    await asked[0]!.answer([one("a", { answering: true })]);
    expect(dots()).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(2100);
    await asked[1]!.answer([one("a")]);
    expect(dots()).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(2);
  });

  it("puts one that is written in first, under those that are pinned", async () => {
    void list.load();
    await soon();
    await asked[0]!.answer([one("p", { pinned: true }), one("a"), one("b")]);
    list.touch("b", "B", false);
    expect(list.items.map(({ id }) => id)).toEqual(["p", "b", "a"]);
    list.touch("new", "New", false);
    expect(list.items.map(({ id }) => id)).toEqual(["p", "new", "b", "a"]);
    expect(list.total).toBe(4);
  });

  it("loads on to what is scrolled to, and keeps it when the first page is asked for again", async () => {
    const all = many(900);
    void list.load();
    await soon();
    await asked[0]!.answer(all.slice(0, 200), 900);
    void list.reach(700);
    await soon();
    expect(asked[1]!.url).toContain("offset=200&limit=500");
    await asked[1]!.answer(all.slice(200, 700), 900);
    expect(list.items).toHaveLength(700);
    void list.load();
    await soon();
    await asked[2]!.answer([all[650]!, ...all.slice(0, 199)], 900);
    expect(list.items).toHaveLength(700);
    expect(new Set(list.items.map(({ id }) => id)).size).toBe(700);
    expect(list.items[0]!.id).toBe("c650");
    expect(list.items.some(({ id }) => id === "c199")).toBe(true);
  });

  it("drops what was loaded below when something came or went out of sight", async () => {
    const all = many(900);
    void list.load();
    await soon();
    await asked[0]!.answer(all.slice(0, 200), 900);
    void list.reach(700);
    await soon();
    await asked[1]!.answer(all.slice(200, 700), 900);
    void list.load();
    await soon();
    await asked[2]!.answer(all.slice(0, 200), 899);
    expect(list.items).toHaveLength(200);
    expect(list.total).toBe(899);
  });

  it("puts a deleted one away at once and deletes it when its toast is gone", async () => {
    void list.load();
    await soon();
    await asked[0]!.answer([one("a"), one("b")]);
    list.remove(one("a"));
    expect([list.items.map(({ id }) => id), list.total]).toEqual([["b"], 1]);
    await soon();
    expect([asked[1]!.method, asked[1]!.body]).toEqual(["PATCH", '{"put_away":true}']);
    await asked[1]!.answer([]);
    await vi.advanceTimersByTimeAsync(6100);
    expect(asked[2]!.method).toBe("DELETE");
    await asked[2]!.answer([]);
  });

  it("deletes what was put away when the page is closed", async () => {
    list.remove(one("a"));
    await soon();
    dispatchEvent(new Event("pagehide"));
    await soon();
    expect(asked.map(({ method }) => method)).toEqual(["PATCH", "DELETE"]);
  });

  it("brings it back with Undo, after it was put away", async () => {
    list.remove(one("a"));
    await soon();
    notices.act(notices.toasts[0]!);
    await soon();
    expect(asked).toHaveLength(1);
    await asked[0]!.answer([]);
    expect(asked[1]!.body).toBe('{"put_away":false}');
    await asked[1]!.answer([]);
    await asked[2]!.answer([one("a")]);
    expect(list.items.map(({ id }) => id)).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.some(({ method }) => method === "DELETE")).toBe(false);
  });
});
