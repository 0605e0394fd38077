// Catalogues are complete, nothing in them is left over, and no text stands in a component.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { describe, expect, it } from "vitest";
import { de } from "../src/i18n/de";
import { en } from "../src/i18n/en";
import { es } from "../src/i18n/es";
import { fr } from "../src/i18n/fr";
import { ofSystem, type Catalogue } from "../src/i18n/chosen.svelte";
import { zh } from "../src/i18n/zh";

const SRC = join(import.meta.dirname, "..", "src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|svelte)$/.test(name));
const source = (name: string): string => readFileSync(join(SRC, name), "utf8");

describe.each(Object.entries({ de, fr, es, zh }) as [string, Catalogue][])("the catalogue of %s", (_name, catalogue) => {
  it("has every key, of the same kind, and no key of its own", () => {
    const shape = (one: Catalogue): [string, string][] =>
      Object.entries(one)
        .map(([key, words]): [string, string] => [key, typeof words])
        .sort();
    expect(shape(catalogue)).toEqual(shape(en));
  });

  it("says something for every key", () => {
    for (const [key, words] of Object.entries(catalogue) as [string, string | ((...args: unknown[]) => string)][]) {
      const numbers = Array.from({ length: 4 }, () => 2);
      expect(typeof words === "string" ? words : words(...numbers), key).toMatch(/\S/);
    }
  });

  it("is another language", () => {
    const same = Object.entries(catalogue).filter(([key, words]) => typeof words === "string" && /\s/.test(words) && words === en[key as keyof Catalogue]);
    expect(same).toEqual([]);
  });
});

it("has no words that nobody says", () => {
  const everything = files.filter((name) => !name.startsWith("i18n/")).map(source).join("\n") + source("i18n/format.ts") + source("i18n/said.ts");
  const prefixes = [...everything.matchAll(/`(\w+_)\$\{/g)].map(([, prefix = ""]) => prefix);
  const unused = Object.keys(en).filter(
    (key) => key !== "locale" && !everything.includes(`"${key}"`) && !prefixes.some((prefix) => key.startsWith(prefix)),
  );
  expect(unused).toEqual([]);
});

it("finds the language of the system", () => {
  expect(ofSystem(["de-AT", "en"])).toBe("de");
  expect(ofSystem(["zh-Hans-CN"])).toBe("zh");
  expect(ofSystem(["xx", "fr"])).toBe("fr");
  expect(ofSystem([])).toBe("en");
  expect(ofSystem(["constructor"])).toBe("en");
});

/** Names, the same in every language. */
const NAMES = ["SHA-256", "qwen3:8b"];

/** Text and attributes that people read, in the markup of a component. */
function spoken(node: unknown, found: string[]): string[] {
  if (Array.isArray(node)) for (const one of node) spoken(one, found);
  if (typeof node !== "object" || node === null || Array.isArray(node)) return found;
  const { type, data, name, value } = node as { type?: string; data?: string; name?: string; value?: unknown };
  if (type === "Text" && /\p{L}{2,}/u.test(data ?? "") && !NAMES.includes(data!.trim())) found.push(data!.trim());
  if (type === "Attribute") {
    if (!["aria-label", "alt", "title", "placeholder"].includes(name ?? "")) return found;
    return spoken(value, found);
  }
  if (type === "StyleDirective" || (type === "RegularElement" && name === "kbd")) return found;
  for (const [key, child] of Object.entries(node)) if (key !== "metadata" && key !== "expression") spoken(child, found);
  return found;
}

it.each(files.filter((name) => name.endsWith(".svelte")))("%s has no text of its own", (name) => {
  expect(spoken(parse(source(name), { modern: true }).fragment, [])).toEqual([]);
});
