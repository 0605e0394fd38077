// What stands where in the list: files that arrive, folders with their documents below them, and the other documents.
import type { DocumentGroup, Folder } from "../../api/types";
import type { Arriving } from "./library.svelte";

/** Rows of one kind one below the other. */
export type Part =
  | { kind: "arriving"; from: number; count: number; files: readonly Arriving[] }
  | { kind: "folder"; from: number; count: 1; folder: Folder; open: boolean }
  /** `offset`: of the first in the server's list. `child`: of a folder. */
  | { kind: "documents"; from: number; count: number; offset: number; child: boolean };

interface Listed {
  total: number;
  groups: readonly DocumentGroup[];
  /** Not filtered: documents stand under their folders. */
  whole: boolean;
}

export function partsOf(listed: Listed, arriving: readonly Arriving[], folders: readonly Folder[], isOpen: (id: string) => boolean): Part[] {
  const parts: Part[] = [];
  let from = 0;
  const add = (part: Part): void => {
    if (part.count) parts.push(part);
    from += part.count;
  };
  if (!listed.whole) {
    add({ kind: "documents", from, count: listed.total, offset: 0, child: false });
    return parts;
  }
  const places = new Map<string | null, { offset: number; total: number }>();
  let offset = 0;
  for (const { folder_id, total } of listed.groups) {
    places.set(folder_id, { offset, total });
    offset += total;
  }
  add({ kind: "arriving", from, count: arriving.length, files: arriving });
  for (const folder of folders) {
    const open = isOpen(folder.id);
    add({ kind: "folder", from, count: 1, folder, open });
    const place = places.get(folder.id);
    places.delete(folder.id);
    if (open && place) add({ kind: "documents", from, count: place.total, offset: place.offset, child: true });
  }
  // Of a folder that is not listed yet, too: no document is out of sight.
  for (const { offset, total } of places.values()) add({ kind: "documents", from, count: total, offset, child: false });
  return parts;
}

export function partAt(parts: readonly Part[], index: number): Part | undefined {
  return parts.find(({ from, count }) => index >= from && index < from + count);
}

/** The offset in the server's list of row `index`; null where no document stands. */
export function offsetAt(parts: readonly Part[], index: number): number | null {
  const part = partAt(parts, index);
  return part?.kind === "documents" ? part.offset + index - part.from : null;
}
