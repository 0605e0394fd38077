// The user's documents: how many there are, what is being added and how far that is, and what can be done to them.
import { SvelteSet } from "svelte/reactivity";
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamPick, streamUpload, type UploadEvent } from "../../api/streams";
import type { Document, DocumentList, FileProgress, FileResult } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import { t } from "../../i18n";

const WORKING_EVERY_MS = 1000;
const MOST_IDS = 10_000;
/** A request that outlives its page holds 64 KiB at most. */
const MOST_AT_LAST = 1500;
const PART_BYTES = 200e6;
const PART_FILES = 200;

/** What is told of a document when something is done to it. */
export type Named = Pick<Document, "id" | "filename">;

/** A file of a stream that is still open. Once it has an id, it is also in the list of documents. */
export interface Arriving {
  /** Of this page: names may be the same. */
  number: number;
  name: string;
  progress: FileProgress | null;
  result: FileResult | null;
}

export class Library {
  total = $state(0);
  passages = $state(0);
  /** Bytes: of the originals, of originals and passages, and free on that disk. */
  size = $state(0);
  disk = $state(0);
  free = $state(0);
  loaded = $state(false);
  failure = $state<ApiError | null>(null);
  arriving = $state<Arriving[]>([]);
  /** Documents of the running import: those still worked on, and all since it began. */
  working = $state(0);
  batch = $state(0);
  /** Seconds that the rest of the import will take, or null while that cannot be said. */
  secondsLeft = $state<number | null>(null);
  /** Deleted here, and still on the server until their toast is gone. */
  readonly leaving = new SvelteSet<string>();
  /** Folders whose documents are shown below them. */
  readonly opened = new SvelteSet<string>();
  readonly #notices: Notices;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #began = 0;
  #arrived = 0;
  /** Asks for the part of the list that is looked at, on the page of the documents. */
  #look: (() => Promise<DocumentList>) | null = null;

  constructor(notices: Notices) {
    this.#notices = notices;
    addEventListener("pagehide", () => {
      // What does not arrive, and more, goes when LocalChat ends: it is put away.
      const ids = [...this.leaving].slice(0, MOST_AT_LAST);
      if (ids.length) void fetch("/api/documents/delete", { ...deletion(ids), keepalive: true });
    });
  }

  /** While the list is looked at, it is asked for each time. */
  async watch(look: () => Promise<DocumentList>): Promise<void> {
    this.#look = look;
    await this.refresh();
  }

