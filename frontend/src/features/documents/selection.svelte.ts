// The documents that are picked, over all pages of the list, for what is done to many.
import { SvelteSet } from "svelte/reactivity";

export class Selection {
  readonly #ids = new SvelteSet<string>();
  /** The offset in the list that was picked last: a range begins there. */
  anchor: number | null = null;

  get size(): number {
    return this.#ids.size;
  }

  get ids(): string[] {
    return [...this.#ids];
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  toggle(id: string): void {
    if (!this.#ids.delete(id)) this.#ids.add(id);
  }

  add(ids: Iterable<string>): void {
    for (const id of ids) this.#ids.add(id);
  }

  clear(): void {
    this.#ids.clear();
    this.anchor = null;
  }
}
