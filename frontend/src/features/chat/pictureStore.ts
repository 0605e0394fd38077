// Pictures of drafts in the browser's own database: the session storage, where the words are, has no room for them.
import type { Attached } from "./readPicture";

type Kept = Omit<Attached, "url">;

interface Row {
  session: string;
  conversation: string;
  at: number;
  pictures: Kept[];
}

const STORE = "drafts";
/** Nobody says when a session has ended. */
const FORGOTTEN_AFTER_MS = 2 * 24 * 3600 * 1000;

export async function store(session: string, conversation: string, pictures: readonly Attached[]): Promise<void> {
  const row: Row = { session, conversation, at: Date.now(), pictures: pictures.map(({ url: _, ...kept }) => kept) };
  const rows = (await open()).transaction(STORE, "readwrite").objectStore(STORE);
  await (pictures.length ? done(rows.put(row)) : done(rows.delete([session, conversation])));
}

/** What was kept in this session; what was kept in sessions long ago is thrown away. */
export async function restore(session: string): Promise<Record<string, Attached[]>> {
  const rows = (await open()).transaction(STORE, "readwrite").objectStore(STORE);
  const found: Record<string, Attached[]> = {};
  for (const row of await done<Row[]>(rows.getAll())) {
    if (row.session === session) found[row.conversation] = row.pictures.map((kept) => ({ ...kept, url: URL.createObjectURL(kept.blob) }));
    else if (Date.now() - row.at > FORGOTTEN_AFTER_MS) rows.delete([row.session, row.conversation]);
  }
  return found;
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("localchat-pictures", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["session", "conversation"] });
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser keeps nothing"));
  });
}
