// A block of code: its language, a button that copies it, and the text.
import { t } from "../i18n";
import { setText } from "./patch";

const SVG = "http://www.w3.org/2000/svg";
const COPY = ["M5.5 7a1.5 1.5 0 0 1 1.5-1.5h5.25a1.5 1.5 0 0 1 1.5 1.5v5.25a1.5 1.5 0 0 1-1.5 1.5H7a1.5 1.5 0 0 1-1.5-1.5z", "M10.5 5.5V3.75A1.5 1.5 0 0 0 9 2.25H3.75a1.5 1.5 0 0 0-1.5 1.5V9a1.5 1.5 0 0 0 1.5 1.5H5.5"];
const WRAP = ["M2.25 4h11.5", "M2.25 8h9.25a2.25 2.25 0 0 1 0 4.5H8.75", "m10.5 10.75-1.75 1.75 1.75 1.75", "M2.25 12.5h3"];
const CHECK = ["m3 8.5 3.25 3.25L13 5"];
const COPIED_MS = 2000;

export function codeFigure(language: string, text: string): HTMLElement {
  const figure = document.createElement("figure");
  figure.className = "code";
  const caption = document.createElement("figcaption");
  const name = document.createElement("span");
  name.textContent = language || t("plainText");
  const wrap = button("wrap", WRAP, t("wrapLines"), t("wrapCode"));
  wrap.setAttribute("aria-pressed", "false");
  caption.append(name, wrap, button("copy", COPY, t("copy"), t("copyCode", language)));
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.dir = "ltr";
  pre.setAttribute("role", "group");
  pre.setAttribute("aria-label", t("codeIn", language));
  const code = document.createElement("code");
  code.dataset.language = language;
  code.append(document.createTextNode(text));
  pre.append(code);
  figure.append(caption, pre);
  return figure;
}

/** Adds to the text of a block whose language stays; false when this is no such block. */
export function growCode(figure: HTMLElement, language: string, text: string): boolean {
  const code = figure.matches("figure.code") ? figure.querySelector<HTMLElement>("code") : null;
  const [only] = code?.childNodes ?? [];
  if (code?.dataset.language !== language || code.childNodes.length !== 1 || !(only instanceof Text)) return false;
  setText(only, text);
  return true;
}

/** Long lines are broken, or reach out to the right again. */
export function toggleWrap(button: HTMLElement): void {
  const wrapped = button.closest("figure")?.classList.toggle("wrapped") ?? false;
  button.setAttribute("aria-pressed", String(wrapped));
}

/** Copies the block that `button` belongs to, and says so in the button for two seconds. */
export async function copyCode(button: HTMLElement): Promise<void> {
  const text = button.closest("figure")?.querySelector("code")?.textContent ?? "";
  await navigator.clipboard.writeText(text.replace(/\n$/, ""));
  button.replaceChildren(icon(CHECK), t("copied"));
  setTimeout(() => button.replaceChildren(icon(COPY), t("copy")), COPIED_MS);
}

export function button(kind: string, paths: string[], text: string, name: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `btn ghost small ${kind}`;
  made.append(icon(paths), text);
  made.setAttribute("aria-label", name);
  return made;
}

function icon(paths: string[]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
