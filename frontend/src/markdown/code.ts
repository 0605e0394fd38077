// A block of code: its language, a button that copies it, and the text.
import { t } from "../i18n";

const SVG = "http://www.w3.org/2000/svg";
const COPY = ["M5.5 7a1.5 1.5 0 0 1 1.5-1.5h5.25a1.5 1.5 0 0 1 1.5 1.5v5.25a1.5 1.5 0 0 1-1.5 1.5H7a1.5 1.5 0 0 1-1.5-1.5z", "M10.5 5.5V3.75A1.5 1.5 0 0 0 9 2.25H3.75a1.5 1.5 0 0 0-1.5 1.5V9a1.5 1.5 0 0 0 1.5 1.5H5.5"];
const CHECK = ["m3 8.5 3.25 3.25L13 5"];
const COPIED_MS = 2000;

export function codeFigure(language: string, text: string): HTMLElement {
  const figure = document.createElement("figure");
  figure.className = "code";
  const caption = document.createElement("figcaption");
  const name = document.createElement("span");
  name.textContent = language || t("plainText");
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "btn ghost small copy";
  copy.append(icon(COPY), t("copy"));
  copy.setAttribute("aria-label", t("copyCode", language));
  caption.append(name, copy);
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.setAttribute("role", "group");
  pre.setAttribute("aria-label", t("codeIn", language));
  const code = document.createElement("code");
  code.dataset.language = language;
  code.append(document.createTextNode(text));
  pre.append(code);
  figure.append(caption, pre);
  return figure;
}

/** Copies the block that `button` belongs to, and says so in the button for two seconds. */
export async function copyCode(button: HTMLElement): Promise<void> {
  const text = button.closest("figure")?.querySelector("code")?.textContent ?? "";
  await navigator.clipboard.writeText(text.replace(/\n$/, ""));
  button.replaceChildren(icon(CHECK), t("copied"));
  setTimeout(() => button.replaceChildren(icon(COPY), t("copy")), COPIED_MS);
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
