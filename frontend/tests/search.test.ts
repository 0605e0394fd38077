// The search page's own parts: where is searched, and the figures that are kept.
import { flushSync, mount, unmount, type Component } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Advice, Evaluated, EvaluationDone, ProofEvaluated } from "../src/api/types";
import { parseRoute } from "../src/app/route.svelte";
import AdviceList from "../src/features/search/AdviceList.svelte";
import Change from "../src/features/search/Change.svelte";
import { Evaluations } from "../src/features/search/evaluations.svelte";
import { folderName, Scope } from "../src/features/search/scope.svelte";
import SearchFigures from "../src/features/search/SearchFigures.svelte";
import { change, exact, percentMeasured } from "../src/i18n/format";

const figures = (hit: number, mrr = hit) => ({ hit_1: hit, hit_5: hit, mrr, ndcg_10: hit, milliseconds: 12 });
const done = (vector: number, text: number, hybrid: number): EvaluationDone => ({
  passages: 40, questions: 20, vector: figures(vector), text: figures(text), hybrid: figures(hybrid), quotes: null, advice: [],
});
const proof: ProofEvaluated = { groups: 1, sentences: 2, supported_found: 1, unsupported_marked: null, kinds: [], milliseconds: 3 };
const at = (name: string | null, result: Evaluated["result"], day: number): Evaluated => ({ name, at: `2026-11-0${day}T10:00:00Z`, result });
const drawn = <Props extends Record<string, unknown>>(component: Component<Props>, props: Props): HTMLElement => {
  const target = document.createElement("div");
  const shown = mount(component, { target, props });
  flushSync();
  mounted.push(() => void unmount(shown));
  return target;
};
const mounted: (() => void)[] = [];

afterEach(() => {
  for (const end of mounted.splice(0)) end();
  vi.unstubAllGlobals();
});

describe("what was measured", () => {
  it("stands once for each file, with the time before where it was of the same kind", () => {
    const evaluations = new Evaluations();
    evaluations.kept = [at(null, done(0.5, 0.5, 0.6), 5), at("a.json", done(1, 1, 1), 4), at(null, done(0.4, 0.4, 0.5), 3), at("a.json", proof, 2)];
    expect(evaluations.measured.map(({ name, last, before }) => [name, last.at.slice(8, 10), before?.at.slice(8, 10)])).toEqual([
      [null, "05", "03"],
      ["a.json", "04", undefined],
    ]);
  });

  it("says why it could not be measured and goes on", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ error: "InvalidRequest", message: "No set." }), { status: 422 })));
    const evaluations = new Evaluations();
    await evaluations.measure(new File(["x"], "x.json"));
    expect([evaluations.running, evaluations.name, evaluations.failure?.message]).toEqual([false, "x.json", "No set."]);
  });

  it.each([
    [done(0.5, 0.6, 0.7), "Both together find more than either alone."],
    [done(0.5, 0.6, 0.6), "Both together find as much as the better one alone."],
    [done(0.7, 0.5, 0.6), "Here “Meaning” alone puts the right passage first more often, by 10% of the questions."],
    [{ ...done(0.5, 0.6, 0.6), hybrid: figures(0.55, 0.65) }, "Both together find more than either alone."],
  ])("is said in words (%#)", (result, words) => {
    expect(drawn(SearchFigures, { name: "a", measured: at("a", result, 1), result, before: null }).textContent).toContain(words);
  });

  it("leads to what is to change", () => {
    const advice: Advice[] = [
      { code: "hard_documents", message: "", names: ["a.pdf", "b.pdf"], document_ids: ["1", "2"] },
      { code: "weak_meaning", message: "", names: [] },
      { code: "look_alike", message: "", names: [] },
      { code: "good", message: "", names: [] },
    ];
    const links = [...drawn(AdviceList, { advice }).querySelectorAll("a")].map((link) => [link.textContent, link.getAttribute("href")]);
    expect(links).toEqual([["a.pdf", "#/documents/1"], ["b.pdf", "#/documents/2"], ["Embedder", "#/settings/embedder"], ["Search by words", "#/search/text"], ["Go to Documents", "#/documents"]]);
  });
});

describe("figures", () => {
  it.each([[0.996, "99.6%"], [1, "100%"], [0.5, "50%"]])("%d is %s", (share, words) => expect(percentMeasured(share)).toBe(words));
  it("have three decimals, and changes their sign", () => expect([exact(0.9), change(0.01), change(-0.01), change(0.0001)]).toEqual(["0.900", "+0.010", "-0.010", ""]));
  it("show no change where there was no time before", () => {
    expect(drawn(Change, { now: 0.5, was: undefined, at: undefined }).textContent).toBe("");
    expect(drawn(Change, { now: 0.5, was: 0.4, at: "2026-11-01T10:00:00Z" }).textContent).toBe("+0.100");
  });
});

describe("where is searched", () => {
  it("is everywhere, or just what was picked", () => {
    const scope = new Scope();
    expect([scope.everywhere, scope.body]).toEqual([true, {}]);
    scope.pickCollection("c");
    scope.pickFolder("f");
    scope.documents = [{ id: "d", filename: "d.pdf", gone: false }];
    expect(scope.body).toEqual({ document_ids: ["d"], collection_ids: ["c"], folder_ids: ["f"] });
    scope.pickCollection("c");
    expect(scope.body).toEqual({ document_ids: ["d"], folder_ids: ["f"] });
    scope.clear();
    expect(scope.everywhere).toBe(true);
  });

  it("calls a folder by its name", () => {
    expect([folderName({ path: "/home/a/Leases/" } as never), folderName({ path: "C:\\a\\Leases" } as never)]).toEqual(["Leases", "Leases"]);
  });
});

it("has an address of its own for the evaluation", () => expect(parseRoute("#/evaluation")).toEqual({ page: "evaluation", id: null }));
