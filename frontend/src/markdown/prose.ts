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
import { sanitize } from "./sanitize";

/** Open text that is longer than this, in characters, is parsed again only once it grew by a `STEPS`th, or after a pause. */
const LONG_BLOCK = 8_000;
const STEPS = 64;
const PAUSE_MS = 300;
/** A long answer that is opened goes into the page in portions of this time. */
const PORTION_MS = 8;

interface Placed {
  raw: string;
  /** null: the block shows nothing (a definition, a comment). */
  element: HTMLElement | null;
}

export type RenderBlock = (block: Block, name: SourceName) => HTMLElement | null;

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
  #opened: number | null = null;
  /** Shown at once: the splitter has seen nothing of it. */
  #whole = false;

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
    this.#finished = blocks.map((block, index) => {
      const there = before[index];
      if (there && there.raw === block.raw && !(late && block.raw.includes("["))) return there;
      return { raw: block.raw, element: this.#rendered(block) };
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
    const step = (): void => {
      const until = performance.now() + PORTION_MS;
      const portion: Placed[] = [];
      for (; at < blocks.length && (!portion.length || performance.now() < until); at++) {
        const block = blocks[at]!;
        portion.push({ raw: block.raw, element: this.#rendered(block) });
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

  /** The source whose words are shown; its chips say so. */
  open(source: number | null): void {
    if (source === this.#opened) return;
    this.#opened = source;
    markChips(this.#root, source);
  }

  destroy(): void {
    clearTimeout(this.#later);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Puts blocks where the open ones stand, changing as little as possible. */
  #place(blocks: readonly Block[]): Placed[] {
    const old = this.#open.map(({ element }) => element);
    const placed = blocks.map((block, index): Placed => {
      const there = this.#open[index];
      if (there && there.raw === block.raw) {
        old[index] = null;
        return there;
      }
      const current = old[index];
      if (current && block.token.type === "code" && growCode(current, languageOf(block), block.token.text as string)) {
        old[index] = null;
        return { raw: block.raw, element: current };
      }
      const element = this.#rendered(block);
      if (!current || !element) return { raw: block.raw, element };
      old[index] = null;
      return { raw: block.raw, element: patch(current, element) };
    });
    for (const element of old) element?.remove();
    for (const { element } of placed) {
      if (element && element.parentNode !== this.#root) this.#root.append(element);
    }
    return placed;
  }

  #rendered(block: Block): HTMLElement | null {
    try {
      const element = this.#render(block, this.#name);
      if (element && this.#opened !== null) markChips(element, this.#opened);
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
export function renderBlock(block: Block, name: SourceName): HTMLElement | null {
  const { token } = block;
  if (token.type === "def") return null;
  if (token.type === "plain") return plain(block.raw);
  if (token.type === "code") return codeFigure(languageOf(block), token.text as string);
  if (!holdsHtml(token)) {
    const element = build(token);
    if (element) insertChips(element, name);
    return element;
  }
  return viaHtml(block, name);
}

/** The way of blocks in which HTML is written; all others would come out the same by it. */
export function viaHtml({ token }: Block, name: SourceName): HTMLElement | null {
  const fragment = sanitize(toHtml(token));
  dress(fragment);
  insertChips(fragment, name);
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

function markChips(root: ParentNode, opened: number | null): void {
  for (const chip of root.querySelectorAll<HTMLElement>(".cite")) {
    chip.setAttribute("aria-expanded", String(Number(chip.dataset.source) === opened));
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
