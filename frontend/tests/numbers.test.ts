// Numbers, sizes and names as each language writes them, and none of them written past that.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import ts from "typescript";
import { afterEach, describe, expect, it } from "vitest";
import { useLanguage } from "../src/i18n";
import { de } from "../src/i18n/de";
import { en } from "../src/i18n/en";
import { es } from "../src/i18n/es";
import { fr } from "../src/i18n/fr";
import { byName, bytes, count, decimal, parseDecimal, seconds } from "../src/i18n/format";
import { zh } from "../src/i18n/zh";

const SRC = join(import.meta.dirname, "..", "src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|svelte)$/.test(name) && name !== "api/types.ts");
const source = (name: string): string => readFileSync(join(SRC, name), "utf8");

afterEach(() => useLanguage("en"));

describe.each([
  ["de", "6,1\u00a0MB", "0,3", "12.345", "3,1\u00a0s"],
  ["fr", "6,1\u00a0Mo", "0,3", "12\u202f345", "3,1\u00a0s"],
  ["es", "6,1\u00a0MB", "0,3", "12.345", "3,1\u00a0s"],
  ["zh", "6.1\u00a0MB", "0.3", "12,345", "3.1 秒"],
] as const)("in %s", (language, size, temperature, figure, time) => {
  it("figures and units are those of the language", async () => {
    await useLanguage(language);
    expect([bytes(6_140_000), decimal(0.3), count(12_345), seconds(3.14)]).toEqual([size, temperature, figure, time]);
    expect(bytes(820)).toBe(language === "fr" ? "820\u00a0o" : "820\u00a0B");
  });

  it("a number can be typed with a point or a comma", async () => {
    await useLanguage(language);
    expect(["0.7", "0,7", " 1 ", ".5", "2."].map(parseDecimal)).toEqual([0.7, 0.7, 1, 0.5, 2]);
    expect(["", "warm", "0.7.1", "1e3", "Infinity", "0x1"].map(parseDecimal)).toEqual(Array(6).fill(Number.NaN));
    expect(parseDecimal(decimal(0.35))).toBe(0.35);
  });
});

it("names stand in the order of the language", async () => {
  await useLanguage("de");
  expect(["Zebra.pdf", "äpfel.pdf", "10.pdf", "2.pdf", "Birne.pdf"].sort(byName)).toEqual(["2.pdf", "10.pdf", "äpfel.pdf", "Birne.pdf", "Zebra.pdf"]);
});

/** Labels and short times: a page 1204 is not an amount, and a thought does not take a thousand seconds. */
const LABELS = ["seconds", "minutes", "hours", "page", "pageShort", "source", "rank", "rankOf", "scoreAndRank", "thinking", "thoughtFor"];

/** By entry of the English catalogue: which of its arguments are numbers, as its types say. */
function numbers(): Map<string, boolean[]> {
  const found = new Map<string, boolean[]>();
  const walk = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && ts.isArrowFunction(node.initializer)) {
      found.set(node.name.text, node.initializer.parameters.map(({ type }) => type?.kind === ts.SyntaxKind.NumberKeyword));
    }
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile("en.ts", source("i18n/en.ts"), ts.ScriptTarget.Latest, true));
  return found;
}

it.each(Object.entries({ en, de, fr, es, zh }))("the catalogue of %s writes no number as a program does", async (_name, catalogue) => {
  const raw = [...numbers()].filter(([key, isNumber]) => {
    if (LABELS.includes(key) || !isNumber.includes(true)) return false;
    const words = catalogue[key as keyof typeof en] as (...args: unknown[]) => string;
    return words(...isNumber.map((number) => (number ? 123_456 : "x"))).includes("123456");
  });
  expect(raw.map(([key]) => key)).toEqual([]);
});

it.each(files.filter((name) => name !== "i18n/format.ts"))("%s leaves numbers, days and order to the language", (name) => {
  const text = source(name);
  expect(text.match(/\.toFixed\(|\.toPrecision\(|\.toLocale(Date|Time)?String\(|\.localeCompare\(|new Intl\./g) ?? []).toEqual([]);
});

/** Members that are numbers wherever they are called so. */
const AMOUNTS = ["length", "size", "total", "count", "passages", "pages", "documents", "conversations", "tokens", "done", "score"];

/** What the markup shows of an amount without a word for it. */
function shown(node: unknown, found: string[]): string[] {
  if (Array.isArray(node)) for (const one of node) shown(one, found);
  if (typeof node !== "object" || node === null || Array.isArray(node)) return found;
  const { type, expression } = node as { type?: string; expression?: { type: string; property?: { name?: string } } };
  if (type === "ExpressionTag" && expression?.type === "MemberExpression" && AMOUNTS.includes(expression.property?.name ?? "")) {
    found.push(expression.property!.name!);
  }
  // Attributes of elements are values for the browser.
  for (const [key, child] of Object.entries(node)) if (!["metadata", "attributes", "expression"].includes(key)) shown(child, found);
  return found;
}

it.each(files.filter((name) => name.endsWith(".svelte")))("%s shows no amount as a program writes it", (name) => {
  expect(shown(parse(source(name), { modern: true }).fragment, [])).toEqual([]);
});
