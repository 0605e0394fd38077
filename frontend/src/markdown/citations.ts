// [1] in the text of an answer → a chip that opens source 1; copied text carries [1] again. Where the sentences are held
// against the sources, that says which chips there are, and what the model wrote of them is left out.

/** The accessible name of source `number`, or null when the answer has no such source. */
export type SourceName = (number: number) => string | null;

const MARKS = /[ \u00a0]*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/g;
const UNTOUCHED = "a, code, pre, button, figure, .math-inline, .math-block";

/** `proved`: the matching places the chips. */
export function insertChips(fragment: Node, name: SourceName, proved = false): void {
  if (!fragment.textContent?.includes("[")) return;
  const walker = (fragment.ownerDocument ?? document).createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) {
    const text = walker.currentNode as Text;
    if (text.data.includes("[") && !text.parentElement?.closest(UNTOUCHED)) texts.push(text);
  }
  for (const text of texts) {
    if (proved) {
      text.data = withoutMarks(text.data, name);
      continue;
    }
    const pieces = withChips(text.data, name);
    if (pieces) text.replaceWith(...pieces);
  }
}

/** Only marks of sources that there are; without `name`, all of them. */
export function withoutMarks(text: string, name: SourceName = () => ""): string {
  return text.replace(MARKS, (mark, numbers: string) =>
    numbers.split(/\D+/).some((number) => name(Number(number)) === null) ? mark : "",
  );
}

function withChips(text: string, name: SourceName): (string | HTMLElement)[] | null {
  const pieces: (string | HTMLElement)[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    const numbers = (match[1] ?? "").split(/\D+/).map(Number);
    const names = numbers.map(name);
    if (names.some((one) => one === null)) continue;
    // A no-break space joins the chip to its sentence.
    const before = text.slice(from, match.index);
    pieces.push(before + (before || pieces.length ? "\u00a0" : ""));
    numbers.forEach((number, index) => pieces.push(chip(number, names[index] ?? "")));
    from = match.index + match[0].length;
  }
  if (!from) return null;
  pieces.push(text.slice(from));
  return pieces.filter((piece) => piece !== "");
}

/** A button that opens a source; `sentence`: of which sentence it holds the words. */
export function chip(number: number, name: string, sentence?: number): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cite";
  button.dataset.source = String(number);
  if (sentence !== undefined) button.dataset.sentence = String(sentence);
  button.setAttribute("aria-label", name);
  button.setAttribute("aria-expanded", "false");
  button.textContent = String(number);
  return button;
}

/** Selected text with its chips written as [1]. */
export function textOfSelection(selection: Selection): string {
  if (!selection.rangeCount) return "";
  const copied = selection.getRangeAt(0).cloneContents();
  if (!copied.querySelector(".cite")) return selection.toString();
  // Laid out beside the page, since only text that is rendered knows where its lines break.
  const holder = document.createElement("div");
  holder.className = "sr copying";
  holder.append(copied);
  for (const cite of holder.querySelectorAll(".cite")) cite.replaceWith(`[${cite.textContent}]`);
  document.body.append(holder);
  const text = holder.innerText;
  holder.remove();
  return text;
}
