// What was dropped: files, and those inside dropped folders, as people expect them (backend/services/folder_scan.py).

/** A file, and where it lies below what was dropped: "Methods/2025/handbook.pdf". */
export interface DroppedFile {
  file: File;
  path: string;
}

export interface Dropped {
  files: DroppedFile[];
  /** Names of the folders that were dropped themselves. */
  folders: string[];
  /** Paths that were left out: hidden ones, those of tools and systems, what cannot be opened. */
  skipped: string[];
}

/** What programs and systems put beside people's files. */
const TOOLS = new Set(["node_modules", "__pycache__", "$RECYCLE.BIN", "System Volume Information", "Thumbs.db"]);
/** How the name of Office's lock files begins. */
const LOCK = "~$";

/** Hidden, or of a tool. */
export function isLeftOut(name: string): boolean {
  return name.startsWith(".") || name.startsWith(LOCK) || TOOLS.has(name);
}

/** The files of a folder that the browser's dialog gave: their paths begin with its name. */
export function withoutLeftOut(files: readonly File[]): Dropped {
  const dropped: Dropped = { files: [], folders: [], skipped: [] };
  for (const file of files) {
    const path = file.webkitRelativePath || file.name;
    if (path.split("/").slice(file.webkitRelativePath ? 1 : 0).some(isLeftOut)) dropped.skipped.push(path);
    else dropped.files.push({ file, path });
  }
  return dropped;
}

/** What a transfer holds. It must be asked for before the first wait: the transfer is empty after it. */
export interface Held {
  entries: readonly (FileSystemEntry | null)[];
  files: readonly File[];
}

export function heldBy(transfer: DataTransfer): Held {
  return { entries: [...transfer.items].map((item) => item.webkitGetAsEntry()), files: [...transfer.files] };
}

export function hasFolders({ entries }: Held): boolean {
  return entries.some((entry) => entry?.isDirectory);
}

/** The files that were dropped beside folders. */
export function besideFolders({ entries, files }: Held): Held {
  const plain = new Set(entries.flatMap((entry) => (entry?.isFile ? [entry.name] : [])));
  return { entries: entries.filter((entry) => entry?.isFile), files: files.filter(({ name }) => plain.has(name)) };
}

export async function filesOf(held: Held): Promise<Dropped> {
  const { entries, files: plain } = held;
  const dropped: Dropped = { files: [], folders: [], skipped: [] };
  if (!hasFolders(held)) {
    // Chosen one by one, a hidden file is wanted too.
    dropped.files = plain.map((file) => ({ file, path: file.name }));
    return dropped;
  }
  for (const entry of entries) {
    if (!entry) continue;
    if (entry.isDirectory) dropped.folders.push(entry.name);
    await walk(entry, entry.name, dropped);
  }
  return dropped;
}

/** The files, of which those that are called alike in several folders carry these in their names. */
export function toldApart(files: readonly DroppedFile[]): File[] {
  const alike = new Map<string, number>();
  for (const { file } of files) alike.set(file.name.toLowerCase(), (alike.get(file.name.toLowerCase()) ?? 0) + 1);
  return files.map(({ file, path }) => {
    const folders = path.split("/").slice(0, -1).join(" › ");
    if (!folders || alike.get(file.name.toLowerCase()) === 1) return file;
    const [stem, suffix] = /^(.+)(\.[^.]+)$/.exec(file.name)?.slice(1) ?? [file.name, ""];
    return new File([file], `${stem} (${folders})${suffix}`, { type: file.type, lastModified: file.lastModified });
  });
}

/** Folder by folder: thousands of files are not all asked for at once. */
async function walk(entry: FileSystemEntry, path: string, into: Dropped): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File | null>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(null)));
    if (file) into.files.push({ file, path });
    else into.skipped.push(path);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives a hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[] | null>((resolve) => reader.readEntries(resolve, () => resolve(null)));
    if (!some) into.skipped.push(path);
    if (!some?.length) break;
    inside.push(...some);
  }
  for (const one of inside.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = `${path}/${one.name}`;
    if (isLeftOut(one.name)) into.skipped.push(below);
    else await walk(one, below, into);
  }
}
