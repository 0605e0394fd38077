// What the desks of the source panel share.
import type { Source } from "../../api/types";

/** How a source is shown: its page or picture as it is, where that can be drawn, or the text as it was read. */
export type Desk = "pdf" | "picture" | "text";

export function deskOf({ filename, page }: Pick<Source, "filename" | "page">): Desk {
  if (page !== null && /\.pdf$/i.test(filename)) return "pdf";
  // What the server gives as a picture, and every window can draw; of a TIFF the text is shown.
  return /\.(png|jpe?g|gif|webp)$/i.test(filename) ? "picture" : "text";
}

/** A number held between two others. */
export function between(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
