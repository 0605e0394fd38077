// Finds a text in what is shown by its letters and figures alone: marks, spaces, ligatures and line breaks may differ.

/** A part of a text node, in UTF-16 units. */
export interface Piece {
  node: Text;
  from: number;
  to: number;
}

const LETTER = /[\p{L}\p{N}]/u;
const PLAIN = /^[a-z0-9]$/;

/** Letters and figures of a text, in small letters; `each` is told where each of them stands (UTF-16, end excluded). */
function fold(text: string, each: (letter: string, from: number, to: number) => void): void {
  let at = 0;
  for (const sign of text) {
    const end = at + sign.length;
    const small = sign.toLowerCase();
    if (PLAIN.test(small)) each(small, at, end);
    else for (const part of small.normalize("NFKD")) if (LETTER.test(part)) each(part, at, end);
    at = end;
  }
}

export function lettersOf(text: string): string {
  let letters = "";
  fold(text, (letter) => (letters += letter));
  return letters;
}

/** The letters of the text below a node, with the way back to it. `skipped`: a selector of what does not count. */
export class Letters {
  readonly text: string;
  readonly #places: Piece[] = [];
  readonly #nodes: Text[] = [];

  constructor(root: Node, skipped = "") {
    let text = "";
    const walker = (root.ownerDocument ?? document).createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode as Text;
      if (skipped && node.parentElement?.closest(skipped)) continue;
      this.#nodes.push(node);
      fold(node.data, (letter, from, to) => {
        for (let unit = 0; unit < letter.length; unit++) this.#places.push({ node, from, to });
        text += letter;
      });
    }
    this.text = text;
  }

  /** Where `letters` (as of `lettersOf`) stand first, from a position on; null when they do not. */
  find(letters: string, from = 0): { start: number; end: number } | null {
    const start = letters ? this.text.indexOf(letters, from) : -1;
    return start < 0 ? null : { start, end: start + letters.length };
  }

  /** The pieces of text nodes from one position to another, with what stands between them; each node once, in order. */
  pieces(start: number, end: number): Piece[] {
    const pieces: Piece[] = [];
    for (const { node, from, to } of this.#places.slice(start, end)) {
      const last = pieces.at(-1);
      if (last?.node === node) {
        last.to = to;
        continue;
      }
      if (last) last.to = last.node.data.length;
      pieces.push({ node, from: last ? 0 : from, to });
    }
    return pieces;
  }

  /** The text node that follows another; null after the last. */
  after(node: Text): Text | null {
    return this.#nodes[this.#nodes.indexOf(node) + 1] ?? null;
  }

  range(start: number, end: number): Range | null {
    const first = this.#places[start];
    const last = this.#places[end - 1];
    if (!first || !last) return null;
    const range = document.createRange();
    range.setStart(first.node, first.from);
    range.setEnd(last.node, last.to);
    return range;
  }
}

/**
 * Where words stand in a text that may have been read another way: all of them, or, where a line or a column break
 * fell between, their longest beginning and end that are there (each at least `LEAST` letters).
 */
export function rangesOf(letters: Letters, words: string): Range[] {
  const wanted = lettersOf(words);
  const whole = letters.find(wanted);
  if (whole) return asRanges(letters, [whole]);
  const head = longest(wanted.length, (length) => letters.find(wanted.slice(0, length)));
  const rest = wanted.slice(head ? head.end - head.start : 0);
  const tail = longest(rest.length, (length) => letters.find(rest.slice(rest.length - length)));
  return asRanges(letters, [head, tail]);
}

const LEAST = 12;

function longest<T>(length: number, find: (length: number) => T | null): T | null {
  let low = LEAST;
  let high = length;
  let best: T | null = null;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = find(middle);
    if (found) {
      best = found;
      low = middle + 1;
    } else high = middle - 1;
  }
  return best;
}

function asRanges(letters: Letters, found: readonly ({ start: number; end: number } | null)[]): Range[] {
  return found.flatMap((one) => (one ? (letters.range(one.start, one.end) ?? []) : []));
}
