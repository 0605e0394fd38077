// The collections of documents that the server keeps, by name, and those picked for the next question.
import { api, asApiError, data } from "../../api/client";
import type { Collection } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import { t } from "../../i18n";

/** As many documents of one as the server lists, and takes, at once. */
const MOST = 10_000;

export class Collections {
  list = $state<Collection[]>([]);
  #picked = $state<string[]>([]);
  readonly #notices: Notices;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** Where the next question looks; none: everywhere. */
  get picked(): Collection[] {
    return this.list.filter(({ id }) => this.#picked.includes(id));
  }

  pick(id: string): void {
    this.#picked = this.#picked.includes(id) ? this.#picked.filter((one) => one !== id) : [...this.#picked, id];
  }

  pickNone(): void {
    this.#picked = [];
  }

  find(id: string | null): Collection | null {
    return this.list.find((collection) => collection.id === id) ?? null;
  }

  async load(): Promise<void> {
    await this.#tell(async () => void (this.list = (await data(api.GET("/api/collections"))).collections));
  }

  /** Throws the ApiError: the dialog shows it beside its field. */
  async save(name: string, id: string | null): Promise<Collection> {
    const saved = id
      ? await data(api.PATCH("/api/collections/{identity}", { params: { path: { identity: id } }, body: { name } }))
      : await data(api.POST("/api/collections", { body: { name, document_ids: [] } }));
    await this.load();
    return saved;
  }

  /** Its documents stay; what was in it is kept until it cannot be taken back any more. */
  async remove({ id, name }: Collection): Promise<void> {
    await this.#tell(async () => {
      const { documents } = await data(api.GET("/api/documents", { params: { query: { collection: id, limit: MOST } } }));
      await data(api.DELETE("/api/collections/{identity}", { params: { path: { identity: id } } }));
      const again = { id, name, document_ids: documents.map((document) => document.id) };
      this.#notices.show(t("collectionDeleted", name), {
        label: t("undo"),
        run: () => void this.#tell(async () => void (await data(api.POST("/api/collections", { body: again })))).then(() => this.load()),
      });
    });
    await this.load();
  }

  /** Puts a document into a collection, or takes it out. */
  async put(id: string, document: string, inside: boolean): Promise<void> {
    const params = { path: { identity: id, document_id: document } };
    const path = "/api/collections/{identity}/documents/{document_id}" as const;
    await this.#tell(async () => void (await data(inside ? api.PUT(path, { params }) : api.DELETE(path, { params }))));
    await this.load();
  }

  /** Puts many documents into one. */
  async putAll(id: string, documents: readonly string[]): Promise<void> {
    await this.#tell(async () => {
      for (let at = 0; at < documents.length; at += MOST) {
        const body = { document_ids: documents.slice(at, at + MOST) };
        await data(api.POST("/api/collections/{identity}/documents", { params: { path: { identity: id } }, body }));
      }
    });
    await this.load();
  }

  async #tell(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#notices.show(asApiError(error).message);
    }
  }
}
