// Sentences that are checked again: how far it is, what changes in the message, how it ends.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Citation, Message } from "../src/api/types";
import { Checking, unsettled } from "../src/features/chat/checking.svelte";
import { Conversation } from "../src/features/chat/conversation.svelte";

const REASON = { code: "nothing", params: {}, message: "The sources say nothing about this." };
const open = (start: number): Citation => ({ start, end: start + 5, verdict: "open", support: [], reason: REASON, checked_by: null });
const supported: Citation = { ...open(0), verdict: "supported", reason: null, checked_by: "qwen3:8b" };
const PROOF = { quotes: [], sure: false, folded: true, citations: [open(0), open(6), { ...open(12), reason: null }] };
const MESSAGE: Message = { id: "m", parent_id: null, role: "assistant", content: "One. Two. Why?", thinking: "", status: "done", error: null, model: "x", sources: [], proof: PROOF, usage: null, created_at: "2026-01-01T00:00:00Z", images: [] };
const STARTED = { message_id: "m", model: "qwen3:8b", total: 2 };
const STEP = { sentence: 0, citation: supported, checked: 1, total: 2 };
const DONE = { checked: 1, supported: 1, marked: 0, open: 0, unread: 0, stopped: false, done: true };

/** A stream of these events; it stays open after them until it is left, where `hangs`. */
function server(events: unknown[], { hangs = false, status = 200, kept = MESSAGE } = {}): string[] {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const url = typeof input === "string" ? input : input.url;
    calls.push(new URL(url, location.origin).pathname);
    if (url.endsWith("/check") && status !== 200) return Response.json({ error: "Conflict", message: "Another answer is being checked." }, { status });
    if (!url.endsWith("/check")) return Response.json(url.endsWith("/stop") ? { ok: true } : { id: "c", title: "T", leaf_id: "m", created_at: "", updated_at: "", messages: [kept] });
    return new Response(
      new ReadableStream({
        start(controller) {
          for (const event of events) controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
          if (hangs) init?.signal?.addEventListener("abort", () => controller.error(new DOMException("left", "AbortError")));
          else controller.close();
        },
      }),
    );
  });
  return calls;
}

describe("open sentences", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are those with a reason that this model has not seen", () => {
    expect(unsettled(MESSAGE, "qwen3:8b")).toBe(2);
    expect(unsettled({ proof: { ...PROOF, citations: [{ ...open(0), checked_by: "qwen3:8b" }, supported] } }, "qwen3:8b")).toBe(0);
    expect(unsettled({ proof: { ...PROOF, citations: [{ ...open(0), checked_by: "qwen3:8b" }] } }, "gemma3:4b")).toBe(1);
    expect(unsettled({ proof: null }, "qwen3:8b")).toBe(0);
  });

  it("change in the message as they are settled", async () => {
    const watcher = { collections: [], began: vi.fn(), wrote: vi.fn(), ended: vi.fn() };
    server([STARTED, STEP, DONE]);
    const chat = new Conversation("c", watcher);
    await chat.load();
    const [before] = chat.messages;
    await chat.checking.begin("m", "qwen3:8b", 2);
    expect(chat.messages[0]).not.toBe(before);
    expect(chat.messages[0]?.proof?.citations).toEqual([supported, open(6), PROOF.citations[2]]);
    expect(before?.proof?.citations[0]?.verdict).toBe("open");
    expect([chat.checking.running, chat.checking.ended?.done]).toEqual([null, DONE]);
  });

  it("that another window had checked are taken over", async () => {
    const watcher = { collections: [], began: vi.fn(), wrote: vi.fn(), ended: vi.fn() };
    server([]);
    const chat = new Conversation("c", watcher);
    await chat.load();
    const [before] = chat.messages;
    await chat.load();
    expect(chat.messages[0]).toBe(before);
    server([], { kept: { ...MESSAGE, proof: { ...PROOF, citations: PROOF.citations.with(0, supported) } } });
    await chat.load();
    expect(chat.messages[0]?.proof?.citations[0]).toEqual(supported);
  });

  it("say how far it is, and stop when they are told to", async () => {
    const settle = vi.fn();
    const calls = server([STARTED, STEP], { hangs: true });
    const checking = new Checking(settle);
    const run = checking.begin("m", "qwen3:8b", 5);
    await vi.waitFor(() => expect(checking.running).toEqual({ message: "m", model: "qwen3:8b", checked: 1, total: 2 }));
    await checking.begin("m2", "qwen3:8b", 1);
    expect(calls).toEqual(["/api/messages/m/check"]);
    await checking.stop();
    expect(calls.at(-1)).toBe("/api/messages/m/check/stop");
    checking.leave();
    await run;
    expect([checking.running, checking.ended, settle.mock.calls]).toEqual([null, null, [["m", 0, supported]]]);
  });

  it("keep what was settled when the engine goes, and say why", async () => {
    const settle = vi.fn();
    server([STARTED, STEP, { error: "EngineUnavailable", message: "Ollama does not answer." }]);
    const checking = new Checking(settle);
    await checking.begin("m", "qwen3:8b", 2);
    expect(settle).toHaveBeenCalledTimes(1);
    expect(checking.ended).toMatchObject({ message: "m", done: null, failure: { code: "EngineUnavailable" } });
    server([], { status: 409 });
    await checking.begin("m", "qwen3:8b", 2);
    expect(checking.ended?.failure?.code).toBe("Conflict");
  });
});
