// Words of the interface. A language is a catalogue with the keys of the English one.
import { en } from "./en";

export type Catalogue = typeof en;
type Key = keyof Catalogue;
type Arguments<K extends Key> = Catalogue[K] extends (...args: infer A) => string ? A : [];

let catalogue: Catalogue = en;

export function useCatalogue(chosen: Catalogue): void {
  catalogue = chosen;
}

/** The words for `key`, with its numbers and names put in. */
export function t<K extends Key>(key: K, ...args: Arguments<K>): string {
  const words = catalogue[key] as string | ((...args: unknown[]) => string);
  return typeof words === "string" ? words : words(...args);
}

export function locale(): string {
  return catalogue.locale;
}
