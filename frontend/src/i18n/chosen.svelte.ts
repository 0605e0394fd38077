// The language that is shown. A language is a catalogue with the keys of the English one, loaded when it is chosen.
import { en } from "./en";
import type { ServerWords } from "./server/words";

export type Catalogue = typeof en;
export type Language = "en" | "de" | "fr" | "es" | "zh";
type Key = keyof Catalogue;
type Arguments<K extends Key> = Catalogue[K] extends (...args: infer A) => string ? A : [];

/** By their own names, for who cannot read the one that is shown. */
export const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch", fr: "Français", es: "Español", zh: "中文" };

const CATALOGUES: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(en),
  de: () => import("./de").then(({ de }) => de),
  fr: () => import("./fr").then(({ fr }) => fr),
  es: () => import("./es").then(({ es }) => es),
  zh: () => import("./zh").then(({ zh }) => zh),
};

/** What the server says is in English. */
const SERVER: Record<Language, () => Promise<ServerWords | null>> = {
  en: () => Promise.resolve(null),
  de: () => import("./server/de").then(({ words }) => words),
  fr: () => import("./server/fr").then(({ words }) => words),
  es: () => import("./server/es").then(({ words }) => words),
  zh: () => import("./server/zh").then(({ words }) => words),
};

let catalogue = $state.raw<Catalogue>(en);
let server = $state.raw<ServerWords | null>(null);
let asked = 0;

/** Shows a language; "system" is the first of the browser's that there is. A catalogue that cannot be loaded changes nothing. */
export async function useLanguage(wanted: Language | "system"): Promise<void> {
  const mine = ++asked;
  const language = wanted === "system" ? ofSystem(navigator.languages) : wanted;
  const [found, said] = await Promise.all([CATALOGUES[language](), SERVER[language]()]).catch(() => [null, null]);
  if (!found || mine !== asked) return;
  catalogue = found;
  server = said;
  document.documentElement.lang = found.locale;
}

/** Of languages as browsers name them ("de-AT"), the first that there is. */
export function ofSystem(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const [language = ""] = tag.toLowerCase().split("-");
    if (Object.hasOwn(LANGUAGES, language)) return language as Language;
  }
  return "en";
}

/** The words for `key`, with its numbers and names put in. */
export function t<K extends Key>(key: K, ...args: Arguments<K>): string {
  const words = catalogue[key] as string | ((...args: unknown[]) => string);
  return typeof words === "string" ? words : words(...args.map(isolated));
}

/** Signs that turn the direction of what follows them; those of a name must end with the name. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/u;

function isolated(value: unknown): unknown {
  if (typeof value !== "string" || !TURNING.test(value)) return value;
  // An end of an isolate in the name itself would end ours.
  return `\u2068${value.replaceAll("\u2069", "")}\u2069`;
}

/** For what the server says; null while that is shown as it stands, in English. */
export function serverWords(): ServerWords | null {
  return server;
}

export function locale(): string {
  return catalogue.locale;
}
