// A table of answers: its order, its conditions, and how it is filled from the stream.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AskCell, AskRow, AskTable } from "../src/api/types";
import { parseRoute } from "../src/app/route.svelte";
import { arranged, needsValue, testsOf, type Condition } from "../src/features/asking/order";
import { AnswerTable } from "../src/features/asking/table.svelte";
import { valueInWords, whyMarked } from "../src/features/asking/words";
import { useLanguage } from "../src/i18n";

const cell = (value: string | null, sort: string | number | null = value, verdict: AskCell["verdict"] = value === null ? "missing" : "found"): AskCell => ({
  value,
  verdict,
  sort,
  support: null,
  reason: null,
});
const row = (name: string, ...cells: AskCell[]): AskRow => ({
  document_id: name,
  filename: `${name}.pdf`,
  state: cells.length ? (cells.some(({ value }) => value !== null) ? "covered" : "empty") : "waiting",
  cells,
  sources: [],
  error: null,
});
const ROWS = [
  row("b10", cell("31 March 2027", "2027-03-31"), cell("€ 1,450.00", 1450), cell("yes")),
  row("b2", cell("June 2027", "2027-06"), cell("€ 980", 980), cell("no")),
  row("a", cell("no fixed end", null), cell(null), cell("no", "no", "marked")),
  row("c"),
  row("d", cell(null), cell(null), cell(null)),
  row("e", cell("2025-12-31", "2025-12-31"), cell("€ 85.00", 85), cell("yes")),
];
const names = (rows: readonly AskRow[]): string => rows.map(({ document_id }) => document_id).join(" ");
const where = (condition: Condition): string => names(arranged(ROWS, null, condition));

describe("the order of the rows", () => {
  it("is that of the documents until a column is chosen", () => expect(names(arranged(ROWS, null, null))).toBe("b10 b2 a c d e"));
  it("takes dates and numbers by value, and what has none comes last both ways", () => {
    expect(names(arranged(ROWS, { column: 0, down: false }, null))).toBe("e b10 b2 a c d");
    expect(names(arranged(ROWS, { column: 1, down: false }, null))).toBe("e b2 b10 a c d");
    expect(names(arranged(ROWS, { column: 1, down: true }, null))).toBe("b10 b2 e a c d");
  });
  it("takes names as people read them", () => expect(names(arranged(ROWS, { column: -1, down: false }, null))).toBe("a b2 b10 c d e"));
});

