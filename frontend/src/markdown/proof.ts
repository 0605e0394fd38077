// Sentences of an answer that were held against its sources: a chip at the end of those that are supported, a dotted
// line under those that nothing supports. What the matching left open stays as it is.
import { chip, withoutMarks, type SourceName } from "./citations";
import { Letters, lettersOf, type Piece } from "./letters";

/** A sentence of the answer's Markdown, in UTF-16 units. */
export interface ProvedSentence {
  start: number;
  end: number;
  verdict: "supported" | "unsupported" | "open";
  /** Numbers of the sources that hold its words. */
  sources: number[];
}

const SKIPPED = ".cite, .katex-mathml, .note-mark, .copy";

/**
 * Marks the sentences of a block, in order, each with its index in the answer; those that are marked stay as they are.
 * `text` is the answer; `name` names a source for those who do not see the chip.
 */
export function markSentences(
  block: HTMLElement,
  text: string,
  sentences: readonly (readonly [number, ProvedSentence])[],
  name: SourceName,
): void {
  const letters = new Letters(block, SKIPPED);
  const found: { index: number; sentence: ProvedSentence; pieces: Piece[] }[] = [];
  let from = 0;
  for (const [index, sentence] of sentences) {
    const place = letters.find(lettersOf(plainText(text.slice(sentence.start, sentence.end))), from);
    if (!place) continue;
    from = place.end;
    if (sentence.verdict === "open" || markOf(block, index)) continue;
    found.push({ index, sentence, pieces: withClosing(letters, letters.pieces(place.start, place.end)) });
  }
  // From the end, so that the places before stay right when nodes are cut.
  for (const { index, sentence, pieces } of found.reverse()) {
    const wrapped = pieces.toReversed().map(({ node, from: begin, to }) => wrap(node, begin, to, index, sentence));
    wrapped.at(-1)?.classList.add("first");
    if (sentence.verdict === "supported") addChips(wrapped[0], index, sentence.sources, name);
  }
}

/** The signs that close a sentence belong to it, also those after a word in bold. */
function withClosing(letters: Letters, pieces: Piece[]): Piece[] {
  const last = pieces.at(-1);
  if (!last) return pieces;
  last.to += closing(last.node, last.to);
  const next = last.to === last.node.data.length ? letters.after(last.node) : null;
  const more = next ? closing(next, 0) : 0;
  return next && more ? [...pieces, { node: next, from: 0, to: more }] : pieces;
}

/** How many signs that close a sentence stand at a place, the unit of its last figure among them. */
function closing(node: Text, at: number): number {
  return /^(?:[ \u00a0\u202f]?[%‰€$£¥°]C?)?[.!?…。！？"'”’»)\]]*/.exec(node.data.slice(at))?.[0].length ?? 0;
}

/** What marks a sentence in a block, where it is marked. */
export function markOf(block: Element, index: number): Element | null {
  return block.querySelector(`.s[data-sentence="${index}"]`);
}

/** Markdown as it reads: without the addresses of links and the marks of sources. */
function plainText(markdown: string): string {
  return withoutMarks(markdown)
    .replace(/!?\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)/g, "$1")
    .replace(/\[\^[^\]]+\]/g, "")
    .replace(/^\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?/, "");
}

function wrap(node: Text, from: number, to: number, index: number, sentence: ProvedSentence): HTMLElement {
  if (to < node.data.length) node.splitText(to);
  const words = from > 0 ? node.splitText(from) : node;
  const span = document.createElement("span");
  span.className = sentence.verdict === "unsupported" ? "s unproved" : "s";
  span.dataset.sentence = String(index);
  words.replaceWith(span);
  span.append(words);
  return span;
}

function addChips(after: HTMLElement | undefined, index: number, sources: readonly number[], name: SourceName): void {
  const link = after?.closest("a");
  const chips = sources.flatMap((number) => {
    const named = name(number);
    return named === null ? [] : [chip(number, named, index)];
  });
  if (!chips.length) return;
  // A no-break space joins the chip to its sentence.
  if (link) link.after("\u00a0", ...chips);
  else after?.append("\u00a0", ...chips);
}
