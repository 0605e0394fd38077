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

export async function filesOf(transfer: DataTransfer): Promise<Dropped> {
  // Entries must be asked for before the first wait: the transfer is empty after it.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  const dropped: Dropped = { files: [], folders: [], skipped: [] };
  if (!entries.some((entry) => entry?.isDirectory)) {
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
