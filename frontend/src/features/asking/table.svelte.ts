// A table of answers as it is filled: followed while it runs, stopped, gone on with, asked again.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamTable, type AskEvent } from "../../api/streams";
import type { AskRow, AskTable } from "../../api/types";

const AGAIN_MS = 2000;

export class AnswerTable {
  readonly id: string;
  table = $state.raw<AskTable | null>(null);
  failure = $state.raw<ApiError | null>(null);
  #left = new AbortController();

  constructor(id: string) {
    this.id = id;
  }

  /** Until it is done, stopped or left; where the connection breaks, it is followed again. */
  async follow(): Promise<void> {
    const { signal } = this.#left;
    while (!signal.aborted) {
      try {
        for await (const event of streamTable(this.id, signal)) this.take(event);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.failure = asApiError(error);
        if (this.failure.code !== "Unreachable") return;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  take(event: AskEvent): void {
    if ("error" in event) throw failureOf(event);
    this.failure = null;
    if ("table" in event) this.table = event.table;
    else if (this.table && "rows" in event) this.table = { ...this.table, rows: merged(this.table.rows, event.rows), tally: event.tally };
    else if (this.table && "done" in event) {
      const { covered, empty, failed, left, stopped, stopped_by: error } = event;
      const tally = { ...this.table.tally, covered, empty, failed, left, asking: null, seconds_left: null };
      this.table = { ...this.table, tally, error: error ?? null, state: stopped ? "stopped" : "done" };
    }
  }

  leave(): void {
    this.#left.abort();
  }

  async stop(): Promise<void> {
    await this.#change(api.POST("/api/tables/{identity}/stop", { params: { path: { identity: this.id } } }));
  }

  /** With what waits; `failed`: with the documents that failed too. */
  async goOn(failed = false): Promise<void> {
    await this.#change(api.POST("/api/tables/{identity}/go-on", { params: { path: { identity: this.id } }, body: { failed } }));
  }

  async retry(document: string): Promise<void> {
    await this.#change(api.POST("/api/tables/{identity}/documents/{document_id}/retry", { params: { path: { identity: this.id, document_id: document } } }));
  }

  /** False when it could not be deleted. */
  async remove(): Promise<boolean> {
    try {
      await data(api.DELETE("/api/tables/{identity}", { params: { path: { identity: this.id } } }));
      return true;
    } catch (error) {
      this.failure = asApiError(error);
      return false;
    }
  }

  async #change(call: Parameters<typeof data<AskTable>>[0]): Promise<void> {
    const ran = this.table?.state === "running";
    try {
      this.table = await data(call);
      this.failure = null;
    } catch (error) {
      this.failure = asApiError(error);
      return;
    }
    if (!ran && this.table.state === "running") void this.follow();
  }
}

function merged(rows: readonly AskRow[], changed: readonly AskRow[]): AskRow[] {
  const fresh = new Map(changed.map((row) => [row.document_id, row]));
  return rows.map((row) => fresh.get(row.document_id) ?? row);
}
