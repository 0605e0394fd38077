// ```mermaid → a picture. Mermaid runs in a sandboxed frame of its own and only its SVG comes back, which is shown as an
// image: images run no scripts, load nothing and have no links.
import { t } from "../i18n";
import { button } from "./code";

const LOAD_MS = 20_000;
const DRAW_MS = 5_000;
const LONGEST = 20_000;
const LARGEST_SVG = 2_000_000;
const EYE = ["M1.75 8S4 3.75 8 3.75 14.25 8 14.25 8 12 12.25 8 12.25 1.75 8 1.75 8z", "M8 9.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z"];

interface Drawn {
  svg: string;
  width: number;
  height: number;
}

/** Draws the diagrams under `root` whose source is complete. One that cannot be drawn stays code, with a sentence. */
export function drawDiagrams(root: Element): void {
  const codes = root.querySelectorAll<HTMLElement>('figure.code code[data-language="mermaid"]:not([data-drawn])');
  for (const code of codes) {
    code.dataset.drawn = "";
    const figure = code.closest<HTMLElement>("figure");
    if (figure) queue = queue.then(() => draw(figure, code.textContent ?? "")).catch(() => refuse(figure));
  }
}

/** One at a time: a frame that hangs is taken away from under the diagram that hangs it, and no other. */
let queue: Promise<void> = Promise.resolve();

async function draw(figure: HTMLElement, source: string): Promise<void> {
  // Of a conversation that was left meanwhile.
  if (!figure.isConnected) return;
  if (source.length > LONGEST) throw new RangeError("too long to draw");
  const pictures = [await ask(source, false), await ask(source, true)];
  const shown = document.createElement("div");
  shown.className = "drawing";
  shown.tabIndex = 0;
  shown.setAttribute("role", "group");
  shown.setAttribute("aria-label", t("diagram"));
  pictures.forEach(({ svg, width, height }, dark) => {
    const image = new Image(Math.ceil(width), Math.ceil(height));
    image.className = dark ? "on-dark" : "on-light";
    image.alt = t("diagramOf", source.trim().split(/[\s-]/)[0] ?? "");
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    shown.append(image);
  });
  const toggle = button("show-source", EYE, t("diagramSource"), t("diagramShowSource"));
  toggle.setAttribute("aria-pressed", "false");
  figure.classList.add("diagram");
  figure.querySelector(".wrap")?.before(toggle);
  figure.querySelector("pre")?.before(shown);
}

function refuse(figure: HTMLElement): void {
  const words = document.createElement("p");
  words.className = "diagram-trouble";
  words.textContent = t("diagramFailed");
  figure.append(words);
}

/** Source instead of the picture, or the picture again. */
export function toggleSource(toggle: HTMLElement): void {
  const shown = toggle.closest("figure")?.classList.toggle("as-source") ?? false;
  toggle.setAttribute("aria-pressed", String(shown));
}

let frame: Promise<HTMLIFrameElement> | undefined;
let asked = 0;

async function ask(source: string, dark: boolean): Promise<Drawn> {
  frame ??= open();
  const there = await frame.catch((error: unknown) => {
    frame = undefined;
    throw error;
  });
  const id = ++asked;
  const reply = heard(there, DRAW_MS, (data) => data.id === id);
  there.contentWindow?.postMessage({ id, source, dark }, "*");
  try {
    return drawnIn(await reply);
  } catch (error) {
    // It may still be at work, or be left in a state that the next diagram would meet.
    there.remove();
    frame = undefined;
    throw error;
  }
}

function drawnIn({ svg, width, height }: Record<string, unknown>): Drawn {
  const sized = [width, height].every((side) => typeof side === "number" && side > 0 && side < 20_000);
  if (typeof svg !== "string" || svg.length > LARGEST_SVG || !sized) throw new TypeError("not drawn");
  return { svg, width: width as number, height: height as number };
}

async function open(): Promise<HTMLIFrameElement> {
  const made = document.createElement("iframe");
  made.className = "diagram-frame";
  made.setAttribute("sandbox", "allow-scripts");
  made.setAttribute("aria-hidden", "true");
  made.tabIndex = -1;
  made.title = t("diagram");
  made.src = "diagram/";
  const ready = heard(made, LOAD_MS, (data) => data.ready === true);
  document.body.append(made);
  await ready.catch((error: unknown) => {
    made.remove();
    throw error;
  });
  return made;
}

/** The next message of that frame which `fits`; rejects after `patience` ms. Its origin is opaque: the window tells who. */
function heard(from: HTMLIFrameElement, patience: number, fits: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("message", listen);
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error("no answer from the frame"));
    }, patience);
    const listen = ({ source, data }: MessageEvent): void => {
      if (source !== from.contentWindow || typeof data !== "object" || data === null || !fits(data as Record<string, unknown>)) return;
      end();
      resolve(data as Record<string, unknown>);
    };
    addEventListener("message", listen);
  });
}
