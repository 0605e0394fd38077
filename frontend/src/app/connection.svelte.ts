// Whether the server is there: noticed when a call fails or the computer wakes, looked after until it is back.
import { onUnreachable } from "../api/client";

const LOOK_EVERY_MS = 1500;

/** there; gone: nothing answers; changed: another start of LocalChat answers, which does not know this page. */
export type Link = "there" | "gone" | "changed";

export class Connection {
  link = $state<Link>("there");
  readonly #back: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `back` runs when the server is there again after it was gone. */
  constructor(back: () => void) {
    this.#back = back;
    onUnreachable(() => this.#lose());
    // After sleep, and when the page comes back from the browser's cache, what was open may be gone.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void this.look());
    addEventListener("online", () => void this.look());
    addEventListener("pageshow", (event) => event.persisted && void this.look());
  }

  #lose(): void {
    if (this.link !== "there") return;
    this.link = "gone";
    this.#later();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  /** Asks now. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    const link = await ask();
    const was = this.link;
    this.link = link;
    if (link === "gone") this.#later();
    else if (link === "there" && was !== "there") this.#back();
  }
}

async function ask(): Promise<Link> {
  try {
    const answer = await fetch("/api/settings", { credentials: "same-origin" });
    return answer.status === 401 ? "changed" : answer.ok ? "there" : "gone";
  } catch {
    return "gone";
  }
}
