// Tables of thousands of rows: so many at a time, and a button for more.
import { t } from "../i18n";

export const MAX_ROWS = 300;

/** A button after the scroller of a table that adds the next rows to it. `make` renders those from an index on. */
export function moreRows(total: number, make: (from: number) => HTMLElement[]): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn small more-rows";
  button.textContent = t("moreRows", MAX_ROWS, total);
  button.addEventListener("click", () => {
    // Looked up now: while the table grew, its elements may have been those of an earlier rendering.
    const body = button.previousElementSibling?.querySelector("tbody");
    if (!body) return;
    body.append(...make(body.children.length));
    if (body.children.length >= total) {
      // The focus does not fall out of the answer with the button that had it.
      body.closest<HTMLElement>(".wide")?.focus({ preventScroll: true });
      button.remove();
    } else button.textContent = t("moreRows", body.children.length, total);
  });
  return button;
}
