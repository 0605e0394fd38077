// Formulas, drawn by KaTeX into elements that are already in the page; loaded when the first one appears.
import type katex from "katex";

/** Longer ones stay as they were written: drawing makes some thirty elements of each ten characters. */
export const LONGEST_FORMULA = 3_000;

let loading: Promise<typeof katex> | undefined;

function load(): Promise<typeof katex> {
  loading ??= Promise.all([import("katex"), import("katex/dist/katex.min.css")]).then(([module]) => module.default);
  return loading;
}

/** Draws the formulas under `root` that are not drawn yet. One that KaTeX refuses stays as it was written. */
export async function drawFormulas(root: ParentNode): Promise<void> {
  const waiting = [...root.querySelectorAll<HTMLElement>("[data-tex]:not([data-drawn])")];
  if (root instanceof HTMLElement && root.dataset.tex !== undefined && !root.dataset.drawn) waiting.push(root);
  if (!waiting.length) return;
  for (const element of waiting) element.dataset.drawn = "";
  const { render } = await load();
  for (const element of waiting) {
    const written = element.textContent;
    try {
      if ((written?.length ?? 0) > LONGEST_FORMULA) throw new RangeError("too long to draw");
      render(element.dataset.tex ?? "", element, {
        displayMode: element.classList.contains("math-block"),
        throwOnError: true,
        trust: false,
        strict: "ignore",
        maxExpand: 300,
        maxSize: 40,
      });
    } catch {
      element.textContent = written;
      element.classList.add("math-raw");
    }
  }
}
