// Long lists of which only what is in view is made: which rows touch it, and where a key leads.

/** The rows from the first to behind the last that touch the view from `top` to `bottom`; `topOf(count)` is their end. */
export function span(count: number, topOf: (index: number) => number, top: number, bottom: number): [number, number] {
  const first = firstBelow(count, topOf, top);
  let last = first;
  while (last < count && topOf(last) < bottom) last++;
  return [first, last];
}

/** Index of the first row whose end, where the next begins, is below `top`. */
function firstBelow(count: number, topOf: (index: number) => number, top: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (topOf(middle + 1) > top) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where a key of the keyboard leads from row `at`; null: it is not one that moves. `page`: rows in view. */
export function target(key: string, at: number, total: number, page: number): number | null {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: total - 1 }[key];
  return to === undefined ? null : Math.max(0, Math.min(total - 1, to));
}
