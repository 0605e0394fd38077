// The streams: an answer, files that are read, a pull, a backup, a restore, conversations that come in, a measure of the
// search. Each is a POST that answers with server-sent events.
import { asApiError, asJson, toApiError } from "./client";
import { readEvents } from "./sse";
import type { AskBody, BackupBody, ChatBody, PickBody, PullBody, RestoreBody, paths } from "./types";

type Streamed<P extends keyof paths> = paths[P] extends {
  post: { responses: { 200: { content: { "text/event-stream": infer E } } } };
}
  ? E
  : never;

export type ChatEvent = Streamed<"/api/chat">;
export type UploadEvent = Streamed<"/api/documents/upload">;
export type PullEvent = Streamed<"/api/models/pull">;
export type BackupEvent = Streamed<"/api/backup">;
export type RestoreEvent = Streamed<"/api/restore">;
export type EvaluationEvent = Streamed<"/api/evaluate">;
export type ImportEvent = Streamed<"/api/conversations/import">;
export type CheckEvent = Streamed<"/api/messages/{identity}/check">;
export type AskEvent = Streamed<"/api/tables/{identity}/follow">;

export function streamAnswer(body: ChatBody, signal: AbortSignal): AsyncGenerator<ChatEvent> {
  return post("/api/chat", json(body), signal, FRAME_MS);
}

export function streamUpload(files: readonly File[]): AsyncGenerator<UploadEvent> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return post("/api/documents/upload", { body: form });
}

/** Opens the native dialog of the desktop, then streams as an upload does. Cancelled: no file at all. */
export function streamPick(body: PickBody): AsyncGenerator<UploadEvent> {
  return post("/api/documents/pick", json(body));
}

/** One file: another program's export of its conversations, or ours. Leaving it keeps what came so far. */
export function streamImport(file: File, signal: AbortSignal): AsyncGenerator<ImportEvent> {
  const form = new FormData();
  form.append("file", file, file.name);
  return post("/api/conversations/import", { body: form }, signal);
}

/** Asks each document of a collection. Leaving the stream does not stop it. */
export function streamAsk(collection: string, body: AskBody): AsyncGenerator<AskEvent> {
  return post(`/api/collections/${encodeURIComponent(collection)}/ask`, json(body));
}

/** A table as it is, then its rows as they change. */
export function streamTable(id: string, signal: AbortSignal): AsyncGenerator<AskEvent> {
  return post(`/api/tables/${encodeURIComponent(id)}/follow`, {}, signal);
}

/** Measures the search on the user's own documents, or with a labelled file; leaving the stream ends that. */
export function streamEvaluation(file: File | null, signal: AbortSignal): AsyncGenerator<EvaluationEvent> {
  if (!file) return post("/api/evaluate", json({}), signal);
  const form = new FormData();
  form.append("file", file, file.name);
  return post("/api/evaluate/file", { body: form }, signal);
}

/** Asks a capable model about the sentences of an answer that are open. Leaving the stream stops it. */
export function streamCheck(message: string, signal: AbortSignal): AsyncGenerator<CheckEvent> {
  return post(`/api/messages/${encodeURIComponent(message)}/check`, {}, signal);
}

export function streamPull(body: PullBody): AsyncGenerator<PullEvent> {
  return post("/api/models/pull", json(body));
}

/** Writes everything into one file; leaving the stream ends that. */
export function streamBackup(body: BackupBody, signal: AbortSignal): AsyncGenerator<BackupEvent> {
  return post("/api/backup", json(body), signal);
}

/** Checks a backup and unpacks it for the next start. */
export function streamRestore(body: RestoreBody, signal: AbortSignal): AsyncGenerator<RestoreEvent> {
  return post("/api/restore", json(body), signal);
}

function json(body: unknown): RequestInit {
  return { body: asJson(body), headers: { "Content-Type": "application/json" } };
}

/** Words are shown once a frame, so they are read once a frame. */
const FRAME_MS = 16;

async function* post<E>(path: string, init: RequestInit, signal?: AbortSignal, pause = 0): AsyncGenerator<E> {
  try {
    const response = await fetch(path, { method: "POST", credentials: "same-origin", ...init, signal: signal ?? null });
    if (!response.ok) throw toApiError(await response.json().catch(() => null), response.status);
    if (response.status !== 204 && response.body) yield* readEvents<E>(response.body, pause);
  } catch (error) {
    throw asApiError(error);
  }
}
