// Rows of a scrolled region whose heights are measured once they are made, and estimated until then.
import type { Attachment } from "svelte/attachments";
import { span } from "./virtual";

/** Made above and below the view, in px, so that a quick scroll shows no gap. */
const MARGIN = 400;
/** Smaller differences of a height are rounding. */
const ROUNDING = 0.5;

export interface Source {
  count: () => number;
  /** By which the height of a row is kept; null while it is not known what stands there. */
  key: (index: number) => string | null;
  /** Its height in px until it is measured. */
  estimate: (index: number) => number;
  /** Of the region's height, in px: what stays at its top, over the rows. */
  covered?: () => number;
}

export class VirtualRows {
  readonly #source: Source;
  #region: HTMLElement | null = null;
  #top = $state(0);
  #size = $state(800);
  /** Heights that differ from their estimates, by key. */
  #measured = new Map<string, number>();
  #measures = $state(0);
  #elements = new WeakMap<Element, { key: string; index: number }>();
  #due = 0;
  /** What the view stood at when rows above it came, went or were measured: it stays there. */
  #anchor: { key: string; index: number; into: number } | null = null;
  readonly #observer = new ResizeObserver((entries) => this.#measure(entries));

  /** Where each row begins, and at the end where the last one ends. */
  readonly tops = $derived.by(() => {
    void this.#measures;
    const count = this.#source.count();
    const tops = new Float64Array(count + 1);
    for (let index = 0; index < count; index++) tops[index + 1] = tops[index]! + this.#heightOf(index);
    return tops;
  });
  readonly #first = $derived(this.#span(-MARGIN, MARGIN)[0]);
  readonly #last = $derived(this.#span(-MARGIN, MARGIN)[1]);

  constructor(source: Source) {
    this.#source = source;
  }

  /** Of the view. */
  get #height(): number {
    return this.#size - (this.#source.covered?.() ?? 0);
  }

  /** Of all rows. */
  get height(): number {
    return this.tops.at(-1)!;
  }

  /** The rows to be made: those near the view, and `kept`, which has the focus, wherever it is. */
  indices(kept: number | null): number[] {
    const shown = Array.from({ length: this.#last - this.#first }, (_, place) => this.#first + place);
    if (kept === null || kept < 0 || kept >= this.#source.count()) return shown;
    if (kept < this.#first) return [kept, ...shown];
    return kept >= this.#last ? [...shown, kept] : shown;
  }

  /** From the first to behind the last that is made. */
  get near(): [number, number] {
    return [this.#first, this.#last];
  }

  /** Rows that a page key leads over. */
  get page(): number {
    const [first, last] = this.#span(0, 0);
    return Math.max(1, last - first - 2);
  }

  /** For the region that scrolls. */
  readonly region: Attachment<HTMLElement> = (region) => {
    this.#region = region;
    const resized = new ResizeObserver(() => (this.#size = region.clientHeight));
    const scrolled = (): void => {
      this.#top = region.scrollTop;
      this.#hold();
    };
    resized.observe(region);
    region.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      this.#region = null;
      resized.disconnect();
      this.#observer.disconnect();
      cancelAnimationFrame(this.#due);
      region.removeEventListener("scroll", scrolled);
    };
  };

  /** For each row that is made. */
  row(key: string, index: number): Attachment<HTMLElement> {
    return (element) => {
      this.#elements.set(element, { key, index });
      this.#observer.observe(element, { box: "border-box" });
      return () => this.#observer.unobserve(element);
    };
  }

  /** Scrolls as little as shows the whole row. */
  show(index: number): void {
    const region = this.#region;
    if (!region || index < 0 || index >= this.#source.count()) return;
    const [top, end] = [this.tops[index]!, this.tops[index + 1]!];
    if (top < region.scrollTop) this.#scrollTo(top);
    else if (end > region.scrollTop + this.#height) this.#scrollTo(end - this.#height);
  }

  /** The row stands at the top of the view, and stays there while those round it are measured. */
  begin(index: number): void {
    if (index < 0 || index >= this.#source.count()) return;
    this.#scrollTo(this.tops[index]!);
    const key = this.#source.key(index);
    this.#anchor = key === null ? null : { key, index, into: 0 };
  }

  #scrollTo(top: number): void {
    if (!this.#region) return;
    this.#region.scrollTop = top;
    this.#top = this.#region.scrollTop;
    this.#hold();
  }

  toTop(): void {
    this.#anchor = null;
    if (this.#region) this.#region.scrollTop = 0;
    this.#top = 0;
  }

  /** After rows came or went: the one at the top of the view stays there, but at the very top, where news is seen. */
  settle(): void {
    const [region, anchor] = [this.#region, this.#anchor];
    if (!region || !anchor) return;
    const index = this.#find(anchor.key, anchor.index);
    if (index === null) return;
    const top = this.tops[index]! + anchor.into;
    anchor.index = index;
    if (Math.abs(top - region.scrollTop) <= ROUNDING) return;
    region.scrollTop = top;
    this.#top = region.scrollTop;
  }

  #hold(): void {
    const [index] = this.#span(0, 0);
    const key = this.#top > 0 && index < this.#source.count() ? this.#source.key(index) : null;
    this.#anchor = key === null ? null : { key, index, into: this.#top - this.tops[index]! };
  }

  /** It did not go far: rows come and go one by one. */
  #find(key: string, near: number): number | null {
    const FAR = 300;
    const count = this.#source.count();
    for (let away = 0; away < FAR; away++) {
      for (const index of [near + away, near - away]) if (index >= 0 && index < count && this.#source.key(index) === key) return index;
    }
    return null;
  }

  #heightOf(index: number): number {
    const estimate = this.#source.estimate(index);
    if (!this.#measured.size || !estimate) return estimate;
    const key = this.#source.key(index);
    return (key !== null && this.#measured.get(key)) || estimate;
  }

  #span(above: number, below: number): [number, number] {
    const tops = this.tops;
    return span(tops.length - 1, (index) => tops[index]!, this.#top + above, this.#top + this.#height + below);
  }

  #measure(entries: readonly ResizeObserverEntry[]): void {
    let changed = false;
    for (const { target, borderBoxSize } of entries) {
      const row = this.#elements.get(target);
      const height = borderBoxSize[0]?.blockSize ?? 0;
      if (!row || !height || !target.isConnected) continue;
      const before = this.#measured.get(row.key) ?? this.#source.estimate(row.index);
      if (Math.abs(before - height) <= ROUNDING) continue;
      this.#measured.set(row.key, height);
      changed = true;
    }
    if (!changed || this.#due) return;
    this.#due = requestAnimationFrame(() => {
      this.#due = 0;
      this.#measures++;
    });
  }
}
