// The list of documents as the server has it, filtered and sorted there: only the pages that are looked at are here.
import { api, asApiError, data, type ApiError } from "../../api/client";
import type { Document, DocumentGroup, DocumentList } from "../../api/types";

const PAGE = 100;
/** A quick scroll passes pages by: those that it left are not asked for. */
const AT_ONCE = 2;
export const MOST = 10_000;

export type State = "any" | "ready" | "working" | "failed";
export type Order = "newest" | "name" | "size";
const SORTS = { newest: "added", name: "name", size: "size" } as const;

export interface Wanted {
  words: string;
  collection: string | null;
  state: State;
  order: Order;
}

/** Nothing is left out: then documents stand under their folders. */
export function isWhole({ words, collection, state }: Wanted): boolean {
  return !words.trim() && collection === null && state === "any";
}

export class DocumentPages {
  /** Of those that match. */
  total = $state(0);
  groups = $state.raw<DocumentGroup[]>([]);
  loaded = $state(false);
  failure = $state.raw<ApiError | null>(null);
  /** What the rows were asked for by; behind what is wanted while the server is asked. */
  shown = $state.raw<Wanted>({ words: "", collection: null, state: "any", order: "newest" });
  #wanted = this.shown;
  #pages = $state.raw<ReadonlyMap<number, readonly Document[]>>(new Map());
  /** Which answers count: those asked for since what is wanted changed last. */
  #asked = 0;
  #fresh = new Set<number>();
  #loading = new Set<number>();
  #near: readonly [number, number] = [0, PAGE];

  at(offset: number): Document | undefined {
    return this.#pages.get(Math.floor(offset / PAGE))?.[offset % PAGE];
  }

  find(id: string): Document | undefined {
    for (const page of this.#pages.values()) {
      const found = page.find((document) => document.id === id);
      if (found) return found;
    }
    return undefined;
  }

  /** All that are here. */
  *known(): Generator<Document> {
    for (const page of this.#pages.values()) yield* page;
  }

  /** Another filter or order. The rows of the last stay until the first page of this one is there. */
  async want(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    this.#near = [0, PAGE];
    await this.#anew(++this.#asked);
  }

  async #anew(asked: number): Promise<void> {
    const wanted = this.#wanted;
    try {
      const found = await this.#fetch(0, PAGE);
      if (asked !== this.#asked) return;
      this.shown = wanted;
      this.#fresh = new Set([0]);
      this.#loading.clear();
      this.#take(0, found, new Map());
      this.failure = null;
      this.loaded = true;
    } catch (error) {
      if (asked === this.#asked) this.failure = asApiError(error);
    }
  }

  /** These offsets are in view, or nearly. */
  need(from: number, to: number): void {
    this.#near = [from, Math.max(from + 1, to)];
    this.#pump();
  }

  /** Everything may have changed: what is in view is asked for at once, the rest when it comes into view. */
  async refresh(): Promise<DocumentList> {
    const asked = this.#asked;
    const page = this.#pagesNear()[0] ?? 0;
    const stale = new Set(this.#fresh);
    const found = await this.#fetch(page * PAGE, PAGE);
    if (asked === this.#asked && this.loaded) {
      for (const one of stale) this.#fresh.delete(one);
      this.#fresh.add(page);
      this.#take(page, found);
      this.#pump();
    } else if (!this.loaded) await this.#anew(asked);
    this.failure = null;
    return found;
  }

  /** The ids from one offset to behind another, in the order shown. */
  async ids(from: number, to: number): Promise<string[]> {
    const found: string[] = [];
    for (let at = from; at < to; at += MOST) {
      const { documents } = await this.#fetch(at, Math.min(MOST, to - at));
      found.push(...documents.map(({ id }) => id));
    }
    return found;
  }

  #pagesNear(): number[] {
    const [from, to] = this.#near;
    const last = Math.min(Math.ceil(to / PAGE), Math.ceil(this.total / PAGE));
    const first = Math.min(Math.floor(from / PAGE), Math.max(0, last - 1));
    return Array.from({ length: Math.max(0, last - first) }, (_, place) => first + place);
  }

  #pump(): void {
    const next = this.#pagesNear().find((page) => !this.#fresh.has(page) && !this.#loading.has(page));
    if (next === undefined || this.#loading.size >= AT_ONCE) return;
    void this.#load(next, this.#asked);
    this.#pump();
  }

  async #load(page: number, asked: number): Promise<void> {
    this.#loading.add(page);
    try {
      const found = await this.#fetch(page * PAGE, PAGE);
      if (asked !== this.#asked) return;
      this.#fresh.add(page);
      this.#take(page, found);
    } catch (error) {
      // Those that are there stay; the next look at the server tells whether it is back.
      if (asked === this.#asked && !this.#pages.size) this.failure = asApiError(error);
      return;
    } finally {
      if (asked === this.#asked) this.#loading.delete(page);
    }
    this.#pump();
  }

  #take(page: number, { documents, total, groups }: DocumentList, before = this.#pages): void {
    const pages = new Map(before);
    pages.set(page, documents);
    for (const known of pages.keys()) if (known * PAGE >= total) pages.delete(known);
    this.#pages = pages;
    this.total = total;
    const given = groups ?? [];
    if (JSON.stringify(given) !== JSON.stringify(this.groups)) this.groups = given;
  }

  #fetch(offset: number, limit: number): Promise<DocumentList> {
    const { words, collection, state, order } = this.#wanted;
    const query = {
      q: words.trim(),
      sort: SORTS[order],
      by_folder: isWhole(this.#wanted),
      offset,
      limit,
      ...(collection === null ? {} : { collection }),
      ...(state === "any" ? {} : { status: state }),
    };
    return data(api.GET("/api/documents", { params: { query } }));
  }
}
