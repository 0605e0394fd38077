// The renderer: what a growing text looks like at its end, whatever portions it came in.
import { describe, expect, it } from "vitest";
import { BlockSplitter, splitWhole } from "../src/markdown/blocks";
import type { SourceName } from "../src/markdown/citations";
import { ProseRenderer, renderBlock, viaHtml } from "../src/markdown/prose";

const name: SourceName = (number) => (number <= 4 ? `Source ${number}, Handbook.pdf, page ${number}` : null);

function oneShot(text: string, as: SourceName = name): HTMLElement {
  const root = document.createElement("div");
  new ProseRenderer(root, as).finish(text);
  return root;
}

function streamed(text: string, step: number): HTMLElement {
  const root = document.createElement("div");
  const renderer = new ProseRenderer(root, name);
  for (let end = step; end < text.length + step; end += step) {
    renderer.update(text.slice(0, end));
    renderer.flush();
  }
  renderer.finish(text);
  return root;
}

/** As it is before formulas and colours, which come later and from elsewhere; attributes in one order. */
function shape(root: HTMLElement): string {
  const copy = root.cloneNode(true) as HTMLElement;
  for (const element of copy.querySelectorAll("*")) {
    const attributes = [...element.attributes].sort((a, b) => a.name.localeCompare(b.name));
    for (const { name } of attributes) element.removeAttribute(name);
    for (const { name, value } of attributes) if (name !== "data-drawn") element.setAttribute(name, value);
  }
  return copy.innerHTML;
}

const NASTY: Record<string, string> = {
  "two paragraphs": "One *two* **three**\nfour.\n\nFive `six` ~~seven~~.",
  "windows line ends": "# Title\r\n\r\nText\r\nmore\r\n\r\n- a\r\n- b\r\n",
  "a setext heading": "Not yet a heading\n===\n\nAlso not yet\n---\n\ntext",
  "a loose list that looks closed": "1. one\n\n2. two\n\n3. three\n\nAfter.",
  "nested lists": "- a\n  - b\n    1. c\n\n       still c\n  - d\n- e\n\nend",
  "a list item with code": "- run this:\n\n  ```sh\n  ls -la\n  ```\n\n- done",
  "a fence": "Before\n\n```python\ndef f(x):\n    return x < 1\n\n\n# `` not the end\n```\nAfter",
  "a fence that never closes": "```js\nlet a = '```';\nb",
  "a longer fence": "````md\n```\ninner\n```\n````\n\ntext",
  "a table": "| a | b |\n|---|--:|\n| 1 | 2 |\n| x | `y` |\n\nafter [1]",
  "a table that begins as text": "a | b\n--|--\n1 | 2\n",
  "a quote": "> one\n> two\nlazy\n\n> another\n\ntext",
  "block mathematics": "Then\n\n$$\n\\frac{a}{b} = c\n$$\n\nand \\[ x^2 \\] or\n\n\\[\ny\n\\]\n\ndone",
  "inline mathematics and prices": "It costs $5 and $6, but $x^2$ and \\(y_1\\) are formulas; $ 7 $ is not.",
  "citations": "First [1]. Second [2][3]. Both [1, 4]. Unknown [9]. In code `[1]`.",
  "a link with a number": "[1](https://example.org) and [text][1]\n\nmore\n\n[1]: https://example.org/late",
  "late references": "See [the paper][p] and [q].\n\nMore text.\n\n[p]: https://example.org/p \"Title\"\n[q]: https://example.org/q",
  "footnotes": "A claim[^1] and another[^note].\n\n[^1]: The first.\n[^note]: The *second*\n  goes on.\n\nEnd.",
  "html": "<details><summary>More</summary>\n\nInside **bold**\n\n</details>\n\ntext <b>bold</b> <br> x",
  "an html comment that is cut": "a\n\n<!-- not\n\nclosed",
  "hard breaks": "one  \ntwo\\\nthree",
  "characters outside the plane": "👩‍👩‍👧 *смесь* 漢字。\n\n- 数\n- 🎉\n",
  "rules": "a\n\n---\n\nb\n***\nc\n\n- - -\n",
  "tasks": "- [ ] open\n- [x] done\n",
  "indented code": "text\n\n    code\n      more\n\nback",
  "entities": "AT&amp;T &lt;b&gt; &copy; & < >",
  "only spaces": "   \n\n  \n",
};

/** What only the end of the text can tell: these may change with it. */
const LATE = ["late references", "a link with a number", "a fence that never closes", "an html comment that is cut"];
const LONG = Object.entries(NASTY)
  .filter(([title]) => !LATE.includes(title))
  .map(([, text]) => text.trim())
  .join("\n\n");

