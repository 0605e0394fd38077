// A document as it was read, in its passages: only those near the view are here, each with the headings before it.
import { api, asApiError, data, type ApiError } from "../../api/client";
import type { Document, Passage } from "../../api/types";
import { blocksOf, type Block } from "./blocks";

const PAGE = 50;

export interface Unit {
  passage: Passage;
  /** The headings that stand before it in the text, and what it is made of. */
  blocks: Block[];
  /** The page where it begins, where the unit before it began on another. */
  page: number | null;
}

export class DocumentText {
  readonly id: string;
  document = $state.raw<Document | null>(null);
  total = $state<number | null>(null);
  failure = $state.raw<ApiError | null>(null);
  #pages = $state.raw<ReadonlyMap<number, readonly Unit[]>>(new Map());
  #asked = new Set<number>();

  constructor(id: string) {
    this.id = id;
  }

  at(index: number): Unit | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  async open(): Promise<void> {
    try {
      const path = { identity: this.id };
      this.document = await data(api.GET("/api/documents/{identity}", { params: { path } }));
      this.total = this.document.searchable ? this.document.passages : 0;
    } catch (error) {
      this.failure = asApiError(error);
    }
  }

  /** These passages are in view, or nearly. */
  need(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE); page * PAGE < Math.min(to, this.total ?? 0); page++) {
      if (this.#asked.has(page)) continue;
      this.#asked.add(page);
      void this.#load(page);
    }
  }

  async #load(page: number): Promise<void> {
    try {
      // With the one before, whose end is where the first headings begin.
      const before = page ? 1 : 0;
      const path = { identity: this.id };
      const query = { offset: page * PAGE - before, limit: PAGE + before };
      const { passages } = await data(api.GET("/api/documents/{identity}/passages", { params: { path, query } }));
      const from = before ? (passages[0]?.end ?? 0) : 0;
      const to = passages.at(-1)?.end ?? from;
      const text = to > from ? (await data(api.GET("/api/documents/{identity}/text", { params: { path, query: { offset: from, limit: to - from } } }))).text : "";
      const units = unitsOf(passages.slice(before), signsOf(text), from, before ? passages[0]! : null);
      this.#pages = new Map(this.#pages).set(page, units);
    } catch (error) {
      this.#asked.delete(page);
      this.failure = asApiError(error);
    }
  }
}

/** Offsets count letters as the server does, by code point. */
function signsOf(text: string): string | string[] {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

function unitsOf(passages: readonly Passage[], signs: string | string[], from: number, before: Passage | null): Unit[] {
  const cut = (start: number, end: number): string => {
    const part = signs.slice(start - from, end - from);
    return typeof part === "string" ? part : part.join("");
  };
  return passages.map((passage, place) => {
    const last = passages[place - 1] ?? before;
    const start = Math.max(last?.end ?? 0, from);
    return {
      passage,
      blocks: blocksOf(passage, cut(start, Math.max(start, passage.start)), cut(passage.start, passage.end)),
      page: passage.page === (last?.page ?? null) ? null : passage.page,
    };
  });
}
