// Tokens → elements, with no HTML between. Blocks in which HTML is written as such go through the sanitizer instead.
import type { Token, Tokens } from "marked";
import { codeFigure } from "./code";
import { areNumbers, checkbox, formulaElement, heading, link, nameTasks, noteEnds, noteMark, scroller } from "./elements";
import { decoded } from "./entities";
import { address, language } from "./parse";
import { MAX_ROWS, moreRows } from "./rows";

/** Lists and quotes in each other beyond this depth are shown as the text they are. */
export const MAX_DEPTH = 40;

/** Whether HTML is written as such in it: only the sanitizer may read that. */
export function holdsHtml(token: Token): boolean {
  return token.raw.includes("<") && anyHtml([token], 0);
}

function anyHtml(tokens: readonly Token[], depth: number): boolean {
  if (depth > 2 * MAX_DEPTH) return false;
  return tokens.some((token) => {
    if (token.type === "html") return true;
    if (token.type === "list") return anyHtml((token as Tokens.List).items, depth + 1);
    if (token.type === "table") {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].some((row) => row.some((cell) => anyHtml(cell.tokens, depth + 1)));
    }
    const inner = (token as { tokens?: Token[] }).tokens;
    return inner !== undefined && anyHtml(inner, depth + 1);
  });
}

/** One block as one element; null: it shows nothing. */
export function build(token: Token): HTMLElement | null {
  const made: Node[] = [];
  block(token, made, 0);
  const [only] = made;
  if (!(only instanceof HTMLElement)) return null;
  if (token.type === "list" && only.querySelector("input")) nameTasks(only);
  return only;
}

function element(tag: string, tokens: readonly Token[] | undefined, depth: number): HTMLElement {
  const made = document.createElement(tag);
  fill(made, tokens, depth);
  return made;
}

function fill(parent: Element, tokens: readonly Token[] | undefined, depth: number): void {
  const made: Node[] = [];
  for (const token of tokens ?? []) block(token, made, depth);
  // Neighbouring texts become one, as a parser of HTML would leave them.
  let last: Text | null = null;
  for (const node of made) {
    if (node instanceof Text && last) last.appendData(node.data);
    else {
      parent.append(node);
      last = node instanceof Text ? node : null;
    }
  }
}

/** Block and inline tokens alike: an item of a tight list holds both. */
function block(token: Token, into: Node[], depth: number): void {
  if (depth > MAX_DEPTH) {
    into.push(document.createTextNode(token.raw));
    return;
  }
  const tokens = (token as { tokens?: Token[] }).tokens;
  switch (token.type) {
    case "space":
    case "def":
      return;
    case "paragraph":
      into.push(directed(element("p", tokens, depth)));
      return;
    case "heading": {
      const made = heading(token.depth as number);
      fill(made, tokens, depth);
      into.push(directed(made));
      return;
    }
    case "blockquote":
      into.push(directed(element("blockquote", tokens, depth + 1)));
      return;
    case "list":
      into.push(list(token as Tokens.List, depth + 1));
      return;
    case "table":
      into.push(tableOf(token as Tokens.Table, depth));
      return;
    case "code":
      into.push(codeFigure(language(token.lang as string | undefined), token.text as string));
      return;
    case "hr":
      into.push(document.createElement("hr"));
      return;
    case "math-block":
      into.push(formulaElement("block", token.tex as string));
      return;
    case "footnote":
      into.push(note(token, depth));
      return;
    default:
      inline(token, into, depth);
  }
}

const PLAIN_INLINE: Record<string, string> = { strong: "strong", em: "em", del: "del" };

