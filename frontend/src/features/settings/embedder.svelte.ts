// The embedder: which one, what another would cost, and the change to it, which goes on in the server.
import { api, asApiError, data, type ApiError } from "../../api/client";
import type { EmbedderEstimate, EmbedderState } from "../../api/types";

const EVERY_MS = 1000;

export class EmbedderChoice {
  state = $state.raw<EmbedderState | null>(null);
  failure = $state.raw<ApiError | null>(null);
  /** What was chosen and is asked about, and what it costs once that is known. */
  asked = $state<string | null>(null);
  estimate = $state.raw<EmbedderEstimate | null>(null);
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left = false;

  /** `changed`: another embedder has taken over. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  leave(): void {
    this.#left = true;
    clearTimeout(this.#timer);
  }

  async load(): Promise<void> {
    await this.#take(() => data(api.GET("/api/embedder")));
  }

  async ask(id: string): Promise<void> {
    this.asked = id;
    this.estimate = this.failure = null;
    try {
      const estimate = await data(api.POST("/api/embedder/estimate", { body: { embedder: id } }));
      if (this.asked === id) this.estimate = estimate;
    } catch (error) {
      if (this.asked !== id) return;
      this.asked = null;
      this.failure = asApiError(error);
    }
  }

  async choose(id: string): Promise<void> {
    this.asked = null;
    await this.#take(() => data(api.PUT("/api/embedder", { body: { embedder: id } })));
  }

  async cancel(): Promise<void> {
    await this.#take(() => data(api.DELETE("/api/embedder/change")));
  }

  async undo(): Promise<void> {
    await this.#take(() => data(api.POST("/api/embedder/undo")));
  }

  async giveUp(): Promise<void> {
    await this.#take(() => data(api.DELETE("/api/embedder/before")));
  }

  async #take(call: () => Promise<EmbedderState>): Promise<void> {
    clearTimeout(this.#timer);
    const before = this.state?.id;
    try {
      this.state = await call();
      this.failure = null;
      if (before && before !== this.state.id) this.#changed();
    } catch (error) {
      this.failure = asApiError(error);
    }
    if (this.state?.change && !this.#left) this.#timer = setTimeout(() => void this.load(), EVERY_MS);
  }
}