describe("an answer that is streamed", () => {
  for (const [title, text] of Object.entries(NASTY)) {
    it(`is split alike, whatever portions it comes in: ${title}`, () => {
      const expected = splitWhole(text).map(({ raw }) => raw);
      for (let step = 1; step <= 9; step++) {
        const splitter = new BlockSplitter();
        const finished: string[] = [];
        let open: string[] = [];
        for (let at = 0; at < text.length; at += step) {
          const split = splitter.push(text.slice(at, at + step));
          finished.push(...split.finished.map(({ raw }) => raw));
          open = split.open.map(({ raw }) => raw);
        }
        expect([...finished, ...open], `in steps of ${step}`).toEqual(expected);
      }
    });

    it(`ends like one that came at once: ${title}`, () => {
      expect(shape(streamed(text, 5))).toBe(shape(oneShot(text)));
    });
  }

  it("is the same character by character", () => {
    for (const title of ["a table", "citations", "nested lists"]) {
      expect(shape(streamed(NASTY[title]!, 1)), title).toBe(shape(oneShot(NASTY[title]!)));
    }
  });

  it("is split alike as one long text, character by character", () => {
    const splitter = new BlockSplitter();
    const finished: string[] = [];
    let open: string[] = [];
    for (const character of LONG) {
      const split = splitter.push(character);
      finished.push(...split.finished.map(({ raw }) => raw));
      open = split.open.map(({ raw }) => raw);
      expect(open.length).toBeLessThanOrEqual(2);
    }
    expect([...finished, ...open]).toEqual(splitWhole(LONG).map(({ raw }) => raw));
  });

  it("never touches a finished block again", () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    let before: { element: Element; html: string }[] = [];
    for (let end = 13; end < LONG.length + 13; end += 13) {
      renderer.update(LONG.slice(0, end));
      renderer.flush();
      // Only the blocks near the end may still change.
      const now = [...root.children].slice(0, -3).map((element) => ({ element, html: shape(element as HTMLElement) }));
      before.forEach(({ element, html }, index) => {
        expect(now[index]?.element).toBe(element);
        expect(now[index]?.html).toBe(html);
      });
      before = now;
    }
    expect(before.length).toBeGreaterThan(30);
    const kept = [...root.children];
    renderer.finish(LONG);
    expect([...root.children]).toEqual(kept);
  });

  it("shows a text that was replaced by another", () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    renderer.update("One.\n\nTwo.\n\nThree.");
    renderer.flush();
    renderer.update("Other.");
    renderer.flush();
    expect(root.textContent).toBe("Other.");
  });

  it("waits for the next frame, and for one frame only", async () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name);
    for (const text of ["a", "ab", "abc"]) renderer.update(text);
    expect(root.textContent).toBe("");
    await new Promise((resolve) => requestAnimationFrame(resolve));
    expect(root.innerHTML).toBe('<p dir="auto">abc</p>');
  });
});

describe("a block", () => {
  it("comes out the same whether it goes through the sanitizer or not", () => {
    const blocks = Object.entries(NASTY).flatMap(([title, text]) => (title === "html" || title.includes("comment") ? [] : splitWhole(text)));
    const bare = (block: HTMLElement | null): string => {
      const box = document.createElement("div");
      if (block) box.append(block);
      // By way of HTML there are line ends between blocks, and columns of numbers are not looked for.
      for (const cell of box.querySelectorAll(".r")) cell.removeAttribute("class");
      return shape(box).replace(/\s*\n\s*/g, "").replace(/ class="r"| class=""/g, "");
    };
    expect(blocks.length).toBeGreaterThan(50);
    for (const block of blocks.filter(({ token }) => token.type !== "code")) {
      expect(bare(renderBlock(block, name)), block.raw).toBe(bare(viaHtml(block, name)));
    }
  });

  it("falls back to its plain text, alone, when rendering it fails", () => {
    const root = document.createElement("div");
    const renderer = new ProseRenderer(root, name, (block, as) => {
      if (block.raw.includes("poison")) throw new Error("cannot");
      return renderBlock(block, as);
    });
    renderer.finish("**good**\n\nthe *poison*\n\n**also good**");
    expect([...root.children].map((child) => child.innerHTML)).toEqual([
      "<strong>good</strong>",
      "the *poison*",
      "<strong>also good</strong>",
    ]);
    expect(root.querySelector(".plain")?.textContent).toBe("the *poison*");
  });

  it("stays readable when it is nested beyond what a parser bears", () => {
    const text = `${">".repeat(20_000)} deep`;
    expect(oneShot(text).textContent).toContain("deep");
  });

  it("takes code as text, with its language and a named button", () => {
    const figure = oneShot("```python title=x\nprint('<b>')\n```").querySelector("figure")!;
    expect(figure.querySelector("code")?.textContent).toBe("print('<b>')");
    expect(figure.querySelector("figcaption span")?.textContent).toBe("python");
    expect(figure.querySelector(".copy")?.getAttribute("aria-label")).toBe("Copy the python code");
  });

  it("puts a table into a region that scrolls and numbers to the right", () => {
    const root = oneShot("| a | b |\n|---|--:|\n| 1 | 2 |");
    expect(root.querySelector(".wide[role=group][tabindex='0'] > table")).not.toBeNull();
    expect([...root.querySelectorAll(".r")].map((cell) => cell.textContent)).toEqual(["a", "b", "1", "2"]);
    expect(root.querySelector("th")?.getAttribute("scope")).toBe("col");
  });

  it("begins its headings under those of the page", () => {
    expect([...oneShot("# a\n\n## b\n\n### c\n\n###### d").children].map(({ tagName }) => tagName)).toEqual(["H3", "H3", "H4", "H4"]);
  });
});

describe("a source", () => {
  it("becomes a chip that names it, joined to its sentence", () => {
    const root = oneShot("So it is [2].");
    const chip = root.querySelector<HTMLElement>("button.cite")!;
    expect(chip.getAttribute("aria-label")).toBe("Source 2, Handbook.pdf, page 2");
    expect(chip.dataset.source).toBe("2");
    expect(root.textContent).toBe("So it is\u00a02.");
  });

  it("is left as text where there is none of that number, and in code", () => {
    const root = oneShot("Not [7], nor `[1]`, nor [8, 1].");
    expect(root.querySelector(".cite")).toBeNull();
    expect(root.textContent).toBe("Not [7], nor [1], nor [8, 1].");
  });
});

describe("a formula", () => {
  it("keeps its source until it is drawn, and prices are none", () => {
    const root = oneShot("$5 and $6, $x^2$\n\n$$\na < b\n$$");
    expect([...root.querySelectorAll<HTMLElement>("[data-tex]")].map(({ dataset }) => dataset.tex)).toEqual(["x^2", "a < b"]);
  });
});
