// Words of a source: where they stand in its text, how it is shown, and where they are marked on its picture.
import { describe, expect, it } from "vitest";
import type { Citation, DocumentBox, Quote, Source } from "../src/api/types";
import { deskOf } from "../src/features/sources/desk";
import { brightness } from "../src/features/sources/ground";
import { onSheet, reveal } from "../src/features/sources/marks";
import { markedPlace, type OpenSource } from "../src/features/sources/panel.svelte";
import { flowing } from "../src/ui/flowing";

const TEXT = "𝔄 ship left. The fee is 7 crowns. A ship left.";
const SOURCE: Source = {
  number: 2,
  passage_id: "p",
  document_id: "d",
  filename: "scan.PNG",
  page: 1,
  heading: [],
  text: TEXT,
  score: 1,
  vector: null,
  text_match: null,
};

function opened(more: Partial<OpenSource>, proof: Partial<NonNullable<OpenSource["message"]["proof"]>> = {}): OpenSource {
  const told = { quotes: [], sure: false, folded: false, citations: [], unrelated: false, ...proof };
  return { message: { id: "m", sources: [SOURCE], proof: told }, number: 2, ...more };
}

function citation(text: string, start: number): Citation {
  const words = [{ start, end: start + [...text].length }];
  const support = [{ source: 2, passage_id: "p", document_id: "d", page: 1, text, words }];
  return { start: 0, end: 9, verdict: "supported", support, reason: null };
}

describe("text of a file with lines of one width", () => {
  it("flows again", () => {
    const broken = "In October, 1805, a Russian army was occupying the villages\nand towns of the Archduchy of Austria, and yet others.\nEnd";
    expect(flowing(broken)).toBe(broken.replaceAll("\n", " "));
  });

  it("keeps lists, verses and addresses", () => {
    for (const kept of [
      "A list of all that was found there in the year 1805:\n- a boot\n- a sword",
      "47. Roberts 2004, pages 62 and 63, and others of the same\n48. Football League Championship",
      "Tyger Tyger, burning bright,\nIn the forests of the night",
    ])
      expect(flowing(kept)).toBe(kept);
  });
});

describe("the place of the marked words", () => {
  it("is that of the whole passage where nothing of it is chosen, in code points", () => {
    expect(markedPlace(opened({}))).toEqual({ start: 0, end: [...TEXT].length });
  });

  it("is that of the words that support a sentence, of two that are alike the one that is meant", () => {
    const last = [...TEXT].length - 10;
    expect(markedPlace(opened({ sentence: 0 }, { citations: [citation("ship left.", last)] }))).toEqual({ start: last, end: last + 10 });
    expect(markedPlace(opened({ sentence: 0 }, { citations: [citation("ship left.", 2)] }))).toEqual({ start: 2, end: 12 });
  });

  it("is that of a quote, with nothing else that the quote has", () => {
    const quote: Quote = { ...SOURCE, source: 2, text: "The fee is 7 crowns.", start: 13, end: 33 };
    expect(markedPlace(opened({ quoted: quote.text }, { quotes: [quote] }))).toEqual({ start: 13, end: 33 });
  });

  it("is looked for where nobody tells it or what is told is wrong, and is none where the words are not", () => {
    expect(markedPlace(opened({ quoted: "7 crowns" }))).toEqual({ start: 24, end: 32 });
    expect(markedPlace(opened({ sentence: 0 }, { citations: [citation("7 crowns", 3)] }))).toEqual({ start: 24, end: 32 });
    expect(markedPlace(opened({ quoted: "8 crowns" }))).toBeNull();
  });
});

describe("a source is shown", () => {
  it.each([
    ["a.pdf", 3, "pdf"],
    ["a.pdf", null, "text"],
    ["photo.JPeG", 1, "picture"],
    ["photo.webp", 1, "picture"],
    ["scan.tiff", 1, "text"],
    ["photo.heic", 1, "text"],
    ["drawing.svg", null, "text"],
    ["png", null, "text"],
  ])("%s on page %s as %s", (filename, page, desk) => {
    expect(deskOf({ filename, page })).toBe(desk);
  });
});

describe("the marks", () => {
  const boxes: DocumentBox[] = [
    { page: 1, left: 0.1, top: 0.2, right: 0.3, bottom: 0.25 },
    { page: 2, left: 0, top: 0, right: 1, bottom: 1 },
  ];

  it("lie on the sheet as the boxes do on the page, those of other pages not at all", () => {
    const [mark, ...others] = onSheet(boxes, 1, { width: 400, height: 800 });
    expect(others).toEqual([]);
    expect([mark?.left, mark?.top, mark?.right, mark?.bottom].map((value) => Math.round(value ?? -1))).toEqual([40, 160, 120, 200]);
    expect(onSheet(boxes, 3, { width: 400, height: 800 })).toEqual([]);
  });

  it("are scrolled to: a third from the top, and to the side where they would not be seen", () => {
    const desk = { clientWidth: 300, clientHeight: 600, scrollTop: 5, scrollLeft: 5 } as HTMLElement;
    reveal(desk, new DOMRect(500, 1000, 50, 20));
    expect([desk.scrollTop, desk.scrollLeft]).toEqual([800, 462.5]);
    reveal(desk, new DOMRect(100, 1000, 50, 20));
    expect([desk.scrollTop, desk.scrollLeft]).toEqual([800, 0]);
    reveal(desk, undefined);
    expect([desk.scrollTop, desk.scrollLeft]).toEqual([0, 0]);
  });

  it("are made for light grounds or for dark ones by how bright the picture is", () => {
    expect(brightness([0, 0, 0, 255, 255, 255, 255, 255])).toBeCloseTo(0.5);
    expect(brightness([0, 0, 0, 255])).toBe(0);
  });
});
