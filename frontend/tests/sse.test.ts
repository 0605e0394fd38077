// The reader of streams: events come out whole, wherever the network cuts the bytes.
import { describe, expect, it, vi } from "vitest";
import { EventParser, readEvents } from "../src/api/sse";

const EVENTS = [{ content: "Grüße, 漢字 👩‍👩‍👧" }, { thinking: "line\nbreak" }, { done: true }];
const WIRE = `: hello\n\ndata: ${JSON.stringify(EVENTS[0])}\n\n: still here\n\nevent: x\nid: 7\ndata:${JSON.stringify(EVENTS[1])}\r\n\r\ndata: ${JSON.stringify(EVENTS[2])}\r\r`;

function body(parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part) controller.enqueue(part);
      else controller.close();
    },
  });
}

async function all(stream: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of readEvents(stream)) events.push(event);
  return events;
}

describe("a stream of events", () => {
  it("is read alike wherever its bytes are cut, in the middle of a letter too", async () => {
    const bytes = new TextEncoder().encode(`${WIRE}\n`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await all(body([bytes.slice(0, cut), bytes.slice(cut)])), `cut at ${cut}`).toEqual(EVENTS);
    }
  });

  it("is read alike byte by byte", async () => {
    const bytes = new TextEncoder().encode(`${WIRE}\n`);
    expect(await all(body([...bytes].map((byte) => Uint8Array.of(byte))))).toEqual(EVENTS);
  });

  it("drops an event that the end of the stream cut off", async () => {
    expect(await all(body([new TextEncoder().encode('data: {"a":1}\n\ndata: {"b":')]))).toEqual([{ a: 1 }]);
  });

  it("joins the lines of one event", () => {
    expect(new EventParser().feed('data: {"a":\ndata: 1}\n\n')).toEqual(['{"a":\n1}']);
  });

  it("closes the connection when its reader leaves", async () => {
    let cancelled = false;
    const bytes = new TextEncoder().encode('data: {"a":1}\n\n');
    const open = new ReadableStream<Uint8Array>({ start: (one) => one.enqueue(bytes), cancel: () => void (cancelled = true) });
    for await (const event of readEvents(open)) {
      expect(event).toEqual({ a: 1 });
      break;
    }
    expect(cancelled).toBe(true);
  });

  it("throws what the network throws", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new TypeError("network")) });
    await expect(all(broken)).rejects.toThrow("network");
  });

  it("gives all that is waiting at once when it comes in many pieces and is asked for in portions", async () => {
    const pauses = vi.spyOn(globalThis, "setTimeout");
    const parts = Array.from({ length: 500 }, (_, n) => new TextEncoder().encode(`data: {"n":${n}}\n\n`));
    const seen: number[] = [];
    for await (const event of readEvents<{ n: number }>(body(parts), 5)) seen.push(event.n);
    expect(seen).toEqual([...Array(500).keys()]);
    expect(pauses.mock.calls.length).toBeLessThan(5);
    pauses.mockRestore();
  });

  it("tells what came before the network broke, then that it broke", async () => {
    const parts = [new TextEncoder().encode('data: {"a":1}\n\ndata: {"a":2}\n\n')];
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.shift();
        if (part) controller.enqueue(part);
        else controller.error(new TypeError("network"));
      },
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of readEvents(broken, 5)) seen.push(event);
    })();
    await expect(reading).rejects.toThrow("network");
    expect(seen).toEqual([{ a: 1 }, { a: 2 }]);
  });
});
