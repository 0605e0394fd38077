// Brings a message that a search found into view and marks its words, as long as they are looked for.
import { findWords } from "./words";

/** While its text is still being laid out, the place is kept so long, unless the reader scrolls. */
const SETTLING_MS = 2000;
const NAME = "found";

/** Marks go over the text without changing it (CSS Custom Highlight). Returns what takes them away. */
export function reveal(region: HTMLElement, message: string, query: string): () => void {
  // Asked for each time: a turn that comes near is made anew.
  const turnOf = (): HTMLElement | null => region.querySelector(`[data-message="${CSS.escape(message)}"]`);
  if (!turnOf()) return () => undefined;
  const until = performance.now() + SETTLING_MS;
  let touched = false;
  let frame = 0;
  const show = (): void => {
    frame = 0;
    const turn = turnOf();
    if (!turn) return;
    const ranges = rangesOf(turn, query);
    if ("highlights" in CSS) CSS.highlights.set(NAME, new Highlight(...ranges));
    if (touched || performance.now() > until) return;
    const view = region.getBoundingClientRect();
    const place = (ranges[0] ?? turn).getBoundingClientRect();
    region.scrollTop += place.top - view.top - (ranges.length ? view.height / 3 : 16);
  };
  const soon = (): void => {
    frame ||= requestAnimationFrame(show);
  };
  const touch = (): void => {
    touched = true;
  };
  const changes = new MutationObserver(soon);
  changes.observe(region, { childList: true, subtree: true, characterData: true });
  const TOUCHES = ["wheel", "pointerdown", "touchstart", "keydown"] as const;
  for (const name of TOUCHES) region.addEventListener(name, touch, { passive: true });
  show();
  return () => {
    cancelAnimationFrame(frame);
    changes.disconnect();
    for (const name of TOUCHES) region.removeEventListener(name, touch);
    if ("highlights" in CSS) CSS.highlights.delete(NAME);
  };
}

/** Of the text that was written, not of the buttons round it. */
function rangesOf(turn: HTMLElement, query: string): Range[] {
  const ranges: Range[] = [];
  for (const written of turn.querySelectorAll(".said, .prose")) {
    const walker = document.createTreeWalker(written, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode as Text;
      for (const [start, end] of findWords(node.data, query)) {
        const range = new Range();
        range.setStart(node, start);
        range.setEnd(node, end);
        ranges.push(range);
      }
    }
  }
  return ranges;
}