describe("a condition", () => {
  it("compares dates by value: before June", () => {
    expect(where({ column: 0, test: "before", value: "2027-06-01" })).toBe("b10 e");
    expect(where({ column: 0, test: "before", value: "2027-07-01" })).toBe("b10 b2 e");
    expect(where({ column: 0, test: "after", value: "2027-06-01" })).toBe("");
    expect(where({ column: 0, test: "before", value: "2027-04-01" })).toBe("b10 e");
    expect(where({ column: 0, test: "after", value: "2027-01-01" })).toBe("b10 b2");
  });
  it("compares numbers by value", () => {
    expect(where({ column: 1, test: "less", value: "1000" })).toBe("b2 e");
    expect(where({ column: 1, test: "more", value: "979.5" })).toBe("b10 b2");
  });
  it("knows yes, no, words, none, and what is marked", () => {
    expect(where({ column: 2, test: "yes", value: "" })).toBe("b10 e");
    expect(where({ column: 2, test: "no", value: "" })).toBe("b2 a");
    expect(where({ column: 0, test: "contains", value: " MARCH" })).toBe("b10");
    expect(where({ column: 1, test: "missing", value: "" })).toBe("a d");
    expect(where({ column: 2, test: "marked", value: "" })).toBe("a");
    expect(where({ column: 0, test: "value", value: "" })).toBe("b10 b2 a e");
  });
  it("without its value shows what has one to compare", () => expect(where({ column: 1, test: "less", value: "" })).toBe("b10 b2 e"));
  it("fits the kind of its column", () => {
    expect(testsOf("date")[0]).toBe("before");
    expect(testsOf("text").filter((test) => test === "contains")).toHaveLength(1);
    expect([needsValue("before"), needsValue("missing")]).toEqual([true, false]);
  });
  it("stays quick with a thousand rows", () => {
    const many = Array.from({ length: 1000 }, (_, index) => row(`r${index}`, cell(String(index), (index * 7919) % 1000)));
    const sorted = arranged(many, { column: 0, down: false }, { column: 0, test: "less", value: "500" });
    expect(sorted.map(({ cells }) => cells[0]!.sort)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });
});

describe("a value in words", () => {
  afterEach(() => useLanguage("en"));
  it("is a day of the reader's language, yes or no, and else what the document says", async () => {
    expect(valueInWords(cell("2027-03-31", "2027-03-31"), "date")).toBe("31 Mar 2027");
    expect(valueInWords(cell("June 2027", "2027-06"), "date")).toBe("Jun 2027");
    expect(valueInWords(cell("no fixed end", null), "date")).toBe("no fixed end");
    expect(valueInWords(cell("€ 1,450.00", 1450), "number")).toBe("€ 1,450.00");
    await useLanguage("de");
    expect(valueInWords(cell("yes"), "yes-no")).toBe("ja");
    expect(whyMarked({ ...cell("5"), reason: { code: "number", params: { said: "5" }, message: "" } })).toBe("5 steht nicht im Dokument.");
    expect(whyMarked({ ...cell("x"), reason: { code: "name", params: { said: "Ann" }, message: "" } })).toContain("Ann");
  });
});

const TALLY = { total: 2, covered: 0, empty: 0, failed: 0, left: 2, seconds_left: null, asking: null };
const TABLE: AskTable = {
  id: "t", collection_id: "c", question: "When?", columns: [{ name: "Ends", kind: "date" }], model: "m", state: "running",
  created_at: "", tally: TALLY, error: null, rows: [row("a"), row("b")],
};

/** What the server sends, an event after the other. */
function streamed(...events: unknown[]): Response {
  return new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""), { status: 200, headers: { "Content-Type": "text/event-stream" } });
}

describe("a table that is filled", () => {
  const fetched = vi.fn<typeof fetch>();
  beforeEach(() => void vi.stubGlobal("fetch", fetched.mockReset()));
  afterEach(() => void vi.unstubAllGlobals());

  it("takes each row in its place, then its end", async () => {
    const filled = row("b", cell("2027-03-31"));
    const done = { done: true, covered: 1, failed: 0, empty: 0, left: 1, stopped: true, stopped_by: { error: "EngineUnavailable", message: "Gone." } };
    fetched.mockResolvedValue(streamed({ table: TABLE }, { rows: [filled], tally: { ...TALLY, covered: 1, left: 1, seconds_left: 4 } }, done));
    const table = new AnswerTable("t");
    await table.follow();
    expect(table.table?.rows.map(({ state }) => state)).toEqual(["waiting", "covered"]);
    expect(table.table).toMatchObject({ state: "stopped", error: { message: "Gone." }, tally: { covered: 1, left: 1, asking: null } });
    expect(table.failure).toBeNull();
  });

  it("says what the server refuses, and does not ask again", async () => {
    fetched.mockResolvedValue(new Response(JSON.stringify({ error: "NotFound", message: "There is no such table." }), { status: 404 }));
    const table = new AnswerTable("t");
    await table.follow();
    expect(table.failure?.message).toBe("There is no such table.");
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("is followed again when the connection broke", async () => {
    vi.useFakeTimers();
    fetched.mockRejectedValueOnce(new TypeError("gone")).mockResolvedValueOnce(streamed({ table: { ...TABLE, state: "done" } }));
    const table = new AnswerTable("t");
    const followed = table.follow();
    await vi.advanceTimersByTimeAsync(2500);
    await followed;
    vi.useRealTimers();
    expect(table.table?.state).toBe("done");
    expect(table.failure).toBeNull();
  });
});

it("has an address of its own", () => {
  expect(parseRoute("#/answers/abc")).toEqual({ page: "answers", id: "abc" });
  expect(parseRoute("#/collection/abc")).toEqual({ page: "collection", id: "abc" });
});
