// Backup and restore: one of them at a time, going on while another page is looked at.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamBackup, streamRestore, type BackupEvent, type RestoreEvent } from "../../api/streams";
import type { BackupDone, CopyProgress, StagedBackup } from "../../api/types";

export class Backups {
  /** What runs, and how far it is; null before its first word. */
  running = $state<"backup" | "restore" | null>(null);
  progress = $state<CopyProgress | null>(null);
  failure = $state<ApiError | null>(null);
  /** The backup that was written last. */
  written = $state<BackupDone | null>(null);
  /** The backup whose data the next start takes. */
  staged = $state<StagedBackup | null>(null);
  #abort: AbortController | null = null;

  async load(): Promise<void> {
    const state = await data(api.GET("/api/restore")).catch(() => null);
    if (state) this.staged = state.staged;
  }

  /** `ask`: in the window's own dialog; otherwise to the usual place. */
  async backup(ask: boolean): Promise<void> {
    this.written = null;
    await this.#follow("backup", (signal) => streamBackup({ ask }, signal));
  }

  async restore(from: { ask: true } | { path: string }): Promise<void> {
    await this.#follow("restore", (signal) => streamRestore(from, signal));
    await this.load();
  }

  async keepPresent(): Promise<void> {
    try {
      await data(api.DELETE("/api/restore"));
    } catch (error) {
      this.failure = asApiError(error);
    }
    await this.load();
  }

  /** Leaving the stream ends the work; nothing of it stays. */
  cancel(): void {
    this.#abort?.abort();
  }

  async #follow(kind: "backup" | "restore", begin: (signal: AbortSignal) => AsyncGenerator<BackupEvent | RestoreEvent>): Promise<void> {
    if (this.running) return;
    this.running = kind;
    this.failure = this.progress = null;
    this.#abort = new AbortController();
    try {
      for await (const event of begin(this.#abort.signal)) {
        if ("progress" in event) this.progress = event.progress;
        else if ("error" in event) throw failureOf(event);
        else if ("sha256" in event) this.written = event;
      }
    } catch (error) {
      const failure = asApiError(error);
      if (failure.code !== "Aborted") this.failure = failure;
    }
    this.running = null;
  }
}
