// Sentences that were held against the sources: found in what is shown, marked once, while it grows and at the end.
import { describe, expect, it } from "vitest";
import type { Citation } from "../src/api/types";
import { inUnits } from "../src/features/chat/units";
import { excerpt } from "../src/features/sources/excerpt";
import { Letters, lettersOf, rangesOf } from "../src/markdown/letters";
import type { ProvedSentence } from "../src/markdown/proof";
import { ProseRenderer } from "../src/markdown/prose";

const ANSWER = [
  "The lease runs to **31 March 2027** [1]. It costs nothing to leave early. See [the terms](https://example.org/a1) [2].",
  "",
  "- Rent stays due. [2]",
  "- You may name a successor; *the landlord* has 14 days.",
  "",
  "租约将于2027年到期。房东不能提前终止。",
].join("\n");

function sentence(text: string, verdict: ProvedSentence["verdict"], ...sources: number[]): ProvedSentence {
  const start = ANSWER.indexOf(text);
  expect(start, text).toBeGreaterThanOrEqual(0);
  return { start, end: start + text.length, verdict, sources };
}

const SENTENCES = [
  sentence("The lease runs to **31 March 2027** [1].", "supported", 1),
  sentence("It costs nothing to leave early.", "unsupported"),
  sentence("See [the terms](https://example.org/a1) [2].", "supported", 1, 2),
  sentence("- Rent stays due. [2]", "supported", 2),
  sentence("- You may name a successor; *the landlord* has 14 days.", "open"),
  sentence("租约将于2027年到期。", "supported", 1),
  sentence("房东不能提前终止。", "unsupported"),
];

function shown(root: HTMLElement): { marks: string[]; chips: string[]; text: string } {
  const marks: string[] = [];
  for (const [index] of SENTENCES.entries()) {
    const pieces = [...root.querySelectorAll<HTMLElement>(`.s[data-sentence="${index}"]`)];
    if (!pieces.length) continue;
    const words = pieces.map((piece) => [...piece.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join("")).join("");
    marks.push(`${pieces[0]!.classList.contains("unproved") ? "?" : "="} ${words.replace(/\u00a0/g, "")}`);
  }
  const chips = [...root.querySelectorAll<HTMLElement>(".cite")].map(({ dataset }) => `${dataset.sentence}:${dataset.source}`);
  return { marks, chips, text: root.textContent.replace(/\u00a0\d+/g, "") };
}

const MARKS = [
  "= The lease runs to 31 March 2027.",
  "? It costs nothing to leave early.",
  "= See the terms.",
  "= Rent stays due.",
  "= 租约将于2027年到期。",
  "? 房东不能提前终止。",
];
const CHIPS = ["0:1", "2:1", "2:2", "3:2", "5:1"];
const name = (number: number): string | null => (number <= 2 ? `Source ${number}` : null);

describe("sentences of an answer", () => {
  it("get their chips and their lines where they stand, and the model's own marks are left out", async () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    renderer.prove(SENTENCES);
    renderer.show(ANSWER);
    await expect.poll(() => root.children.length).toBe(3);
    expect(shown(root)).toMatchObject({ marks: MARKS, chips: CHIPS });
    expect(root.textContent).not.toContain("[1]");
    expect(root.querySelector("a")?.textContent).toBe("the terms");
    expect(root.querySelectorAll(".first")).toHaveLength(MARKS.length);
  });

  it("are marked alike when they are proved one by one while the text grows", () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    renderer.prove([]);
    for (let length = 1; length <= ANSWER.length; length += 7) {
      renderer.update(ANSWER.slice(0, length));
      renderer.flush();
      renderer.prove(SENTENCES.filter(({ end }) => end + 5 < length));
    }
    renderer.finish(ANSWER);
    renderer.prove(SENTENCES);
    expect(shown(root)).toMatchObject({ marks: MARKS, chips: CHIPS });
  });

  it("are marked once, however often that is said", async () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    renderer.prove([]);
    renderer.show(ANSWER);
    await expect.poll(() => root.children.length).toBe(3);
    renderer.prove(SENTENCES);
    const before = root.innerHTML;
    renderer.prove([...SENTENCES]);
    expect(root.innerHTML).toBe(before);
  });

  it("lose their line when they are found after all", async () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    renderer.prove(SENTENCES);
    renderer.show(ANSWER);
    await expect.poll(() => root.children.length).toBe(3);
    renderer.prove(SENTENCES.map((one, index) => (index === 1 ? { ...one, verdict: "supported", sources: [2] } : one)));
    expect(shown(root).marks[1]).toBe("= It costs nothing to leave early.");
    expect(shown(root).chips).toContain("1:2");
  });

  it("keep the model's marks as chips where nothing was held against the sources", async () => {
    const root = document.createElement("div");
    new ProseRenderer(root, name).show(ANSWER);
    await expect.poll(() => root.children.length).toBe(3);
    expect(root.querySelectorAll(".cite")).toHaveLength(3);
    expect(root.querySelector(".s")).toBeNull();
  });

  it("keep the unit of their last figure", async () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    const text = "It costs 180 €.";
    renderer.prove([{ start: 0, end: text.length, verdict: "supported", sources: [1] }]);
    renderer.show(text);
    await expect.poll(() => root.textContent).toBe("It costs 180 €.\u00a01");
  });

  it("stay apart from code, whatever they say", async () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    const text = "```\nRent stays due.\n```\n\nRent stays due.";
    renderer.prove([{ start: text.lastIndexOf("Rent"), end: text.length, verdict: "unsupported", sources: [] }]);
    renderer.show(text);
    await expect.poll(() => root.children.length).toBe(2);
    expect(root.querySelector(".code .s")).toBeNull();
    expect(root.querySelector("p .unproved")?.textContent).toBe("Rent stays due.");
  });
});

