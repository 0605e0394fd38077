// Character references of HTML, which Markdown knows too: &copy; → ©.

const REFERENCE = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,31});/;
let reader: HTMLTextAreaElement | undefined;

/** Text with its references resolved; nothing in it is taken for a tag. */
export function decoded(text: string): string {
  if (!REFERENCE.test(text)) return text;
  // The inside of a text area is characters only, and this one belongs to a document that loads nothing.
  reader ??= document.implementation.createHTMLDocument("").createElement("textarea");
  reader.innerHTML = text.replaceAll("<", "&lt;");
  return reader.textContent ?? "";
}
