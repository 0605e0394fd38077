// The way from the mark of a footnote to the note, and back.

/** `button`: a mark in the text, or the way back under a note; both in `root`. */
export function follow(button: HTMLElement, root: HTMLElement): void {
  const label = button.dataset.note;
  const wanted = button.classList.contains("note-mark") ? ".footnote" : ".note-mark";
  const target = [...root.querySelectorAll<HTMLElement>(wanted)].find(({ dataset }) => dataset.note === label);
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: "nearest" });
}
