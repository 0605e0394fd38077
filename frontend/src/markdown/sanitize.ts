// HTML that a model wrote → a fragment with nothing in it that acts, loads, or looks like a part of the interface.
import DOMPurify, { type Config, type DOMPurify as Purifier } from "dompurify";

const TAGS = [
  "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt",
  "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
  "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
  "u", "ul", "var",
];

const CONFIG: Config = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["href", "src", "alt", "title", "class", "align", "start", "reversed", "open", "colspan", "rowspan", "data-lang"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // Of the others DOMPurify would ask for an address, too.
  ADD_URI_SAFE_ATTR: ["align", "start", "reversed", "open", "colspan", "rowspan", "data-lang"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

/** Classes that our own rendering writes; any other could borrow the look of the interface. */
const CLASSES = new Set(["math-inline", "math-block", "footnote", "note-mark", "note-label", "task-done", "task-open"]);

let purifier: Purifier | undefined;

function prepared(): Purifier {
  if (purifier) return purifier;
  purifier = DOMPurify(window);
  purifier.setConfig(CONFIG);
  purifier.addHook("uponSanitizeAttribute", (_node, data) => {
    if (data.attrName === "class") data.keepAttr = CLASSES.has(data.attrValue);
  });
  return purifier;
}

/** The fragment belongs to an inert document: nothing in it loads before it is inserted. */
export function sanitize(html: string): DocumentFragment {
  return prepared().sanitize(html) as unknown as DocumentFragment;
}

let highlighted: Purifier | undefined;

/** What the highlighter wrote: spans with its classes, and text. */
export function sanitizeHighlighted(html: string): DocumentFragment {
  highlighted ??= DOMPurify(window);
  const config: Config = { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], ALLOW_DATA_ATTR: false, RETURN_DOM_FRAGMENT: true };
  return highlighted.sanitize(html, config) as unknown as DocumentFragment;
}
