// Splits a growing text into top-level blocks: those that no further text can change, and those still open.
import type { Links, Token } from "marked";
import { lex } from "./parse";

/** A top-level block and the text that it stands for, line ends at its end left out. */
export interface Block {
  raw: string;
  token: Token;
}

export interface Split {
  /** Blocks that became final with this step, in order. */
  finished: Block[];
  /** What may still change; replaces the open blocks of the step before. */
  open: Block[];
}

/** A fence that is open: until its closing line comes, all that is added is code. */
interface Fence {
  token: Token;
  /** Where its code begins in the tail. */
  from: number;
  closing: RegExp;
}

export class BlockSplitter {
  readonly links: Links = {};
  #tail = "";
  #halfLineEnd = false;
  #fence: Fence | null = null;

  /** What each further step parses again, in characters. */
  get pending(): number {
    return this.#fence ? 0 : this.#tail.length;
  }

  /** Takes the next piece of text. */
  push(piece: string): Split {
    const lastLine = this.#tail.lastIndexOf("\n") + 1;
    this.#tail += this.#normalised(piece);
    const inFence = this.#fence && this.#grownFence(this.#fence, lastLine);
    if (inFence) return { finished: [], open: [inFence] };
    const tokens = lexSafely(this.#tail, this.links);
    const split: Split = { finished: [], open: [] };
    const until = finalTokens(tokens, this.#tail);
    let length = 0;
    tokens.forEach((token, index) => {
      if (index < until) length += token.raw.length;
      if (token.type !== "space") (index < until ? split.finished : split.open).push(asBlock(token));
    });
    this.#tail = this.#tail.slice(length);
    this.#fence = openFence(split.open, this.#tail);
    return split;
  }

  /** The block of an open fence with what was added to it; null once a line may close it. */
  #grownFence({ token, from, closing }: Fence, lastLine: number): Block | null {
    if (closing.test(this.#tail.slice(Math.max(from, lastLine)))) return null;
    return asBlock({ ...token, raw: this.#tail, text: this.#tail.slice(from).replace(/\n$/, "") } as Token);
  }

  /** Windows line ends become plain ones, also when a piece ends between their two characters. */
  #normalised(piece: string): string {
    const text = this.#halfLineEnd ? "\r" + piece : piece;
    this.#halfLineEnd = text.endsWith("\r");
    return (this.#halfLineEnd ? text.slice(0, -1) : text).replace(/\r\n?/g, "\n");
  }
}

function openFence(open: readonly Block[], tail: string): Fence | null {
  const [block] = open;
  if (open.length !== 1 || block?.token.type !== "code") return null;
  const first = /^(`{3,}|~{3,})[^\n]*\n/.exec(tail);
  if (!first) return null;
  const from = first[0].length;
  const closing = new RegExp(`^ {0,3}${first[1]}[~\`]* *$`, "m");
  return closing.test(tail.slice(from)) ? null : { token: block.token, from, closing };
}

/** All blocks of a text that is complete: definitions that come late are known to each of them. */
export function splitWhole(text: string, links: Links = {}): Block[] {
  return lexSafely(text.replace(/\r\n?/g, "\n"), links)
    .filter((token) => token.type !== "space")
    .map(asBlock);
}

function asBlock(token: Token): Block {
  return { raw: token.raw.replace(/\n+$/, ""), token };
}

/**
 * How many tokens, from the first, are final. A block is final once another stands after it whose first line is
 * complete: until then that line may turn out to continue the block before ("2" of "2. next" after a list).
 */
function finalTokens(tokens: readonly Token[], source: string): number {
  let final = 0;
  let offset = 0;
  let seen = false;
  tokens.forEach((token, index) => {
    if (token.type !== "space") {
      if (seen && source.includes("\n", offset)) final = index;
      seen = true;
    }
    offset += token.raw.length;
  });
  return final;
}

/** Nobody nests quotes and lists so deep on a line; the lexer takes minutes for thousands of them. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){64}/m;

/** Text that the lexer gives up on is one plain block, and so is a line that it would be too long at. */
function lexSafely(source: string, links: Links): Token[] {
  const tokens: Token[] = [];
  let rest = source;
  for (let deep = TOO_DEEP.exec(rest); deep; deep = TOO_DEEP.exec(rest)) {
    const end = rest.indexOf("\n", deep.index) + 1 || rest.length;
    tokens.push(...lexOrPlain(rest.slice(0, deep.index), links), plainToken(rest.slice(deep.index, end)));
    rest = rest.slice(end);
  }
  tokens.push(...lexOrPlain(rest, links));
  return tokens;
}

function lexOrPlain(source: string, links: Links): Token[] {
  try {
    return lex(source, links);
  } catch {
    return source ? [plainToken(source)] : [];
  }
}

function plainToken(raw: string): Token {
  return { type: "plain", raw } as Token;
}
