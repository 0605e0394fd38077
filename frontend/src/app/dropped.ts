// What was dropped: files, and those inside dropped folders.

export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // Entries must be asked for before the first wait: the transfer is empty after it.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const nested = await Promise.all(entries.map((entry) => (entry ? filesUnder(entry) : [])));
  return nested.flat();
}

async function filesUnder(entry: FileSystemEntry): Promise<File[]> {
  // Hidden files are the system's own.
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) {
    return new Promise((resolve) => (entry as FileSystemFileEntry).file((file) => resolve([file]), () => resolve([])));
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  for (;;) {
    // A reader gives a hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return files;
    files.push(...(await Promise.all(some.map(filesUnder))).flat());
  }
}
