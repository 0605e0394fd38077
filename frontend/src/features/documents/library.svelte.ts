// The user's documents: the list, what is being added, and how far that is.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamPick, streamUpload, type UploadEvent } from "../../api/streams";
import type { Document, FileProgress, FileResult } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import { t } from "../../i18n";

const WORKING_EVERY_MS = 1000;
const MOST = 10_000;
const PART_BYTES = 200e6;
const PART_FILES = 200;

/** A file of a stream that is still open. Once it has an id, it is also in the list of documents. */
export interface Arriving {
  name: string;
  progress: FileProgress | null;
  result: FileResult | null;
}

export class Library {
  documents = $state<Document[]>([]);
  total = $state(0);
  passages = $state(0);
  size = $state(0);
  loaded = $state(false);
  failure = $state<ApiError | null>(null);
  arriving = $state<Arriving[]>([]);
  /** Documents of the running import: those still worked on, and all since it began. */
  working = $state(0);
  batch = $state(0);
  /** Seconds that the rest of the import will take, or null while that cannot be said. */
  secondsLeft = $state<number | null>(null);
  readonly #notices: Notices;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #began = 0;
  #full = false;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** The list is read whole only while it is looked at. */
  async watch(): Promise<void> {
    this.#full = true;
    await this.refresh();
  }

  unwatch(): void {
    this.#full = false;
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.#load(this.#full ? MOST : 1);
      this.failure = null;
      this.loaded = true;
    } catch (error) {
      this.failure = asApiError(error);
    }
    if (this.working || this.arriving.some(({ result }) => !result)) {
      this.#timer = setTimeout(() => void this.refresh(), WORKING_EVERY_MS);
    }
  }

  async #load(limit: number): Promise<void> {
    const found = await data(api.GET("/api/documents", { params: { query: { limit } } }));
    if (limit === MOST) this.documents = found.documents;
    this.total = found.total;
    this.passages = found.passages;
    this.size = found.size;
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
      this.arriving.push({ name, progress: null, result: null });
      mine.push(this.arriving.at(-1)!);
      return mine.at(-1)!;
    };
    for (const name of names) find(name);
    const watched = this.#full;
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
  async retry(document: Document, password?: string): Promise<void> {
    const body = password === undefined ? {} : { password };
    await this.#do(api.POST("/api/documents/{identity}/retry", { params: { path: { identity: document.id } }, body }));
  }

  /** It stays in the list, and can be read at any time. */
  async cancel(document: Document): Promise<void> {
    await this.#do(api.POST("/api/documents/{identity}/cancel", { params: { path: { identity: document.id } } }));
  }

  async remove(document: Document): Promise<void> {
    this.documents = this.documents.filter(({ id }) => id !== document.id);
    await this.#do(api.DELETE("/api/documents/{identity}", { params: { path: { identity: document.id } } }));
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
