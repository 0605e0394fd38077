// Places that the server counts in code points, in the units of strings here.
import type { Citation } from "../../api/types";
import type { ProvedSentence } from "../../markdown/proof";

const PAIRS = /[\ud800-\udbff][\udc00-\udfff]/g;

export function inUnits(text: string, citations: readonly Citation[]): ProvedSentence[] {
  // Most answers have no sign beyond the basic plane, and there both counts are the same.
  const pairs = [...text.matchAll(PAIRS)].map(({ index }, before) => index - before);
  const units = (point: number): number => point + count(pairs, point);
  return citations.map(({ start, end, verdict, support }) => ({
    start: units(start),
    end: units(end),
    verdict: verdict === "contradicted" ? "unsupported" : verdict,
    // What a sentence was held against is no source of it.
    sources: verdict === "supported" ? [...new Set(support.map(({ source }) => source))] : [],
  }));
}

/** How many of the sorted numbers are smaller. */
function count(sorted: readonly number[], than: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < than) low = middle + 1;
    else high = middle;
  }
  return low;
}