function inline(token: Token, into: Node[], depth: number): void {
  const tokens = (token as { tokens?: Token[] }).tokens;
  const tag = PLAIN_INLINE[token.type];
  if (tag) into.push(element(tag, tokens, depth + 1));
  else if (token.type === "codespan") {
    const code = document.createElement("code");
    code.textContent = token.text as string;
    into.push(code);
  } else if (token.type === "br") into.push(document.createElement("br"));
  else if (token.type === "link") linked(token as Tokens.Link, into, depth + 1);
  else if (token.type === "image") pictured(token as Tokens.Image, into);
  else if (token.type === "math-inline") into.push(formulaElement("inline", token.tex as string));
  else if (token.type === "footnote-mark") into.push(noteMark(String(token.label)));
  else if (token.type === "checkbox") into.push(checkbox(token.checked as boolean), document.createTextNode(" "));
  else if (tokens) for (const inner of tokens) block(inner, into, depth);
  else into.push(document.createTextNode(decoded((token as { text?: string }).text ?? token.raw)));
}

/** Each block takes the direction of its own first words. */
function directed(made: HTMLElement): HTMLElement {
  made.dir = "auto";
  return made;
}

function list(token: Tokens.List, depth: number): HTMLElement {
  const made = document.createElement(token.ordered ? "ol" : "ul");
  if (token.ordered && token.start !== 1) made.setAttribute("start", String(token.start));
  for (const item of token.items) made.append(directed(element("li", item.tokens, depth)));
  return directed(made);
}

/** An address that is not opened leaves its words. */
function linked(token: Tokens.Link, into: Node[], depth: number): void {
  const made = link(address(decoded(token.href)) ?? "", token.title && decoded(token.title));
  if (made) {
    fill(made, withoutLinks(token.tokens), depth);
    into.push(made);
  } else for (const inner of token.tokens) inline(inner, into, depth);
}

/** A picture in a link is named in it: it would be a link of its own. */
function withoutLinks(tokens: readonly Token[]): Token[] {
  return tokens.map((token) => (token.type === "image" ? ({ type: "text", raw: token.raw, text: token.text || token.href } as Token) : token));
}

/** A remote picture is not loaded: the address of one can carry words out. It is named, and opens on a click. */
function pictured(token: Tokens.Image, into: Node[]): void {
  const alt = decoded(token.text);
  const made = link(address(decoded(token.href)) ?? "", token.title && decoded(token.title));
  if (made) made.textContent = alt || token.href;
  into.push(made ?? document.createTextNode(alt || token.href));
}

function tableOf(token: Tokens.Table, depth: number): HTMLElement {
  const made = document.createElement("table");
  const sides = token.header.map((cell, column) =>
    cell.align === "right" || (!cell.align && areNumbers(token.rows.slice(0, MAX_ROWS).map((row) => row[column]?.text ?? "")))
      ? "r"
      : cell.align === "center"
        ? "m"
        : "",
  );
  const row = (cells: readonly Tokens.TableCell[]): HTMLTableRowElement => {
    const line = document.createElement("tr");
    cells.forEach((cell, column) => {
      const box = directed(element(cell.header ? "th" : "td", cell.tokens, depth + 1));
      if (cell.header) box.setAttribute("scope", "col");
      if (sides[column]) box.className = sides[column];
      line.append(box);
    });
    return line;
  };
  made.createTHead().append(row(token.header));
  const wide = scroller(made);
  if (!token.rows.length) return wide;
  const body = made.createTBody();
  body.append(...token.rows.slice(0, MAX_ROWS).map(row));
  if (token.rows.length <= MAX_ROWS) return wide;
  const box = document.createElement("div");
  box.append(wide, moreRows(token.rows.length, (from) => token.rows.slice(from, from + MAX_ROWS).map(row)));
  return box;
}

function note(token: Token, depth: number): HTMLElement {
  const made = document.createElement("p");
  made.className = "footnote";
  const label = String((token as { label?: string }).label);
  made.dataset.note = label;
  made.tabIndex = -1;
  const [begin, back] = noteEnds(label);
  made.append(begin, " ");
  fill(made, (token as { tokens?: Token[] }).tokens, depth);
  made.append(" ", back);
  return directed(made);
}
