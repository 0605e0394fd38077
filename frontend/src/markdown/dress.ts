// A sanitized fragment gets the look and the behaviour of the page: links, pictures, tables, headings, code, formulas.
import { t } from "../i18n";
import { codeFigure } from "./code";

export function dress(fragment: DocumentFragment): void {
  // Pictures first: one inside a link becomes a link of its own.
  for (const image of fragment.querySelectorAll("img")) image.replaceWith(pictureLink(image));
  for (const link of fragment.querySelectorAll("a")) dressLink(link);
  for (const pre of fragment.querySelectorAll("pre")) {
    pre.replaceWith(codeFigure(pre.dataset.lang ?? "", pre.textContent ?? ""));
  }
  for (const table of fragment.querySelectorAll("table")) dressTable(table);
  for (const heading of fragment.querySelectorAll("h1, h2, h3, h4, h5, h6")) lower(heading);
  for (const math of fragment.querySelectorAll<HTMLElement>(".math-inline, .math-block")) {
    math.dataset.tex = math.textContent ?? "";
  }
}

/** A remote picture is not loaded: the address of one can carry words out. It is named, and opens on a click. */
function pictureLink(image: HTMLImageElement): Node {
  const source = image.getAttribute("src");
  const alt = image.getAttribute("alt") ?? "";
  if (!source || image.closest("a")) return document.createTextNode(alt || source || "");
  const link = document.createElement("a");
  link.setAttribute("href", source);
  link.textContent = alt || source;
  return link;
}

function dressLink(link: HTMLAnchorElement): void {
  const href = link.getAttribute("href") ?? "";
  if (!/^(?:https?|mailto):/i.test(href)) {
    link.replaceWith(...link.childNodes);
    return;
  }
  link.className = "link";
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noreferrer");
}

function dressTable(table: HTMLTableElement): void {
  for (const cell of table.querySelectorAll("th, td")) {
    if (cell.getAttribute("align") === "right") cell.classList.add("r");
    cell.removeAttribute("align");
  }
  for (const head of table.querySelectorAll("thead th")) head.setAttribute("scope", "col");
  const wide = document.createElement("div");
  wide.className = "wide";
  wide.tabIndex = 0;
  wide.setAttribute("role", "group");
  wide.setAttribute("aria-label", t("table"));
  table.replaceWith(wide);
  wide.append(table);
}

/** The page's title is the h1 and each turn an h2, so headings of an answer are h3 and h4. */
function lower(heading: Element): void {
  const lowered = document.createElement(heading.tagName <= "H2" ? "h3" : "h4");
  lowered.append(...heading.childNodes);
  heading.replaceWith(lowered);
}
