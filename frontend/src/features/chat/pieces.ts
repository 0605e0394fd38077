// Pieces of an answer that arrive together are taken in as one: each costs the page an update.

export class Pieces {
  #waiting = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #take: (text: string) => void;

  constructor(take: (text: string) => void) {
    this.#take = take;
  }

  add(piece: string): void {
    this.#waiting += piece;
    this.#timer ??= setTimeout(() => this.flush(), 0);
  }

  /** Takes in what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#waiting;
    this.#waiting = "";
    if (text) this.#take(text);
  }
}
