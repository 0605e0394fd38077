// Markdown → tokens → HTML text: marked with GitHub's dialect, formulas and footnotes. Nothing here is safe to insert.
import { Marked, type Links, type Token, type TokenizerAndRendererExtension, type Tokens } from "marked";

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : "&quot;"));

/** Longer runs of text are not searched for emphasis, links and formulas. */
export const MAX_INLINE = 20_000;

interface Formula {
  type: string;
  raw: string;
  tex: string;
}

function formula(kind: "inline" | "block", start: (src: string) => number, match: RegExp[]): TokenizerAndRendererExtension {
  const name = `math-${kind}`;
  return {
    name,
    level: kind,
    start: (src) => {
      const at = start(src);
      return at < 0 ? undefined : at;
    },
    tokenizer(src) {
      for (const pattern of match) {
        const found = pattern.exec(src);
        if (found) return { type: name, raw: found[0], tex: (found[1] ?? "").trim() };
      }
      return undefined;
    },
    renderer: (token) =>
      kind === "block"
        ? `<div class="math-block">${escape((token as Formula).tex)}</div>\n`
        : `<span class="math-inline">${escape((token as Formula).tex)}</span>`,
  };
}

// A dollar opens a formula only before a non-space, and closes it only after one and before no digit: "$5 and $6" are prices.
// How far the other end is looked for is bounded: a text of dollars alone would be searched to its end from each of them.
const INLINE_MATH = [
  /^\$\$([^$\n]{1,2000}?)\$\$/,
  /^\$(?![\s$])((?:\\[^\n]|[^\\$\n]){1,1000}?)(?<!\s)\$(?!\d)/,
  /^\\\(([^\n]{1,2000}?)\\\)/,
];
const BLOCK_MATH = [/^ {0,3}\$\$([\s\S]{1,10000}?)\$\$[ \t]*(?:\n|$)/, /^ {0,3}\\\[([\s\S]{1,10000}?)\\\][ \t]*(?:\n|$)/];

/** Looks as far as the paragraph goes: marked asks at each paragraph, with all that follows. */
function inParagraph(pattern: RegExp): (src: string) => number {
  return (src) => {
    const end = src.indexOf("\n\n");
    return (end < 0 ? src.slice(0, MAX_INLINE) : src.slice(0, end)).search(pattern);
  };
}

const footnoteMark: TokenizerAndRendererExtension = {
  name: "footnote-mark",
  level: "inline",
  start: (src) => {
    const at = src.indexOf("[^");
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found = /^\[\^([^\]\s]{1,40})\](?!:)/.exec(src);
    return found ? { type: "footnote-mark", raw: found[0], label: found[1] } : undefined;
  },
  renderer: (token) => `<sup class="note-mark">${escape(String(token.label))}</sup>`,
};

const findNote = inParagraph(/^\[\^[^\]\s]{1,40}\]:/m);
const footnote: TokenizerAndRendererExtension = {
  name: "footnote",
  level: "block",
  start: (src) => {
    const at = findNote(src);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found = /^\[\^([^\]\s]{1,40})\]:[ \t]*([^\n]*(?:\n(?: {2,}|\t)[^\n]*)*)(?:\n|$)/.exec(src);
    if (!found) return undefined;
    const token = { type: "footnote", raw: found[0], label: found[1], tokens: [] as Token[] };
    this.lexer.inline((found[2] ?? "").trim(), token.tokens);
    return token;
  },
  renderer(token) {
    return `<p class="footnote"><sup class="note-label">${escape(String(token.label))}</sup> ${this.parser.parseInline(token.tokens ?? [])}</p>\n`;
  },
};

const marked = new Marked({
  gfm: true,
  breaks: true,
});

marked.use({
  extensions: [
    formula("block", inParagraph(/^ {0,3}(?:\$\$|\\\[)/m), BLOCK_MATH),
    formula("inline", (src) => src.search(/\$|\\\(/), INLINE_MATH),
    footnote,
    footnoteMark,
  ],
  renderer: {
    code: ({ text, lang }: Tokens.Code) => `<pre data-lang="${escape(language(lang))}"><code>${escape(text)}</code></pre>\n`,
    checkbox: ({ checked }: Tokens.Checkbox) => `<span class="task-${checked ? "done" : "open"}"></span> `,
  },
});

/** The first word of a fence's info string: the language, or "". */
export function language(info: string | undefined): string {
  return (info ?? "").trim().split(/[\s{,:]/)[0] ?? "";
}

/** Block tokens of `source`; `links` are definitions known from elsewhere and take those found here. */
export function lex(source: string, links: Links): Token[] {
  const lexer = new marked.Lexer(marked.defaults);
  Object.assign(lexer.tokens.links, links);
  lexer.blockTokens(source, lexer.tokens);
  // As the lexer does it, but for runs that are too long.
  for (const { src, tokens } of lexer.inlineQueue) {
    if (src.length > MAX_INLINE) tokens.push({ type: "text", raw: src, text: src, plain: true } as Token);
    else lexer.inlineTokens(src, tokens);
  }
  Object.assign(links, lexer.tokens.links);
  return lexer.tokens;
}

/** The address of a link as it may stand in the page; null when it cannot. */
export function address(href: string): string | null {
  try {
    return encodeURI(href).replace(/%25/g, "%");
  } catch {
    return null; // half of a surrogate pair
  }
}

export function toHtml(token: Token): string {
  return marked.parser([token]);
}
