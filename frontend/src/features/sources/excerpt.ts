// The part of a passage round the words that count, short enough for a card.
import type { Span } from "../../api/types";

export interface Run {
  text: string;
  marked: boolean;
}

/** Characters round the marked words, and of a passage in which none are marked. */
const AROUND = 120;
const PLAIN = 320;

/** `words`: places in the passage, in code points. */
export function excerpt(passage: string, words: readonly Span[]): Run[] {
  const signs = [...passage];
  const spans = words.filter(({ start, end }) => start < end && start < signs.length).toSorted((one, other) => one.start - other.start);
  const first = spans[0]?.start ?? 0;
  const last = spans.at(-1)?.end ?? 0;
  const from = spans.length ? Math.max(0, first - AROUND) : 0;
  const to = Math.min(signs.length, spans.length ? Math.max(last, first + 1) + AROUND : PLAIN);
  const runs: Run[] = [];
  const add = (text: string, marked: boolean): void => {
    if (text) runs.push({ text, marked });
  };
  let at = from;
  if (from > 0) add("… ", false);
  for (const { start, end } of spans) {
    add(signs.slice(at, Math.max(at, start)).join(""), false);
    add(signs.slice(Math.max(at, start), end).join(""), true);
    at = Math.max(at, end);
  }
  add(signs.slice(at, to).join(""), false);
  if (to < signs.length) add(" …", false);
  return runs;
}
