// What an answer may hold beside text, and input that is odd or far too much: bounds on what it becomes.
import { describe, expect, it } from "vitest";
import { MAX_DEPTH } from "../src/markdown/build";
import { BlockSplitter, splitWhole } from "../src/markdown/blocks";
import { toggleWrap } from "../src/markdown/code";
import { drawFormulas, LONGEST_FORMULA } from "../src/markdown/math";
import { follow } from "../src/markdown/notes";
import { ProseRenderer } from "../src/markdown/prose";
import { MAX_ROWS } from "../src/markdown/rows";

function rendered(text: string): HTMLElement {
  const root = document.createElement("div");
  new ProseRenderer(root).finish(text);
  return root;
}

function depth(root: Element): number {
  let deepest = 0;
  for (const element of root.querySelectorAll("*")) {
    let up = 0;
    for (let at: Element | null = element; at && at !== root; at = at.parentElement) up++;
    deepest = Math.max(deepest, up);
  }
  return deepest;
}

describe("a task", () => {
  const root = rendered("- [ ] Buy **milk**\n- [x] Write\n  - [ ] inner\n- plain");
  const boxes = [...root.querySelectorAll("input")];

  it("is a box that is read and not changed, named after its words", () => {
    expect(boxes.map(({ type, disabled, checked }) => [type, disabled, checked])).toEqual([
      ["checkbox", true, false],
      ["checkbox", true, true],
      ["checkbox", true, false],
    ]);
    expect(boxes.map((box) => box.getAttribute("aria-label"))).toEqual(["Buy milk", "Write", "inner"]);
  });
  it("marks its item and no other", () => {
    expect([...root.querySelectorAll("li")].map((item) => item.className)).toEqual(["task", "task", "task", ""]);
  });
});

describe("a footnote", () => {
  it("leads from its mark to the note and back", () => {
    const root = rendered("A claim[^1].\n\n[^1]: The proof.");
    document.body.append(root);
    Element.prototype.scrollIntoView = () => undefined;
    const mark = root.querySelector<HTMLElement>(".note-mark")!;
    expect(mark.getAttribute("aria-label")).toBe("Footnote 1");
    follow(mark, root);
    expect(document.activeElement).toBe(root.querySelector(".footnote"));
    follow(root.querySelector<HTMLElement>(".note-back")!, root);
    expect(document.activeElement).toBe(mark);
    root.remove();
  });
  it("that never came leaves its mark as text", () => {
    const root = rendered("A claim[^1] and[^2].\n\n[^1]: The proof.");
    expect(root.querySelectorAll(".note-mark")).toHaveLength(1);
    expect(root.textContent).toContain("and[^2].");
  });
});

describe("a table", () => {
  it("puts columns of numbers to the right, with units, and leaves words and given sides", () => {
    const root = rendered("| name | size | share | year |\n|---|---|:-:|:--|\n| a | 1,200 MB | 5 % | 1999 |\n| b | – | 12 % | 2001 |");
    expect([...root.querySelectorAll("th")].map(({ className }) => className)).toEqual(["", "r", "m", ""]);
  });
  it("of ten thousand rows comes in portions", () => {
    const root = rendered(`| a | b |\n|---|---|\n${Array.from({ length: 10_000 }, (_, n) => `| ${n} | x |`).join("\n")}`);
    expect(root.querySelectorAll("tbody tr")).toHaveLength(MAX_ROWS);
    const more = root.querySelector<HTMLElement>(".more-rows")!;
    expect(more.textContent).toBe("Show more rows (300 of 10,000)");
    more.click();
    expect(root.querySelectorAll("tbody tr")).toHaveLength(2 * MAX_ROWS);
    expect(root.querySelectorAll("td")[2 * MAX_ROWS]?.textContent).toBe("300");
  });
});

