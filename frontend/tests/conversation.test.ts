// A conversation: its branches, and what it makes of the events of an answer, of failures, and of a broken stream.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Message } from "../src/api/types";
import { parseRoute, address } from "../src/app/route.svelte";
import { Conversation } from "../src/features/chat/conversation.svelte";
import { SentenceReader } from "../src/features/chat/sentences";
import { newestLeaf, pathTo, versions } from "../src/features/chat/tree";

const node = (id: string, parent_id: string | null): { id: string; parent_id: string | null } => ({ id, parent_id });
const TREE = [node("q1", null), node("a1", "q1"), node("a2", "q1"), node("q2", "a2"), node("a3", "q2"), node("q3", "a2"), node("a4", "q3"), node("r", null)];
const ids = (of: { id: string }[]): string[] => of.map(({ id }) => id);

describe("the branches of a conversation", () => {
  it("show the path to the leaf", () => expect(ids(pathTo(TREE, "a3"))).toEqual(["q1", "a2", "q2", "a3"]));
  it("show the newest where the leaf is unknown", () => expect(ids(pathTo(TREE, "gone"))).toEqual(["r"]));
  it("are empty without messages", () => expect(pathTo([], null)).toEqual([]));
  it("know the versions of a message, at the root too", () => {
    expect(ids(versions(TREE, TREE[1]!))).toEqual(["a1", "a2"]);
    expect(ids(versions(TREE, TREE[0]!))).toEqual(["q1", "r"]);
  });
  it("go on with what was said last", () => {
    expect(newestLeaf(TREE, "q1")).toBe("a4");
    expect(newestLeaf(TREE, "a1")).toBe("a1");
  });
  it("survive a circle", () => expect(pathTo([node("a", "b"), node("b", "a")], "a")).toHaveLength(2));
});

const BUDGET = { window: 100, system: 1, history: 0, documents: 0, question: 1, answer: 10, free: 98, left_out: [], history_left_out: 0 };
const STARTED = { conversation_id: "c", message_id: "m", question_id: "q", title: "Title", model: "x", engine: "builtin", sources: [], budget: BUDGET };
const MESSAGE: Message = { id: "m", parent_id: "q", role: "assistant", content: "kept words", thinking: "", status: "interrupted", error: null, model: "x", sources: [], usage: null, created_at: "2026-01-01T00:00:00Z", images: [] };

interface Call {
  url: string;
  body: unknown;
}

/** Answers the page's requests; a stream breaks off after its events when it is told to. */
function server(events: unknown[], options: { breaks?: boolean; status?: number; kept?: Message[] } = {}): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const url = typeof input === "string" ? input : input.url;
    const body = typeof input === "string" ? init?.body : await input.text();
    calls.push({ url, body: typeof body === "string" && body ? JSON.parse(body) : null });
    if (url.endsWith("/api/chat")) {
      if (options.status) return Response.json({ error: "EngineUnavailable", message: "Nothing answers." }, { status: options.status });
      const parts = events.map((event) => new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
      return new Response(
        new ReadableStream({
          pull(controller) {
            const part = parts.shift();
            if (part) controller.enqueue(part);
            else if (options.breaks) controller.error(new TypeError("network"));
            else controller.close();
          },
        }),
      );
    }
    return Response.json({ id: "c", title: "Title", leaf_id: "m", created_at: "", updated_at: "", answering: false, messages: options.kept ?? [] });
  });
  return calls;
}

const watcher = { collections: [], began: vi.fn(), wrote: vi.fn(), ended: vi.fn() };
const ask = { useDocuments: true };

