// Sentences of an answer that the matching left open, put to a capable model: how far it is, and what came of it.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamCheck, type CheckEvent } from "../../api/streams";
import type { CheckDone, Citation, Message } from "../../api/types";

/** A stop that the server does not follow in this time closes the stream from here. */
const STOP_PATIENCE_MS = 2500;

export type Settle = (message: string, sentence: number, citation: Citation) => void;

interface Running {
  message: string;
  model: string;
  checked: number;
  total: number;
}

interface Ended {
  message: string;
  model: string;
  /** null: it broke off, for `failure`. */
  done: CheckDone | null;
  failure: ApiError | null;
}

/** How many sentences `model` could be asked about: what is open without a reason claims nothing. */
export function unsettled(message: Pick<Message, "proof">, model: string): number {
  return (message.proof?.citations ?? []).filter(({ verdict, reason, checked_by }) => verdict === "open" && reason !== null && checked_by !== model).length;
}

export class Checking {
  running = $state.raw<Running | null>(null);
  ended = $state.raw<Ended | null>(null);
  readonly #settle: Settle;
  #left: AbortController | null = null;

  constructor(settle: Settle) {
    this.#settle = settle;
  }

  async begin(message: string, model: string, total: number): Promise<void> {
    if (this.running) return;
    const left = new AbortController();
    this.#left = left;
    this.running = { message, model, checked: 0, total };
    this.ended = null;
    try {
      for await (const event of streamCheck(message, left.signal)) this.#take(event);
    } catch (error) {
      const failure = asApiError(error);
      if (failure.code !== "Aborted") this.ended = { message, model: this.running.model, done: null, failure };
    } finally {
      this.running = null;
      this.#left = null;
    }
  }

  #take(event: CheckEvent): void {
    const now = this.running;
    if (!now) return;
    if ("error" in event) throw failureOf(event);
    if ("citation" in event) {
      this.#settle(now.message, event.sentence, event.citation);
      this.running = { ...now, checked: event.checked, total: event.total };
    } else if ("supported" in event) this.ended = { message: now.message, model: now.model, done: event, failure: null };
    else this.running = { ...now, model: event.model, total: event.total };
  }

  async stop(): Promise<void> {
    const left = this.#left;
    if (!this.running || !left) return;
    setTimeout(() => left.abort(), STOP_PATIENCE_MS);
    const path = { identity: this.running.message };
    await data(api.POST("/api/messages/{identity}/check/stop", { params: { path } })).catch(() => left.abort());
  }

  leave(): void {
    this.#left?.abort();
  }
}
