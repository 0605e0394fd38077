// Pictures on their way into a question: told by their bytes, made ready, and kept with the draft of a conversation.
import type { components } from "../../api/types";
import type { Attached } from "./readPicture";

export type Picture = components["schemas"]["Picture"];

/** The server takes so many with a question. */
export const MOST_PICTURES = 8;

const MARKS: readonly (readonly [number, string])[] = [
  [0, "\x89PNG\r\n\x1a\n"],
  [0, "\xff\xd8\xff"],
  [0, "GIF87a"],
  [0, "GIF89a"],
  [8, "WEBP"],
];

/** Whether models can read it: PNG, JPEG, GIF or WebP, whatever its name and the browser say. */
export async function isPicture(file: Blob): Promise<boolean> {
  const bytes = await file.slice(0, 12).arrayBuffer().catch(() => new ArrayBuffer(0));
  const head = String.fromCharCode(...new Uint8Array(bytes));
  return MARKS.some(([at, mark]) => head.startsWith(mark, at));
}

/** Pictures, and all other files. */
export async function parted(files: readonly File[]): Promise<{ pictures: File[]; others: File[] }> {
  const are = await Promise.all(files.map(isPicture));
  return { pictures: files.filter((_, index) => are[index]), others: files.filter((_, index) => !are[index]) };
}

export function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(blob);
  });
}

const SESSION = "pictures";

/** By conversation; "" is the one that has not begun. A page that is loaded again finds them again. */
export class PictureDrafts {
  #of = $state.raw<Readonly<Record<string, readonly Attached[]>>>({});

  constructor() {
    const session = sessionStorage.getItem(SESSION);
    if (session) void import("./pictureStore").then(({ restore }) => restore(session)).then((found) => (this.#of = { ...found, ...this.#of }), () => undefined);
  }

  of(id: string | null): readonly Attached[] {
    return this.#of[id ?? ""] ?? [];
  }

  keep(id: string | null, pictures: readonly Attached[]): void {
    this.#of = { ...this.#of, [id ?? ""]: pictures };
    const session = sessionStorage.getItem(SESSION) ?? crypto.randomUUID();
    sessionStorage.setItem(SESSION, session);
    // Where the browser keeps nothing, they last as long as the page.
    void import("./pictureStore").then(({ store }) => store(session, id ?? "", pictures)).catch(() => undefined);
  }
}