describe("code", () => {
  it("keeps its wrapping while it grows", () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root);
    renderer.update("```js\nlet a = 1;\n");
    renderer.flush();
    const wrap = root.querySelector<HTMLElement>(".wrap")!;
    toggleWrap(wrap);
    renderer.update("```js\nlet a = 1;\nlet b = 2;\n");
    renderer.flush();
    expect(root.querySelector(".wrapped code")?.textContent).toBe("let a = 1;\nlet b = 2;");
    expect(wrap.getAttribute("aria-pressed")).toBe("true");
  });
  it("that grows is not parsed again", () => {
    const splitter = new BlockSplitter();
    splitter.push("```js\n");
    for (let line = 0; line < 1000; line++) {
      splitter.push(`line ${line}\n`);
      expect(splitter.pending).toBe(0);
    }
    expect(splitter.push("```\n\nafter\n").finished[0]?.token.type).toBe("code");
  });
});

describe("far too much", () => {
  it("on one line is one text", () => {
    const root = rendered("word *x* ".repeat(220_000));
    expect(root.querySelectorAll("*").length).toBeLessThan(5);
    expect(root.textContent?.length).toBeGreaterThan(1_900_000);
  });
  it("nested stays within a depth", () => {
    const lists = Array.from({ length: 300 }, (_, level) => `${"  ".repeat(level)}- level ${level}`).join("\n");
    const quotes = `${"> ".repeat(300)}deep`;
    const items = `${"- ".repeat(300)}deep`;
    for (const text of [lists, quotes, items]) {
      const root = rendered(text);
      expect(depth(root)).toBeLessThan(3 * MAX_DEPTH);
      expect(root.textContent).toMatch(/deep|level 299/);
    }
  });
  it("of dollars and brackets makes no more than it was", () => {
    for (const text of ["$a ".repeat(5_000), "\\[ \n".repeat(5_000), "[^".repeat(5_000), "![".repeat(5_000), "**a ".repeat(4_000)]) {
      const root = rendered(text);
      expect(root.querySelectorAll("*").length).toBeLessThan(21_000);
      expect(root.textContent?.length).toBeGreaterThan(100);
    }
  });
});

describe("odd characters", () => {
  it("of half a pair or none are kept and break nothing", () => {
    const odd = "a \ud800 b \udc00 c \ufffd \u0000 [x](https://e.example/\ud800) ![y](https://e.example/\udfff)";
    const root = rendered(odd);
    expect(root.textContent).toContain("a \ud800 b \udc00 c");
    expect(root.querySelector("a")).toBeNull();
  });
  it("that turn the direction round stay in their block or link", () => {
    const root = rendered("\u202eevil [\u202etxt.exe](https://e.example) end\n\n- \u05d0\u05d1\n\n| \u202ea |\n|---|\n| b |");
    for (const element of root.querySelectorAll("p, a, ul, li, th, td")) expect(element.getAttribute("dir")).toBe("auto");
  });
});

describe("a formula that multiplies", () => {
  it("ends as the text it was, or as few elements", async () => {
    const bombs = ["\\def\\a{\\a\\a}\\a", "\\def\\b#1{#1#1}\\b{\\b{\\b{\\b{\\b{\\b{\\b{\\b{\\b{\\b{x}}}}}}}}}}", "\\rule{9999em}{9999em}", `x^{${"x^{".repeat(400)}${"}".repeat(401)}`, "x+".repeat(LONGEST_FORMULA)];
    for (const tex of bombs) {
      const root = rendered(`$$\n${tex}\n$$`);
      document.body.append(root);
      await drawFormulas(root);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(root.querySelectorAll("*").length, tex.slice(0, 30)).toBeLessThan(30_000);
      const sizes = [...root.querySelectorAll<HTMLElement>("[style]")].flatMap(({ style }) => [parseFloat(style.width || "0"), parseFloat(style.borderTopWidth || "0"), parseFloat(style.borderRightWidth || "0")]);
      for (const size of sizes) expect(size).toBeLessThanOrEqual(60);
      root.remove();
    }
  });
});

describe("a block", () => {
  it("of definitions shows nothing", () => expect(splitWhole("[a]: https://e.example")).toHaveLength(1));
});
