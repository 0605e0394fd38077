// Colours finished blocks of code with classes; the highlighter is loaded when the first one appears.
import { sanitizeHighlighted } from "./sanitize";

/** Longer blocks stay plain: colouring them would hold up the page. */
const LONGEST = 60_000;

let loading: Promise<typeof import("./languages").default> | undefined;

export async function highlight(root: ParentNode): Promise<void> {
  const blocks = [...root.querySelectorAll<HTMLElement>("code[data-language]:not([data-coloured])")].filter(
    (code) => code.dataset.language && (code.textContent?.length ?? 0) <= LONGEST,
  );
  if (!blocks.length) return;
  loading ??= import("./languages").then((module) => module.default);
  const hljs = await loading;
  for (const code of blocks) {
    const language = code.dataset.language ?? "";
    if (!hljs.getLanguage(language)) continue;
    code.dataset.coloured = "";
    code.replaceChildren(sanitizeHighlighted(hljs.highlight(code.textContent ?? "", { language, ignoreIllegals: true }).value));
  }
}