describe("an answer", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.clearAllMocks();
  });

  it("is asked for with the preset that was chosen, or that the conversation used", async () => {
    const calls = server([{ ...STARTED, preset_id: "law" }, { done: true, usage: null, stopped: false, finish: "stop" }]);
    const chat = new Conversation(null, watcher);
    await chat.ask("Why?", ask);
    await chat.ask("And then?", ask);
    chat.preset = null;
    chat.model = "other";
    await chat.ask("Without?", ask);
    expect(calls[0]?.body).not.toHaveProperty("preset_id");
    expect(calls[1]?.body).toMatchObject({ preset_id: "law" });
    expect(calls[2]?.body).toMatchObject({ preset_id: null, model: "other" });
  });

  it("grows by its pieces and ends with its usage", async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, seconds: 1, tokens_per_second: 2, first_token_seconds: 0.1 };
    server([STARTED, { thinking: "hm" }, { content: "One " }, { content: "two." }, { done: true, usage, stopped: false, finish: "stop" }]);
    const chat = new Conversation(null, watcher);
    expect(await chat.ask("Why?", ask)).toBe(true);
    expect(chat.path.map(({ id, content, status }) => [id, content, status])).toEqual([["q", "Why?", "done"], ["m", "One two.", "done"]]);
    expect([chat.id, chat.title, chat.path[1]?.thinking, chat.answering]).toEqual(["c", "Title", "hm", false]);
    expect(chat.path[1]?.usage).toEqual(usage);
    expect(chat.thoughts.m?.seconds).toBe(0);
    expect([watcher.began.mock.calls.length, watcher.ended.mock.calls.length]).toEqual([1, 1]);
  });

  it("keeps what came before it failed, and says why", async () => {
    server([STARTED, { content: "Half" }, { error: "GenerationError", message: "The engine stopped." }]);
    const chat = new Conversation(null, watcher);
    await chat.ask("Why?", ask);
    expect(chat.path[1]).toMatchObject({ content: "Half", status: "failed", error: { message: "The engine stopped." } });
  });

  it("leaves nothing behind when the question was refused", async () => {
    server([], { status: 503 });
    const chat = new Conversation(null, watcher);
    expect(await chat.ask("Why?", ask)).toBe(false);
    expect([chat.path.length, chat.refusal?.code, chat.answering]).toEqual([0, "EngineUnavailable", false]);
  });

  it("shows what the server kept when the stream breaks", async () => {
    const question = { ...MESSAGE, id: "q", parent_id: null, role: "user" as const, content: "Why?", status: "done" as const };
    for (const breaks of [true, false]) {
      server([STARTED, { content: "kept" }], { breaks, kept: [question, MESSAGE] });
      const chat = new Conversation(null, watcher);
      await chat.ask("Why?", ask);
      expect(chat.path[1]).toMatchObject({ content: "kept words", status: "interrupted" });
    }
  });

  it("takes over what is said twice at the beginning", async () => {
    const source = { number: 1, passage_id: "p", document_id: "d", filename: "a.pdf", page: 1, heading: [], text: "t", score: 1 };
    server([{ ...STARTED, sources: [source, { ...source, number: 2 }] }, { ...STARTED, sources: [source] }, { content: "x" }, { done: true, usage: null, stopped: false, finish: "stop" }]);
    const chat = new Conversation(null, watcher);
    await chat.ask("Why?", ask);
    expect(chat.path[1]?.sources).toHaveLength(1);
    expect(watcher.began).toHaveBeenCalledTimes(1);
  });

  it("is written again beside the one there is, under the same question", async () => {
    const calls = server([STARTED, { content: "first" }, { done: true, usage: null, stopped: false, finish: "stop" }]);
    const chat = new Conversation(null, watcher);
    await chat.ask("Why?", ask);
    const again = server([{ ...STARTED, message_id: "m2" }, { content: "second" }, { done: true, usage: null, stopped: false, finish: "stop" }]);
    await chat.again(chat.path[1]!, true);
    expect(calls[0]?.body).toEqual({ message: "Why?", use_rag: true, conversation_id: null });
    expect(again[0]?.body).toEqual({ message: "Why?", use_rag: true, conversation_id: "c", parent_id: null });
    expect(ids(versions(chat.messages, chat.path[1]!))).toEqual(["m", "m2"]);
    chat.turnTo(chat.path[1]!, -1);
    expect(chat.path[1]?.content).toBe("first");
    await vi.waitFor(() => expect(again.at(-1)?.body).toEqual({ leaf_id: "m" }));
  });
});

describe("a screen reader", () => {
  it("is told whole sentences, once, without marks", () => {
    const reader = new SentenceReader();
    expect(reader.next("# Title\nThe **first** one. The sec")).toBe("Title The first one.");
    expect(reader.next("# Title\nThe **first** one. The second [link](https://x.example) is 3.5 lo")).toBe("");
    expect(reader.next("# Title\nThe **first** one. The second [link](https://x.example) is 3.5 long", true)).toBe("The second link is 3.5 long");
  });
});

describe("an address", () => {
  it.each([["", "chat", null], ["#/", "chat", null], ["#/c/a%2Fb", "chat", "a/b"], ["#/documents", "documents", null], ["#/documents/d1", "documents", "d1"], ["#/nowhere", "chat", null]])(
    "%s is the page %s", (hash, page, id) => {
      expect(parseRoute(hash)).toEqual({ page, id });
    });
  it("comes back as it went", () => expect(parseRoute(address("chat", "ä/1"))).toEqual({ page: "chat", id: "ä/1" }));
});
