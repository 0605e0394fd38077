// The watched folders: listed while their page is open, added, looked at again, left.
import { api, asApiError, data } from "../../api/client";
import type { Folder } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";

const EVERY_MS = 3000;

export class WatchedFolders {
  list = $state.raw<Folder[]>([]);
  readonly #notices: Notices;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = false;
  #seen = "";

  /** `changed`: a document came into one of them, was read, or went. */
  constructor(notices: Notices, changed: () => void) {
    this.#notices = notices;
    this.#changed = changed;
  }

  /** Follows what happens in them until `close`. */
  open(): void {
    this.#open = true;
    void this.refresh();
  }

  close(): void {
    this.#open = false;
    clearTimeout(this.#timer);
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.list = await data(api.GET("/api/folders")).then(
      ({ folders }) => folders,
      () => this.list,
    );
    const seen = this.list.map(({ id, files, documents, ready, failed }) => [id, files, documents, ready, failed].join()).join(" ");
    if (seen !== this.#seen) this.#changed();
    this.#seen = seen;
    if (this.#open && this.list.length) this.#timer = setTimeout(() => void this.refresh(), EVERY_MS);
  }

  /** Without a path it is chosen in the window's dialog. Null: it was refused, in words. */
  async add(path?: string): Promise<Folder | null> {
    const before = new Set(this.list.map(({ id }) => id));
    await this.#do(api.POST("/api/folders", { body: path === undefined ? {} : { path } }));
    return this.list.find(({ id }) => !before.has(id)) ?? null;
  }

  async look({ id }: Folder): Promise<void> {
    await this.#do(api.POST("/api/folders/{identity}/look", { params: { path: { identity: id } } }));
  }

  async leave({ id }: Folder): Promise<void> {
    this.list = this.list.filter((one) => one.id !== id);
    await this.#do(api.DELETE("/api/folders/{identity}", { params: { path: { identity: id } } }));
  }

  async #do(call: Parameters<typeof data>[0]): Promise<void> {
    try {
      await data(call);
    } catch (error) {
      this.#notices.show(asApiError(error).message);
    }
    await this.refresh();
  }
}
