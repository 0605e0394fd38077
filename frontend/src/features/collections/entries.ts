// What a document's menu offers of collections.
import type { Document } from "../../api/types";
import { t } from "../../i18n";
import type { Entry } from "../../ui/entry";
import type { Collections } from "./collections.svelte";

/** Puts the document into each collection, or takes it out; nothing while there is none. `changed` follows. */
export function collectionEntries(document: Document, collections: Collections, changed: () => void): Entry[] {
  const inside = new Set(document.collections);
  return collections.list.map(({ id, name }) => ({
    label: inside.has(id) ? t("takeOutOfCollection", name) : t("addToCollection", name),
    run: () => void collections.put(id, document.id, !inside.has(id)).then(changed),
  }));
}
