// Renders an answer while it grows: finished blocks are never touched again, the open one is patched once a frame.
import type { Links } from "marked";
import { BlockSplitter, splitWhole, type Block } from "./blocks";
import { insertChips, type SourceName } from "./citations";
import { build, holdsHtml } from "./build";
import { codeFigure, growCode } from "./code";
import { dress } from "./dress";
import { highlight } from "./highlight";
import { drawFormulas } from "./math";
import { language, toHtml } from "./parse";
import { patch } from "./patch";
import { markOf, markSentences, type ProvedSentence } from "./proof";
import { sanitize } from "./sanitize";

/** Open text that is longer than this, in characters, is parsed again only once it grew by a `STEPS`th, or after a pause. */
const LONG_BLOCK = 8_000;
const STEPS = 64;
const PAUSE_MS = 300;
/** A long answer that is opened goes into the page in portions of this time. */
const PORTION_MS = 8;

interface Placed {
  raw: string;
  /** Where it stands in the text, in UTF-16 units. */
  start: number;
  /** null: the block shows nothing (a definition, a comment). */
  element: HTMLElement | null;
}

/** What is open beside the answer: a source, and the sentence whose words are marked in it. */
export interface Opened {
  source: number;
  sentence?: number | undefined;
}

export type RenderBlock = (block: Block, name: SourceName, proved: boolean) => HTMLElement | null;

export class ProseRenderer {
  readonly #root: HTMLElement;
  readonly #name: SourceName;
  readonly #render: RenderBlock;
  #splitter = new BlockSplitter();
  #finished: Placed[] = [];
  #open: Placed[] = [];
  #text = "";
  #next = "";
  #frame = 0;
  #later: ReturnType<typeof setTimeout> | undefined;
  #opened: Opened | null = null;
  /** Shown at once: the splitter has seen nothing of it. */
  #whole = false;
  /** Sentences that were held against the sources; null where that is not done. */
  #sentences: readonly ProvedSentence[] | null = null;

  constructor(root: HTMLElement, name: SourceName = () => null, render: RenderBlock = renderBlock) {
    this.#root = root;
    this.#name = name;
    this.#render = render;
  }

