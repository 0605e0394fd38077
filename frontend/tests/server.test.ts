// What the server says has words in every language: each error's code, each reason, each finding of the doctor.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ApiError } from "../src/api/client";
import type { Check } from "../src/api/types";
import { useLanguage } from "../src/i18n";
import { finding, pullWords, said } from "../src/i18n/said";
import { words as de } from "../src/i18n/server/de";
import { words as es } from "../src/i18n/server/es";
import { words as fr } from "../src/i18n/server/fr";
import { words as zh } from "../src/i18n/server/zh";
import type { Sentence, ServerWords } from "../src/i18n/server/words";

interface Sentences {
  codes: string[];
  reasons: Record<string, string[]>;
  checks: Record<string, string[]>;
}

const api = JSON.parse(readFileSync(join(import.meta.dirname, "..", "openapi.json"), "utf8")) as { "x-sentences": Sentences };
const known = api["x-sentences"];

/** The values that a sentence puts in. */
function values(sentence: Sentence): string[] {
  if (typeof sentence === "string") return [];
  const asked: string[] = [];
  const words = sentence(new Proxy({}, { get: (_, name) => (asked.push(String(name)), 7) }));
  expect(words).toMatch(/7/);
  return asked;
}

function hold(sentences: Record<string, Sentence>, given: (key: string) => readonly string[]): void {
  for (const [key, sentence] of Object.entries(sentences)) {
    expect(given(key), key).toEqual(expect.arrayContaining(values(sentence)));
    const said = typeof sentence === "string" ? sentence : sentence(Object.fromEntries(given(key).map((name) => [name, 7])));
    expect(said, key).toMatch(/\S/);
    expect(said, key).not.toContain("undefined");
  }
}

describe.each(Object.entries({ de, fr, es, zh }) as [string, ServerWords][])("the server in %s", (_name, words) => {
  it("has words for every code, and for none that there is not", () => {
    expect(Object.keys(words.codes).sort()).toEqual([...known.codes].sort());
    hold(words.codes, () => ["message"]);
  });

  it("has words for every reason, with values that it is given", () => {
    expect(Object.keys(words.reasons).sort()).toEqual(Object.keys(known.reasons).sort());
    hold(words.reasons, (reason) => known.reasons[reason]!);
  });

  it("has words for every finding of the doctor, and a way out of each that is bad", () => {
    expect(Object.keys(words.found).sort()).toEqual(Object.keys(known.checks).sort());
    hold(words.found, (code) => known.checks[code]!);
    hold(words.mend as Record<string, Sentence>, (code) => known.checks[code]!);
    expect(Object.keys(words.mend).sort()).toEqual(Object.keys(known.checks).filter((code) => !code.endsWith("_ok")).sort());
  });
});

describe("an error", () => {
  afterEach(() => useLanguage("en"));
  const gone = new ApiError("ModelNotFound", "qwen3:8b is not installed any more.", { reason: "model_gone", values: { model: "qwen3:8b" } });

  it("is said as the server says it in English", () => {
    expect(gone.message).toBe("qwen3:8b is not installed any more.");
  });

  it("is said in the language that is shown, when it is shown", async () => {
    await useLanguage("de");
    expect(gone.message).toBe("qwen3:8b ist nicht mehr installiert. Es erneut laden oder ein anderes Modell wählen.");
    await useLanguage("fr");
    expect(gone.message).toContain("n’est plus installé");
  });

  it("is said by its code where the reason is not known, and in its own words where that is not either", async () => {
    await useLanguage("de");
    const newer = { reason: "of a newer server", values: {} } as never;
    expect(said({ error: "DiskFull", message: "Full.", details: newer })).toMatch(/^Der Datenträger ist voll/);
    expect(said({ error: "InvalidRequest", message: "limit: too large." })).toBe("Das hat LocalChat abgelehnt: limit: too large.");
    expect(said({ error: "constructor", message: "As it came." })).toBe("As it came.");
  });

  it("writes numbers as the language does", async () => {
    const long = { reason: "message_over_window", values: { tokens: 12_345, window: 8192 } } as const;
    await useLanguage("de");
    expect(said({ error: "ContextOverflow", message: "", details: long })).toContain("12.345 Token");
    await useLanguage("fr");
    expect(said({ error: "DiskFull", message: "", details: { reason: "backup_no_room", values: { size: 6_140_000, path: "/x" } } })).toContain("6,1\u00a0Mo");
  });

  it("of the way to the server has words of the page", async () => {
    await useLanguage("es");
    expect(new ApiError("Unreachable", "").message).toMatch(/^El servidor de LocalChat no responde/);
  });
});

describe("the doctor", () => {
  afterEach(() => useLanguage("en"));
  const check: Check = { id: "disk", code: "disk_low", values: { free: 512_000_000 }, name: "Disk", state: "warning", message: "Only 488 MB are free.", mend: "Free some space.", cause: null };

  it("speaks the language that is shown", async () => {
    expect(finding(check)).toEqual({ part: "Disk", found: "Only 488 MB are free.", mend: "Free some space." });
    await useLanguage("de");
    expect(finding(check)).toEqual({ part: "Datenträger", found: "Nur 512\u00a0MB sind frei.", mend: "Platz schaffen." });
    expect(finding({ ...check, cause: { error: "DiskFull", message: "Full." } }).found).toMatch(/^Der Datenträger ist voll/);
    expect([pullWords("pulling manifest"), pullWords("something new")]).toEqual(["Verzeichnis wird geholt", "something new"]);
  });
});
