// Which page is shown: read from the address after its #, so that back, forward and reload work.

export type Page = "chat" | "documents" | "models" | "search" | "settings";

export interface Route {
  page: Page;
  /** The open conversation, the open document, or null. */
  id: string | null;
}

const PAGES: readonly Page[] = ["documents", "models", "search", "settings"];

export function parseRoute(hash: string): Route {
  const [name = "", id = ""] = hash.replace(/^#\/?/, "").split("/");
  if (name === "c" && id) return { page: "chat", id: decodeURIComponent(id) };
  const page = PAGES.find((one) => one === name);
  return page ? { page, id: id ? decodeURIComponent(id) : null } : { page: "chat", id: null };
}

export function address(page: Page, id: string | null = null): string {
  if (page === "chat") return id ? `#/c/${encodeURIComponent(id)}` : "#/";
  return id ? `#/${page}/${encodeURIComponent(id)}` : `#/${page}`;
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

  go(page: Page, id: string | null = null): void {
    location.hash = address(page, id);
    this.#route = { page, id };
  }

  /** The page stays and only its name in the address changes, with no step to go back. */
  rename(page: Page, id: string | null): void {
    history.replaceState(null, "", address(page, id));
    this.#route = { page, id };
  }
}
