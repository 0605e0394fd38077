// An answer as plain text: no marks of Markdown, tables with tabs, code as it stands.
import type { Token, Tokens } from "marked";
import { lex } from "../../markdown/parse";

export function plainText(markdown: string): string {
  return blocks(lex(markdown, {})).trim();
}

function blocks(tokens: readonly Token[]): string {
  return tokens.map(block).filter(Boolean).join("\n\n");
}

function block(token: Token): string {
  switch (token.type) {
    case "space":
    case "hr":
    case "def":
      return "";
    case "code":
      return (token as Tokens.Code).text;
    case "list":
      return list(token as Tokens.List);
    case "blockquote":
      return blocks((token as Tokens.Blockquote).tokens);
    case "table": {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].map((row) => row.map((cell) => inline(cell.tokens)).join("\t")).join("\n");
    }
    default:
      return "tokens" in token && token.tokens ? inline(token.tokens) : formula(token);
  }
}

function list({ ordered, start, items }: Tokens.List): string {
  return items
    .map((item, index) => {
      const mark = ordered ? `${Number(start || 1) + index}. ` : "- ";
      const text = item.tokens.map(block).filter(Boolean).join("\n");
      return mark + text.replaceAll("\n", `\n${" ".repeat(mark.length)}`);
    })
    .join("\n");
}

function inline(tokens: readonly Token[]): string {
  return tokens
    .map((token): string => {
      if (token.type === "br") return "\n";
      if (token.type === "footnote-mark") return token.raw;
      if (token.type === "link") {
        const { text, href, tokens: words } = token as Tokens.Link;
        return text === href || href === `mailto:${text}` ? text : `${inline(words)} (${href})`;
      }
      if (token.type === "checkbox") return (token as Tokens.Checkbox).checked ? "☑ " : "☐ ";
      return "tokens" in token && token.tokens?.length ? inline(token.tokens) : formula(token);
    })
    .join("");
}

/** What has no parts: text, code, and the source of a formula. */
function formula(token: Token): string {
  if ("tex" in token) return String(token.tex);
  const text = "text" in token ? String(token.text) : token.raw;
  return token.type === "codespan" ? text : unescaped(text);
}

/** In text an entity is read as its sign. */
function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
