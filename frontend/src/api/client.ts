// Calls of the API that answer with JSON: typed by the OpenAPI document, failures thrown as `ApiError`.
import createClient from "openapi-fetch";
import { said, type Said } from "../i18n/said";
import type { ErrorResponse, paths } from "./types";

/** A failure that the server named (`code`, and `message` for people), or one of the way to it ("Unreachable"). */
export class ApiError extends Error {
  readonly code: string;
  readonly #said: Said;

  constructor(code: string, message: string, details: ErrorResponse["details"] = null) {
    // Without a message of its own: it is said in the language that is shown when it is shown.
    super();
    this.code = code;
    this.#said = { error: code, message, details };
  }

  override get message(): string {
    return said(this.#said);
  }
}

/** An error as it comes in a stream. */
export function failureOf({ error, message, details }: ErrorResponse): ApiError {
  return new ApiError(error, message, details ?? null);
}

/** Half of a surrogate pair, which only a page can hold, becomes a sign that a text may have. */
export function asJson(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) => (typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value));
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: "same-origin",
  bodySerializer: asJson,
  fetch: (request: Request) =>
    globalThis.fetch(request).catch((error: unknown) => {
      throw asApiError(error);
    }),
  // Model names carry `/` and `:`, and their addresses take them as they are.
  pathSerializer: (path, params) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(params[name])).replaceAll("%2F", "/").replaceAll("%3A", ":"),
    ),
});

/** The data of a call, or its failure thrown. */
export async function data<T>(call: Promise<{ data?: T; error?: ErrorResponse | undefined; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (data !== undefined && response.ok) return data;
  throw toApiError(error, response.status);
}

export function toApiError(body: unknown, status: number): ApiError {
  const { error, message, details } = (typeof body === "object" && body !== null ? body : {}) as Partial<ErrorResponse>;
  return new ApiError(error ?? `HTTP ${status}`, message ?? `The server answered with ${status} and no reason.`, details ?? null);
}

let unreachable = (): void => undefined;

/** `told` runs each time a call does not reach the server. */
export function onUnreachable(told: () => void): void {
  unreachable = told;
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof DOMException && error.name === "AbortError") return new ApiError("Aborted", "It was stopped.");
  unreachable();
  return new ApiError("Unreachable", "LocalChat's server does not answer. Start LocalChat again; what was kept is still there.");
}