  /** The whole text so far; it shows with the next frame. */
  update(text: string): void {
    this.#next = text;
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.flush());
  }

  /** Shows what `update` was given last. */
  flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#next.startsWith(this.#text) || (this.#whole && this.#next !== this.#text)) this.#reset();
    const piece = this.#next.slice(this.#text.length);
    if (!piece || this.#waits(piece)) return;
    this.#take(piece);
  }

  /** What is parsed again at each step may be long, as a table of hundreds of rows is: then in larger steps. */
  #waits(piece: string): boolean {
    const { pending } = this.#splitter;
    clearTimeout(this.#later);
    if (pending < LONG_BLOCK || piece.length >= pending / STEPS) return false;
    this.#later = setTimeout(() => this.#take(this.#next.slice(this.#text.length)), PAUSE_MS);
    return true;
  }

  #take(piece: string): void {
    if (!piece) return;
    this.#text = this.#next;
    const { finished, open } = this.#splitter.push(piece);
    const placed = this.#place([...finished, ...open]);
    const settled = placed.slice(0, finished.length);
    this.#finished.push(...settled);
    this.#open = placed.slice(finished.length);
    for (const { element } of settled) if (element) settle(element);
    for (const { element } of this.#open) if (element) void drawFormulas(element);
  }

  /**
   * The text is complete. One pass over all of it mends what only the end could tell, such as links whose address
   * came last; blocks that were right stay untouched.
   */
  finish(text: string): void {
    this.#next = text;
    this.flush();
    clearTimeout(this.#later);
    this.#take(this.#next.slice(this.#text.length));
    const links: Links = {};
    const blocks = splitWhole(text, links);
    const late = Object.keys(links).length > 0;
    const before = [...this.#finished, ...this.#open];
    let cursor = 0;
    this.#finished = blocks.map((block, index) => {
      const there = before[index];
      const start = this.#find(block, cursor);
      cursor = start + block.raw.length;
      if (there && there.raw === block.raw && !(late && block.raw.includes("["))) return there;
      return this.#placed(block, start);
    });
    this.#open = [];
    const elements = this.#finished.flatMap(({ element }) => element ?? []);
    const kept = new Set<Node>(elements);
    for (const child of [...this.#root.childNodes]) if (!kept.has(child)) child.remove();
    elements.forEach((element, index) => {
      const there = this.#root.childNodes[index];
      if (there !== element) this.#root.insertBefore(element, there ?? null);
    });
    for (const element of elements) settle(element);
    dropLooseMarks(this.#root);
  }

  /**
   * The text is complete, and nothing of it was shown before: it is put into the page in portions, the first at once.
   * After `update` this is `finish`.
   */
  show(text: string): void {
    if (this.#text || this.#next) return this.finish(text);
    this.#text = this.#next = text;
    this.#whole = true;
    const blocks = splitWhole(text);
    let at = 0;
    let cursor = 0;
    const step = (): void => {
      const until = performance.now() + PORTION_MS;
      const portion: Placed[] = [];
      for (; at < blocks.length && (!portion.length || performance.now() < until); at++) {
        const placed = this.#placed(blocks[at]!, this.#find(blocks[at]!, cursor));
        cursor = placed.start + placed.raw.length;
        portion.push(placed);
      }
      const elements = portion.flatMap(({ element }) => element ?? []);
      this.#root.append(...elements);
      this.#finished.push(...portion);
      for (const element of elements) settle(element);
      if (at < blocks.length) this.#later = setTimeout(step, 0);
      else dropLooseMarks(this.#root);
    };
    step();
  }

  /** What is open beside the answer; its chip says so. */
  open(opened: Opened | null): void {
    if (opened?.source === this.#opened?.source && opened?.sentence === this.#opened?.sentence) return;
    this.#opened = opened;
    markChips(this.#root, opened);
  }

  /** The sentences that were held against the sources so far, in order; they are marked where they stand. */
  prove(sentences: readonly ProvedSentence[]): void {
    this.#sentences = sentences;
    for (const placed of [...this.#finished, ...this.#open]) {
      if (!placed.element) continue;
      const changed = this.#sentencesOf(placed).some(([index, { verdict }]) => {
        const mark = markOf(placed.element!, index);
        return mark !== null && (verdict === "unsupported") !== mark.classList.contains("unproved");
      });
      if (changed) this.#renew(placed);
      else this.#mark(placed);
    }
  }

  #sentencesOf({ start, raw }: Omit<Placed, "element">): (readonly [number, ProvedSentence])[] {
    return (this.#sentences ?? []).flatMap((one, index) =>
      one.start >= start && one.start < start + raw.length ? [[index, one] as const] : [],
    );
  }

  #mark(placed: Placed): void {
    const sentences = this.#sentencesOf(placed);
    const { element } = placed;
    if (!element || !sentences.some(([index, { verdict }]) => verdict !== "open" && !markOf(element, index))) return;
    markSentences(element, this.#text, sentences, this.#name);
    if (this.#opened) markChips(element, this.#opened);
  }

  /** Something that was said of it is said no more. */
  #renew(placed: Placed): void {
    const [block] = splitWhole(placed.raw);
    const fresh = block ? this.#rendered(block, placed.start) : null;
    if (!fresh) return;
    placed.element?.replaceWith(fresh);
    placed.element = fresh;
    settle(fresh);
  }

  destroy(): void {
    clearTimeout(this.#later);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Puts blocks where the open ones stand, changing as little as possible. */
  #place(blocks: readonly Block[]): Placed[] {
    const old = this.#open.map(({ element }) => element);
    const last = this.#finished.at(-1);
    let cursor = last ? last.start + last.raw.length : 0;
    const placed = blocks.map((block, index): Placed => {
      const there = this.#open[index];
      const start = this.#find(block, cursor);
      const { raw } = block;
      cursor = start + raw.length;
      if (there && there.raw === raw) {
        old[index] = null;
        return there;
      }
      const current = old[index];
      if (current && block.token.type === "code" && growCode(current, languageOf(block), block.token.text as string)) {
        old[index] = null;
        return { raw, start, element: current };
      }
      const element = this.#rendered(block, start);
      if (!current || !element) return { raw, start, element };
      old[index] = null;
      return { raw, start, element: patch(current, element) };
    });
    for (const element of old) element?.remove();
    for (const { element } of placed) {
      if (element && element.parentNode !== this.#root) this.#root.append(element);
    }
    return placed;
  }

  /** Where a block stands in the text; blocks come in order. */
  #find(block: Block, from: number): number {
    const start = this.#text.indexOf(block.raw, from);
    return start < 0 ? from : start;
  }

  #placed(block: Block, start: number): Placed {
    return { raw: block.raw, start, element: this.#rendered(block, start) };
  }

  #rendered(block: Block, start: number): HTMLElement | null {
    try {
      const element = this.#render(block, this.#name, this.#sentences !== null);
      if (element) this.#mark({ raw: block.raw, start, element });
      if (element && this.#opened) markChips(element, this.#opened);
      return element;
    } catch {
      return plain(block.raw);
    }
  }

  #reset(): void {
    clearTimeout(this.#later);
    this.#whole = false;
    this.#root.replaceChildren();
    this.#splitter = new BlockSplitter();
    this.#finished = [];
    this.#open = [];
    this.#text = "";
  }
}

/** One block as one element. Throws when a part of the pipeline gives up on it. */
export function renderBlock(block: Block, name: SourceName, proved = false): HTMLElement | null {
  const { token } = block;
  if (token.type === "def") return null;
  if (token.type === "plain") return plain(block.raw);
  if (token.type === "code") return codeFigure(languageOf(block), token.text as string);
  if (!holdsHtml(token)) {
    const element = build(token);
    if (element) insertChips(element, name, proved);
    return element;
  }
  return viaHtml(block, name, proved);
}

/** The way of blocks in which HTML is written; all others would come out the same by it. */
export function viaHtml({ token }: Block, name: SourceName, proved = false): HTMLElement | null {
  const fragment = sanitize(toHtml(token));
  dress(fragment);
  insertChips(fragment, name, proved);
  const children = [...fragment.childNodes].filter((node) => node instanceof Element || node.textContent?.trim());
  const [only] = children;
  if (!only) return null;
  if (children.length === 1 && only instanceof HTMLElement && only.tagName !== "BR") return document.adoptNode(only);
  const box = document.createElement("div");
  box.append(...children);
  return box;
}

function languageOf({ token }: Block): string {
  return language((token as { lang?: string }).lang);
}

function markChips(root: ParentNode, opened: Opened | null): void {
  for (const chip of root.querySelectorAll<HTMLElement>(".cite")) {
    const { source, sentence } = chip.dataset;
    const isOpen = opened !== null && Number(source) === opened.source && sentence === opened.sentence?.toString();
    chip.setAttribute("aria-expanded", String(isOpen));
  }
}

/** Marks whose footnote never came are the text they were. */
function dropLooseMarks(root: HTMLElement): void {
  const notes = new Set<string | undefined>();
  for (const note of root.querySelectorAll<HTMLElement>(".footnote")) notes.add(note.dataset.note);
  for (const mark of root.querySelectorAll<HTMLElement>(".note-mark")) {
    if (!notes.has(mark.dataset.note)) (mark.closest("sup") ?? mark).replaceWith(`[^${mark.dataset.note}]`);
  }
}

function plain(text: string): HTMLElement {
  const paragraph = document.createElement("p");
  paragraph.className = "plain";
  paragraph.dir = "auto";
  paragraph.textContent = text;
  return paragraph;
}

/** What waits until a block is complete. */
function settle(element: HTMLElement): void {
  void drawFormulas(element);
  void highlight(element);
  if (element.querySelector('code[data-language="mermaid"]')) void import("./diagram").then(({ drawDiagrams }) => drawDiagrams(element));
}
