// The documents page: what stands where, rows that are measured, blocks of a text, the one thing that helps, pages of the server.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isLeftOut, toldApart, withoutLeftOut } from "../src/app/dropped";
import { address, parseRoute } from "../src/app/route.svelte";
import type { Document, Folder } from "../src/api/types";
import { blocksOf } from "../src/features/documents/blocks";
import { hasScans, helpFor } from "../src/features/documents/deeds";
import { DocumentPages } from "../src/features/documents/pages.svelte";
import { offsetAt, partsOf } from "../src/features/documents/rows";
import { progressWords } from "../src/features/documents/words";
import { span } from "../src/ui/virtual";

const folder = (id: string): Folder => ({ id, path: `/home/ada/${id}`, state: "watching", files: 2, documents: 2, ready: 2, failed: 0, passages: 2, left_out: 0, closed: 0, error: null, added_at: "" });
const one = (number: number): Document => ({ id: `d${number}`, filename: `${number}.txt`, status: "ready", error: null, passages: 1, pages: null, size: 1, added_at: "", collections: [], searchable: true, notices: [], folder_id: null, path: null, parent_id: null, progress: null });

describe("the rows of the list", () => {
  const groups = [{ folder_id: "b", total: 3 }, { folder_id: "gone", total: 1 }, { folder_id: null, total: 5 }];
  const listed = { total: 9, groups, whole: true };
  const offsets = (open: string[], whole = true): (number | null)[] => {
    const parts = partsOf({ ...listed, whole }, [], [folder("a"), folder("b")], (id) => open.includes(id));
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return Array.from({ length: count }, (_, index) => offsetAt(parts, index));
  };
  it("are the folders, with their documents when they are open, then those in none", () => {
    expect(offsets(["a", "b"])).toEqual([null, null, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(offsets([])).toEqual([null, null, 3, 4, 5, 6, 7, 8]);
  });
  it("are what matches, as the server has it, when a filter is set", () => expect(offsets(["b"], false)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]));
  it("begin with the files that arrive", () => {
    const files = [{ number: 1, name: "x", progress: null, result: null }];
    expect(partsOf(listed, files, [], () => false).map(({ kind, from, count }) => [kind, from, count])).toEqual([
      ["arriving", 0, 1],
      ["documents", 1, 3],
      ["documents", 4, 1],
      ["documents", 5, 5],
    ]);
  });
});

describe("rows in view", () => {
  const tops = [0, 36, 36, 100, 136];
  const seen = (top: number, bottom: number): [number, number] => span(4, (index) => tops[index]!, top, bottom);
  it("are those that touch it, and none of no height", () => {
    expect([seen(0, 36), seen(36, 101), seen(200, 300)]).toEqual([[0, 1], [2, 4], [4, 4]]);
  });
});

describe("a text as it was read", () => {
  it("has its headings, tables and code", () => {
    expect(blocksOf({ kind: "paragraph", heading: ["Guide", "Piers"] }, "Guide\n\nPiers\n\n", "North | 120 m\nSouth | 90 m\n\nWords.")).toEqual([
      { kind: "heading", text: "Guide", level: 0 },
      { kind: "heading", text: "Piers", level: 1 },
      { kind: "table", rows: [["North", "120 m"], ["South", "90 m"]] },
      { kind: "paragraph", text: "Words." },
    ]);
    expect(blocksOf({ kind: "code", heading: [] }, "\n\n", "a | b\n\n\nc | d")).toEqual([{ kind: "code", text: "a | b\n\n\nc | d" }]);
    expect(blocksOf({ kind: "table", heading: [] }, "", "one | two")).toEqual([{ kind: "table", rows: [["one", "two"]] }]);
    expect(blocksOf({ kind: "paragraph", heading: [] }, " ", "this | that")).toEqual([{ kind: "paragraph", text: "this | that" }]);
  });
});

describe("a document that failed", () => {
  const help = (code: string, reason?: string): string => helpFor({ error: { code, message: "", details: reason ? { reason, values: {} } : null } });
  it("has the one button that helps, by its reason where its code has several", () => {
    expect(["DamagedDocument", "DiskFull", "Cancelled", "ReadingTimeout"].map((code) => help(code))).toEqual(["remove", "settings", "readAgain", "tryAgain"]);
    expect(["password_needed", "password_wrong", "document_locked", "mail_locked", "book_locked"].map((reason) => help("EncryptedDocument", reason))).toEqual(
      ["password", "password", "remove", "remove", "remove"]);
    expect([help("ScannedDocument", "scans_need_tesseract"), help("ScannedDocument", "scan_unreadable")]).toEqual(["tesseract", "tryAgain"]);
    // Of an earlier LocalChat, which told no reason: another try tells it.
    expect([help("EncryptedDocument"), help("ScannedDocument")]).toEqual(["tryAgain", "tryAgain"]);
    expect([hasScans({ notices: [{ code: "Scans", count: 2, message: "" }] }), hasScans({ notices: [] })]).toEqual([true, false]);
  });
});

describe("a document on its way", () => {
  it("says how many are before it, and how long it takes", () => {
    const queued = { ...one(1), status: "queued" as const };
    expect(progressWords(queued, { stage: "queued", done: 0, total: 3, secondsLeft: null })).toBe("Queued, 3 before it");
    expect(progressWords(queued, { stage: "queued", done: 0, total: 0, secondsLeft: null })).toBe("Queued");
    expect(progressWords({ ...one(1), status: "embedding" }, { stage: "embedding", done: 391, total: 631, secondsLeft: 40 })).toBe("Embedding, 391 of 631 passages, 40\u00a0s left");
  });
});

describe("what a dropped folder brings", () => {
  it("is no hidden file, no lock file and nothing of tools", () => {
    expect([".git", "~$report.docx", "node_modules", "Thumbs.db"].every(isLeftOut)).toBe(true);
    expect(["report.docx", "node_modules.txt"].some(isLeftOut)).toBe(false);
    const file = (path: string): File => Object.defineProperty(new File([], path.split("/").at(-1)!), "webkitRelativePath", { value: path });
    // The folder itself was chosen, whatever it is called.
    const { files, skipped } = withoutLeftOut([file(".papers/a.txt"), file(".papers/.git/config"), file(".papers/b/node_modules/x.js")]);
    expect([files.map(({ path }) => path), skipped]).toEqual([[".papers/a.txt"], [".papers/.git/config", ".papers/b/node_modules/x.js"]]);
  });
});

describe("the address of a document", () => {
  it("may name a passage of it", () => {
    expect([address("documents", "a/b", "12"), address("documents", null, "12")]).toEqual(["#/documents/a%2Fb/12", "#/documents"]);
    expect(parseRoute(address("documents", "a/b", "12"))).toEqual({ page: "documents", id: "a/b", part: "12" });
  });
});

describe("the pages of the list", () => {
  let asked: URL[] = [];
  let total = 1000;
  beforeEach(() => {
    asked = [];
    total = 1000;
    vi.stubGlobal("fetch", (request: Request) => {
      const url = new URL(request.url);
      asked.push(url);
      const [offset, limit] = ["offset", "limit"].map((name) => Number(url.searchParams.get(name)));
      const documents = Array.from({ length: Math.max(0, Math.min(limit!, total - offset!)) }, (_, at) => one(offset! + at));
      const body = { documents, groups: [], total, documents_total: total, passages: 0, size: 0, disk: 0, free: 0, working: 0 };
      return Promise.resolve(new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } }));
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  const all = { words: "", collection: null, state: "any", order: "newest" } as const;
  const offsets = (): number[] => asked.map(({ searchParams }) => Number(searchParams.get("offset")));

  it("are asked for where one looks, and once", async () => {
    const pages = new DocumentPages();
    await pages.want(all);
    expect([pages.total, pages.at(5)?.id, pages.at(700)]).toEqual([1000, "d5", undefined]);
    pages.need(690, 730);
    await vi.waitFor(() => expect(pages.at(729)?.id).toBe("d729"));
    pages.need(695, 720);
    expect(offsets()).toEqual([0, 600, 700]);
  });
  it("are asked for anew where one looks when something changed, and elsewhere when one comes there", async () => {
    const pages = new DocumentPages();
    await pages.want(all);
    pages.need(610, 640);
    await vi.waitFor(() => expect(pages.at(610)).toBeDefined());
    total = 900;
    expect((await pages.refresh()).total).toBe(900);
    expect(offsets()).toEqual([0, 600, 600]);
    expect(pages.total).toBe(900);
    pages.need(0, 20);
    await vi.waitFor(() => expect(offsets()).toEqual([0, 600, 600, 0]));
  });
  it("are filtered and sorted by the server, in folders only when nothing is left out", async () => {
    const pages = new DocumentPages();
    await pages.want(all);
    await pages.want({ words: " lease ", collection: "c", state: "working", order: "size" });
    expect(asked.map(({ searchParams }) => [searchParams.get("q"), searchParams.get("by_folder")])).toEqual([["", "true"], ["lease", "false"]]);
    expect([asked[1]!.searchParams.get("sort"), asked[1]!.searchParams.get("status"), asked[1]!.searchParams.get("collection")]).toEqual(["size", "working", "c"]);
    expect(await pages.ids(10, 13)).toEqual(["d10", "d11", "d12"]);
  });
});

describe("files of a dropped folder", () => {
  const dropped = (path: string) => ({ path, file: new File([path], path.split("/").at(-1)!) });
  it("carry their folders in their names where two are called alike", async () => {
    const files = toldApart(["leases/2024/Notes.txt", "leases/2025/notes.txt", "leases/plan.txt", "notes.txt", "a/README", "b/README"].map(dropped));
    expect(files.map(({ name }) => name)).toEqual([
      "Notes (leases › 2024).txt", "notes (leases › 2025).txt", "plan.txt", "notes.txt", "README (a)", "README (b)"]);
    expect(await files[1]!.text()).toBe("leases/2025/notes.txt");
  });
});
