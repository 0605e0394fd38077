// The elements of an answer that look or behave in a way of our own: links, tables, tasks, footnotes, formulas.
import { t } from "../i18n";

const OPENS = /^(?:https?|mailto):/i;

/** A link that opens outside, or null when the address is of a kind that is not opened. */
export function link(href: string, title?: string | null): HTMLAnchorElement | null {
  if (!OPENS.test(href)) return null;
  const element = document.createElement("a");
  element.className = "link";
  // A direction of its own: what stands in it cannot turn round what stands beside it.
  element.dir = "auto";
  element.setAttribute("href", href);
  if (title) element.title = title;
  element.target = "_blank";
  element.rel = "noopener noreferrer";
  return element;
}

/** The page's title is the h1 and each turn an h2, so headings of an answer are h3 and h4. */
export function heading(depth: number): HTMLHeadingElement {
  return document.createElement(depth <= 2 ? "h3" : "h4");
}

/** A box of a task: to be read, not to be changed. Its name is the task. */
export function checkbox(checked: boolean): HTMLInputElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.disabled = true;
  if (checked) box.setAttribute("checked", "");
  return box;
}

/** Names the boxes under `root` after the words beside them. */
export function nameTasks(root: ParentNode): void {
  for (const box of root.querySelectorAll("input")) {
    const item = box.closest("li");
    if (!item) continue;
    item.classList.add("task");
    const words = item.cloneNode(true) as HTMLElement;
    for (const inner of words.querySelectorAll("ul, ol, figure")) inner.remove();
    box.setAttribute("aria-label", words.textContent?.trim().replace(/\s+/g, " ").slice(0, 200) || t("task"));
  }
}

/** A table in a region of its own that scrolls sideways. */
export function scroller(table: HTMLTableElement): HTMLElement {
  const wide = document.createElement("div");
  wide.className = "wide";
  wide.tabIndex = 0;
  wide.setAttribute("role", "group");
  wide.setAttribute("aria-label", t("table"));
  wide.append(table);
  return wide;
}

const NUMBER = /^[-+−–±~≈<>]?\s?\p{Sc}?\s?\d[\d\s.,'’:]*\s?(?:%|\p{Sc}|[a-zA-Zµ°][a-zA-Zµ°²³/]{0,5})?$/u;
const NOTHING = /^(?:[-–—]|n\/a)?$/i;

/** Whether the cells of a column are numbers, with or without a unit; empty ones do not count. */
export function areNumbers(cells: readonly string[]): boolean {
  let numbers = 0;
  for (const cell of cells) {
    const text = cell.trim();
    if (text.length <= 40 && NUMBER.test(text)) numbers++;
    else if (!NOTHING.test(text)) return false;
  }
  return numbers > 0;
}

/** The mark in the text of a footnote; a click leads to the note. */
export function noteMark(label: string): HTMLElement {
  const mark = document.createElement("sup");
  mark.append(noteButton("note-mark", label, label, t("footnote", label)));
  return mark;
}

/** What a footnote begins with, and the way back to its mark, which it ends with. */
export function noteEnds(label: string): [HTMLElement, HTMLElement] {
  const begin = document.createElement("sup");
  begin.textContent = label;
  return [begin, noteButton("note-back", label, "↩", t("footnoteBack", label))];
}

function noteButton(kind: string, label: string, text: string, name: string): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = kind;
  button.dataset.note = label;
  button.setAttribute("aria-label", name);
  button.textContent = text;
  return button;
}

export function formulaElement(kind: "inline" | "block", tex: string): HTMLElement {
  const element = document.createElement(kind === "inline" ? "span" : "div");
  element.className = `math-${kind}`;
  element.dataset.tex = tex;
  element.textContent = tex;
  return element;
}
