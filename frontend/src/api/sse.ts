// Reads a stream of server-sent events: bytes in any portions → one parsed JSON value an event.

/** Takes text in any portions and gives the data of each complete event. Comments and other fields are skipped. */
export class EventParser {
  #rest = "";
  #data: string[] = [];

  feed(text: string): string[] {
    this.#rest += text;
    const complete: string[] = [];
    let start = 0;
    for (;;) {
      const end = this.#lineEnd(start);
      if (end === null) break;
      const line = this.#rest.slice(start, end.at);
      start = end.next;
      if (line === "") {
        if (this.#data.length) complete.push(this.#data.join("\n"));
        this.#data = [];
      } else if (line.startsWith("data:")) {
        this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      }
    }
    this.#rest = this.#rest.slice(start);
    return complete;
  }

  /** A carriage return at the end of what has arrived may be half of a line end, so it waits for what follows. */
  #lineEnd(from: number): { at: number; next: number } | null {
    const text = this.#rest;
    for (let at = from; at < text.length; at++) {
      if (text[at] === "\n") return { at, next: at + 1 };
      if (text[at] === "\r") {
        if (at + 1 === text.length) return null;
        return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
      }
    }
    return null;
  }
}

/**
 * The events of a response body, in order. Ends with the stream; an event that was cut off at its end is dropped.
 * `pause`: ms from one portion of events to the next at least; what arrives meanwhile comes together.
 * Throws what the body throws (network errors, AbortError), and SyntaxError for data that is not JSON.
 */
export async function* readEvents<T>(body: ReadableStream<Uint8Array>, pause = 0): AsyncGenerator<T> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for await (const text of joined(reader, decoder, pause)) for (const data of parser.feed(text)) yield JSON.parse(data) as T;
  } finally {
    // Leaving the loop early closes the connection, which is how a stream is left.
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Text as it arrives, all that came within `pause` ms at once. It is read without a pause: a read gives what the server
 * wrote in one go and never more, however much is waiting, so that a pause between reads would hold an answer back.
 */
async function* joined(reader: ReadableStreamDefaultReader<Uint8Array>, decoder: TextDecoder, pause: number): AsyncGenerator<string> {
  let text = "";
  let ended = false;
  let failure: { error: unknown } | null = null;
  let wake: () => void = () => undefined;
  const pump = async (): Promise<void> => {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        wake();
      }
    } catch (error) {
      failure = { error };
    }
    ended = true;
    wake();
  };
  void pump();
  for (;;) {
    if (text) {
      const arrived = Date.now();
      const portion = text;
      text = "";
      yield portion;
      if (pause && !ended) await elapse(pause - (Date.now() - arrived));
    } else if (ended) {
      // Told after everything that came before it.
      if (failure) throw (failure as { error: unknown }).error;
      return;
    } else await new Promise<void>((resolve) => (wake = resolve));
  }
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
