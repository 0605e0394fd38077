// Markdown → tokens → HTML text: marked with GitHub's dialect, formulas and footnotes. Nothing here is safe to insert.
import { Marked, type Links, type Token, type TokenizerAndRendererExtension, type Tokens } from "marked";

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : "&quot;"));

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
const INLINE_MATH = [
  /^\$\$([^$\n]+?)\$\$/,
  /^\$(?![\s$])((?:\\[^\n]|[^\\$\n])+?)(?<!\s)\$(?!\d)/,
  /^\\\(([^\n]+?)\\\)/,
];
const BLOCK_MATH = [/^ {0,3}\$\$([\s\S]+?)\$\$[ \t]*(?:\n|$)/, /^ {0,3}\\\[([\s\S]+?)\\\][ \t]*(?:\n|$)/];

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
  renderer: (token) => `<sup>${escape(String(token.label))}</sup>`,
};

const footnote: TokenizerAndRendererExtension = {
  name: "footnote",
  level: "block",
  start: (src) => {
    const at = src.search(/^\[\^[^\]\s]+\]:/m);
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
    return `<p class="footnote"><sup>${escape(String(token.label))}</sup> ${this.parser.parseInline(token.tokens ?? [])}</p>\n`;
  },
};

const marked = new Marked({
  gfm: true,
  breaks: true,
});

marked.use({
  extensions: [
    formula("block", (src) => src.search(/^ {0,3}(?:\$\$|\\\[)/m), BLOCK_MATH),
    formula("inline", (src) => src.search(/\$|\\\(/), INLINE_MATH),
    footnote,
    footnoteMark,
  ],
  renderer: {
    code: ({ text, lang }: Tokens.Code) => `<pre data-lang="${escape(language(lang))}"><code>${escape(text)}</code></pre>\n`,
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
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
  const tokens = lexer.lex(source);
  Object.assign(links, lexer.tokens.links);
  return tokens;
}

export function toHtml(token: Token): string {
  return marked.parser([token]);
}