describe("places counted in code points", () => {
  it("are those of the same signs here", () => {
    const text = "👩‍👩‍👧 Hello 𝒳. Bye 🙂.";
    const points = [...text];
    const start = points.indexOf("B");
    const citation = { start, end: points.length, verdict: "open", support: [], reason: null } as Citation;
    const [found] = inUnits(text, [citation]);
    expect(text.slice(found!.start, found!.end)).toBe("Bye 🙂.");
  });
});

describe("words in a text that was read another way", () => {
  function page(html: string): HTMLElement {
    const root = document.createElement("div");
    root.innerHTML = html;
    return root;
  }

  it("are found across lines, hyphens, ligatures and spaces", () => {
    const letters = new Letters(page("<span>The ﬁxed-</span><span>term </span><br><span>ends  ON 31.3.</span>"));
    const [range] = rangesOf(letters, "the fixed-term ends on 31.3.");
    expect(range?.toString()).toBe("The ﬁxed-term ends  ON 31.3");
  });

  it("are found in two parts where something stands between", () => {
    const letters = new Letters(page("<p>The tenancy is concluded for</p><p>Page 4 of 11</p><p>a fixed term of five years.</p>"));
    const found = rangesOf(letters, "The tenancy is concluded for a fixed term of five years.").map(String);
    expect(found).toEqual(["The tenancy is concluded for", "a fixed term of five years"]);
  });

  it("are not found where they are not", () => {
    expect(rangesOf(new Letters(page("<p>Nothing of the kind is written on this page.</p>")), "The deposit comes back within six months.")).toEqual([]);
    expect(rangesOf(new Letters(page("")), "words")).toEqual([]);
    expect(rangesOf(new Letters(page("<p>words</p>")), "…")).toEqual([]);
  });

  it("fold case, width and accents by letters", () => {
    expect(lettersOf("Ｆｕｌｌ Ünï ½ ①")).toBe("fulluni121");
  });
});

describe("the excerpt of a card", () => {
  it("shows the marked words with what stands round them", () => {
    const passage = `${"a".repeat(300)} evidence here ${"b".repeat(300)}`;
    const runs = excerpt(passage, [{ start: 301, end: 314 }]);
    expect(runs.find(({ marked }) => marked)?.text).toBe("evidence here");
    expect(runs[0]?.text).toBe("… ");
    expect(runs.at(-1)?.text).toBe(" …");
    expect(runs.map(({ text }) => text).join("").length).toBeLessThan(270);
  });

  it("counts code points, takes overlaps once, and shows the beginning where nothing is marked", () => {
    expect(excerpt("🙂 one two", [{ start: 2, end: 5 }])).toEqual([
      { text: "🙂 ", marked: false },
      { text: "one", marked: true },
      { text: " two", marked: false },
    ]);
    expect(excerpt("abcdef", [{ start: 0, end: 4 }, { start: 2, end: 5 }]).map(({ text }) => text)).toEqual(["abcd", "e", "f"]);
    expect(excerpt("short", [])).toEqual([{ text: "short", marked: false }]);
  });
});
