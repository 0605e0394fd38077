// The three streams: an answer, an import, a pull. Each is a POST that answers with server-sent events.
import { asApiError, toApiError } from "./client";
import { readEvents } from "./sse";
import type { ChatBody, PickBody, PullBody, paths } from "./types";

type Streamed<P extends keyof paths> = paths[P] extends {
  post: { responses: { 200: { content: { "text/event-stream": infer E } } } };
}
  ? E
  : never;

export type ChatEvent = Streamed<"/api/chat">;
export type UploadEvent = Streamed<"/api/documents/upload">;
export type PullEvent = Streamed<"/api/models/pull">;

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

export function streamPull(body: PullBody): AsyncGenerator<PullEvent> {
  return post("/api/models/pull", json(body));
}

function json(body: unknown): RequestInit {
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
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
