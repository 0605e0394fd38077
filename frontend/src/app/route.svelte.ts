// Which page is shown: read from the address after its #, so that back, forward and reload work.

export type Page = "chat" | "documents" | "models" | "search" | "evaluation" | "settings" | "collection" | "answers";

export interface Route {
  page: Page;
  /** The open conversation, document, collection or table of answers, the way of searching, or null. */
  id: string | null;
  /** What of it is shown: the number of a passage of a document, or its passages; left out: all. */
  part?: string;
}

const PAGES: readonly Page[] = ["documents", "models", "search", "evaluation", "settings", "collection", "answers"];

export function parseRoute(hash: string): Route {
  const [name = "", id = "", part = ""] = hash.replace(/^#\/?/, "").split("/");
  if (name === "c" && id) return { page: "chat", id: decodeURIComponent(id) };
  const page = PAGES.find((one) => one === name);
  if (!page) return { page: "chat", id: null };
  return { page, id: id ? decodeURIComponent(id) : null, ...(part && { part: decodeURIComponent(part) }) };
}

export function address(page: Page, id: string | null = null, part: string | null = null): string {
  if (page === "chat") return id ? `#/c/${encodeURIComponent(id)}` : "#/";
  return [`#/${page}`, ...[id, id && part].flatMap((one) => (one ? [encodeURIComponent(one)] : []))].join("/");
}

export class Router {
  #route = $state<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.#route = parseRoute(location.hash)));
  }

  get page(): Page {
    return this.#route.page;
  }

  get id(): string | null {
    return this.#route.id;
  }

  get part(): string | null {
    return this.#route.part ?? null;
  }

  go(page: Page, id: string | null = null, part: string | null = null): void {
    location.hash = address(page, id, part);
    this.#route = { page, id, ...(part !== null && { part }) };
  }

  /** The page stays and only its name in the address changes, with no step to go back. */
  rename(page: Page, id: string | null): void {
    history.replaceState(null, "", address(page, id));
    this.#route = { page, id };
  }
}