  unwatch(): void {
    this.#look = null;
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.#load();
      this.failure = null;
      this.loaded = true;
    } catch (error) {
      this.failure = asApiError(error);
    }
    if (this.working || this.arriving.some(({ result }) => !result)) {
      this.#timer = setTimeout(() => void this.refresh(), WORKING_EVERY_MS);
    }
  }

  async #load(): Promise<void> {
    const found = await (this.#look ? this.#look() : data(api.GET("/api/documents", { params: { query: { limit: 1 } } })));
    this.total = found.documents_total;
    this.passages = found.passages;
    this.size = found.size;
    this.disk = found.disk;
    this.free = found.free;
    this.#measure(found.working);
  }

  #measure(working: number): void {
    if (!working) {
      this.working = this.batch = 0;
      this.secondsLeft = null;
      return;
    }
    if (!this.working) this.#began = Date.now();
    const done = Math.max(0, this.batch - Math.min(this.working, working));
    this.batch = done + working;
    this.working = working;
    this.secondsLeft = done ? ((Date.now() - this.#began) / 1000 / done) * working : null;
  }

  /** One request may hold only so much, so many files go in several, one after the other. */
  async upload(files: readonly File[]): Promise<void> {
    for (const part of inParts(files)) await this.#follow(streamUpload(part), part.map(({ name }) => name));
  }

  /** Through the native dialog of the desktop. */
  async pick(folder: boolean): Promise<void> {
    await this.#follow(streamPick({ folder }), []);
  }

  async #follow(events: AsyncGenerator<UploadEvent>, names: readonly string[]): Promise<void> {
    const mine: Arriving[] = [];
    const find = (name: string): Arriving => {
      const known = mine.find((one) => one.name === name && !one.result);
      if (known) return known;
      this.arriving.push({ number: ++this.#arrived, name, progress: null, result: null });
      mine.push(this.arriving.at(-1)!);
      return mine.at(-1)!;
    };
    for (const name of names) find(name);
    const watched = this.#look !== null;
    if (mine.length) void this.refresh();
    try {
      for await (const event of events) {
        if ("progress" in event) {
          const file = find(event.progress.filename);
          if (file.progress?.document_id !== event.progress.document_id) void this.refresh();
          file.progress = event.progress;
        } else if ("result" in event) find(event.result.filename).result = event.result;
        else if ("error" in event) throw failureOf(event);
      }
    } catch (error) {
      this.#notices.show(asApiError(error).message);
    }
    this.arriving = this.arriving.filter((one) => !mine.includes(one) || (one.result && !one.result.success && !one.result.document_id));
    await this.refresh();
    const failed = mine.filter(({ result }) => result && !result.success);
    if (!watched && mine.length) {
      this.#notices.show(failed.length ? t("filesAddedSome", mine.length - failed.length, failed.length) : t("filesAdded", mine.length));
    }
  }

  dismiss(file: Arriving): void {
    this.arriving = this.arriving.filter((one) => one !== file);
  }

  /** Reads it once more; `password` opens it. */
  async retry(document: Named, password?: string): Promise<void> {
    const body = password === undefined ? {} : { password };
    await this.#do(api.POST("/api/documents/{identity}/retry", { params: { path: { identity: document.id } }, body }));
  }

  /** It stays in the list, and can be read at any time. */
  async cancel(document: Named): Promise<void> {
    await this.#do(api.POST("/api/documents/{identity}/cancel", { params: { path: { identity: document.id } } }));
  }

  /** Out of the list at once, deleted when the toast with Undo is gone. `name`: of the only one. */
  remove(ids: readonly string[], name: string): void {
    const gone = ids.filter((id) => !this.leaving.has(id));
    if (!gone.length) return;
    for (const id of gone) this.leaving.add(id);
    const back = (): void => {
      for (const id of gone) this.leaving.delete(id);
    };
    const undo = (): void => {
      back();
      void this.#tell("/api/documents/bring-back", gone);
    };
    void this.#tell("/api/documents/put-away", gone);
    this.#notices.show(gone.length === 1 ? t("documentDeleted", name) : t("documentsDeleted", gone.length), { label: t("undo"), run: undo }, () => {
      void this.#delete(gone).finally(back);
    });
  }

  async #delete(ids: readonly string[]): Promise<void> {
    for (const part of chunks(ids)) await this.#do(api.POST("/api/documents/delete", { body: { document_ids: part } }));
  }

  /** Where it fails the page deletes them itself, or they stay: nothing is lost. */
  async #tell(what: "/api/documents/put-away" | "/api/documents/bring-back", ids: readonly string[]): Promise<void> {
    for (const part of chunks(ids)) await api.POST(what, { body: { document_ids: part } }).catch(() => undefined);
  }

  /** Reads many once more. Those that are being read already go on. */
  async retryAll(ids: readonly string[]): Promise<void> {
    const calls = ids.map((identity) => () => api.POST("/api/documents/{identity}/retry", { params: { path: { identity } }, body: {} }));
    for (let call = calls.shift(); call; call = calls.shift()) await call().catch(() => undefined);
    this.working ||= 1;
    await this.refresh();
  }

  async #do(call: Parameters<typeof data>[0]): Promise<void> {
    try {
      await data(call);
    } catch (error) {
      this.#notices.show(asApiError(error).message);
    }
    this.working ||= 1;
    await this.refresh();
  }
}

function chunks(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, part) => ids.slice(part * MOST_IDS, (part + 1) * MOST_IDS));
}

function deletion(ids: readonly string[]): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ document_ids: ids }) };
}

function inParts(files: readonly File[]): File[][] {
  const parts: File[][] = [];
  let size = PART_BYTES;
  for (const file of files) {
    if (size + file.size > PART_BYTES || parts.at(-1)?.length === PART_FILES) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(file);
    size += file.size;
  }
  return parts;
}
