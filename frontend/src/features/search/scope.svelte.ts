// Where a search looks: everywhere, or in some collections, watched folders and documents.
import { api, data } from "../../api/client";
import type { Folder, PresetDocument, SearchBody } from "../../api/types";

export type Scoped = Pick<SearchBody, "document_ids" | "collection_ids" | "folder_ids">;

export class Scope {
  collections = $state.raw<string[]>([]);
  folders = $state.raw<string[]>([]);
  documents = $state.raw<PresetDocument[]>([]);
  /** The watched folders that there are. */
  watched = $state.raw<Folder[]>([]);
  readonly everywhere = $derived(!this.collections.length && !this.folders.length && !this.documents.length);

  async load(): Promise<void> {
    const found = await data(api.GET("/api/folders")).catch(() => null);
    if (found) this.watched = found.folders;
  }

  pickCollection(id: string): void {
    this.collections = toggled(this.collections, id);
  }

  pickFolder(id: string): void {
    this.folders = toggled(this.folders, id);
  }

  clear(): void {
    this.collections = this.folders = this.documents = [];
  }

  /** As the server takes it. */
  get body(): Scoped {
    if (this.everywhere) return {};
    return {
      ...(this.documents.length && { document_ids: this.documents.map(({ id }) => id) }),
      ...(this.collections.length && { collection_ids: this.collections }),
      ...(this.folders.length && { folder_ids: this.folders }),
    };
  }
}

export function folderName({ path }: Folder): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

function toggled(all: readonly string[], one: string): string[] {
  return all.includes(one) ? all.filter((other) => other !== one) : [...all, one];
}
