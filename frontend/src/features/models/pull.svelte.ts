// One pull in numbers: how much has come, how fast, how long yet, and whether it stands still.
import type { ApiError } from "../../api/client";
import type { PullStatus } from "../../api/types";

const STALLED_MS = 10_000;
/** The speed is that of the last seconds, so that it follows the line. */
const WINDOW_MS = 8000;

export class PullProgress {
  readonly model: string;
  id = $state<string | null>(null);
  status = $state("");
  /** Bytes of the layer that moves. */
  completed = $state<number | null>(null);
  total = $state<number | null>(null);
  /** Bytes a second, or null while that cannot be said. */
  speed = $state<number | null>(null);
  stalled = $state(false);
  failure = $state<ApiError | null>(null);
  cancelled = $state(false);
  #samples: { at: number; bytes: number }[] = [];
  #digest: string | null = null;
  #moved = Date.now();
  readonly #timer = setInterval(() => (this.stalled = Date.now() - this.#moved > STALLED_MS), 1000);

  constructor(model: string) {
    this.model = model;
  }

  get secondsLeft(): number | null {
    if (!this.speed || this.total === null || this.completed === null || this.stalled) return null;
    return (this.total - this.completed) / this.speed;
  }

  take(event: PullStatus, now: number): void {
    const digest = event.digest ?? null;
    const bytes = event.completed ?? null;
    if (digest !== this.#digest) this.#samples = [];
    if (bytes !== this.completed || event.status !== this.status || digest !== this.#digest) this.#moved = now;
    this.#digest = digest;
    this.id = event.id;
    this.status = event.status;
    this.completed = bytes;
    this.total = event.total ?? null;
    this.stalled = now - this.#moved > STALLED_MS;
    if (bytes === null) return;
    this.#samples = [...this.#samples.filter(({ at }) => now - at < WINDOW_MS), { at: now, bytes }];
    const first = this.#samples[0]!;
    const seconds = (now - first.at) / 1000;
    this.speed = seconds >= 0.5 ? Math.max(0, bytes - first.bytes) / seconds : null;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
