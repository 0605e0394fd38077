// Keeps a scrolling region at its end while it grows, unless its reader has scrolled up.
import type { Attachment } from "svelte/attachments";

/** So near to the end counts as at the end, in px. */
const NEAR = 32;

export class Stick {
  #region: HTMLElement | null = null;
  #stuck = true;
  readonly #changed: (atEnd: boolean) => void;

  constructor(changed: (atEnd: boolean) => void) {
    this.#changed = changed;
  }

  readonly attach: Attachment<HTMLElement> = (region) => {
    this.#region = region;
    this.#stuck = true;
    let top = 0;
    let height = region.scrollHeight;
    // Sizes are told after layout and before paint: what has grown is never painted before it is scrolled to.
    const follow = (): void => {
      if (this.#stuck) region.scrollTop = region.scrollHeight;
      else this.#tell(region);
    };
    const scrolled = (): void => {
      const upwards = region.scrollTop < top - 1 && region.scrollHeight >= height;
      top = region.scrollTop;
      height = region.scrollHeight;
      if (atEnd(region)) this.#stuck = true;
      else if (upwards) this.#stuck = false;
      this.#tell(region);
    };
    const sizes = new ResizeObserver(follow);
    const watch = (): void => {
      sizes.disconnect();
      sizes.observe(region);
      for (const child of region.children) sizes.observe(child);
    };
    const mutations = new MutationObserver(watch);
    mutations.observe(region, { childList: true });
    watch();
    region.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      mutations.disconnect();
      sizes.disconnect();
      region.removeEventListener("scroll", scrolled);
      this.#region = null;
    };
  };

  toEnd(): void {
    this.#stuck = true;
    if (this.#region) this.#region.scrollTop = this.#region.scrollHeight;
  }

  #tell(region: HTMLElement): void {
    this.#changed(this.#stuck || atEnd(region));
  }
}

function atEnd(region: HTMLElement): boolean {
  return region.scrollHeight - region.scrollTop - region.clientHeight < NEAR;
}
