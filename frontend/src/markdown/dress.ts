// A sanitized fragment gets the look and the behaviour of the page: links, pictures, tables, headings, code, formulas.
import { codeFigure } from "./code";
import { checkbox, heading, link, nameTasks, noteEnds, noteMark, scroller } from "./elements";

export function dress(fragment: DocumentFragment): void {
  // Pictures first: one inside a link becomes a link of its own.
  for (const image of fragment.querySelectorAll("img")) image.replaceWith(pictureLink(image));
  for (const one of fragment.querySelectorAll("a")) dressLink(one);
  for (const pre of fragment.querySelectorAll("pre")) {
    pre.replaceWith(codeFigure(pre.dataset.lang ?? "", pre.textContent ?? ""));
  }
  for (const table of fragment.querySelectorAll("table")) dressTable(table);
  for (const title of fragment.querySelectorAll("h1, h2, h3, h4, h5, h6")) lower(title);
  for (const block of fragment.querySelectorAll<HTMLElement>("p, h3, h4, ul, ol, li, blockquote, td, th")) block.dir = "auto";
  for (const math of fragment.querySelectorAll<HTMLElement>(".math-inline, .math-block")) {
    math.dataset.tex = math.textContent ?? "";
  }
  for (const box of fragment.querySelectorAll(".task-done, .task-open")) {
    box.replaceWith(checkbox(box.className === "task-done"));
  }
  nameTasks(fragment);
  for (const mark of fragment.querySelectorAll(".note-mark")) mark.replaceWith(noteMark(mark.textContent ?? ""));
  for (const note of fragment.querySelectorAll<HTMLElement>(".footnote")) dressNote(note);
}

/** A remote picture is not loaded: the address of one can carry words out. It is named, and opens on a click. */
function pictureLink(image: HTMLImageElement): Node {
  const source = image.getAttribute("src") ?? "";
  const words = image.getAttribute("alt") || source;
  const made = image.closest("a") ? null : link(source, image.getAttribute("title"));
  if (!made) return document.createTextNode(words);
  made.textContent = words;
  return made;
}

function dressLink(written: HTMLAnchorElement): void {
  const made = link(written.getAttribute("href") ?? "", written.getAttribute("title"));
  made?.append(...written.childNodes);
  written.replaceWith(...(made ? [made] : written.childNodes));
}

function dressTable(table: HTMLTableElement): void {
  for (const cell of table.querySelectorAll("th, td")) {
    const align = cell.getAttribute("align");
    if (align === "right") cell.classList.add("r");
    if (align === "center") cell.classList.add("m");
    cell.removeAttribute("align");
  }
  for (const head of table.querySelectorAll("thead th")) head.setAttribute("scope", "col");
  const mark = document.createComment("");
  table.replaceWith(mark);
  mark.replaceWith(scroller(table));
}

function lower(written: Element): void {
  const lowered = heading(Number(written.tagName.slice(1)));
  lowered.append(...written.childNodes);
  written.replaceWith(lowered);
}

function dressNote(note: HTMLElement): void {
  const label = note.querySelector(".note-label");
  if (!label) return;
  note.dataset.note = label.textContent ?? "";
  note.tabIndex = -1;
  const [begin, back] = noteEnds(note.dataset.note);
  label.replaceWith(begin);
  note.append(" ", back);
}
