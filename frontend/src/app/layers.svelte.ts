// What lies over the page: the palette, the sheet of shortcuts, a dialog of the shell; and the sidebar on narrow windows.
import { tick } from "svelte";

export type Layer = "palette" | "shortcuts" | "rename";

/** Dialogs and menus that are open; one that is closing may still be there for a moment. */
const OPEN = ":is([role=dialog], [role=alertdialog], [role=menu]):not([data-state=closed])";

export class Layers {
  open = $state<Layer | null>(null);
  drawer = $state(false);

  show(layer: Layer): void {
    this.open = layer;
  }

  toggle(layer: Layer): void {
    this.open = this.open === layer ? null : layer;
  }

  /** Closes, waits until the focus is back where it was, then runs. */
  async close(then?: () => void): Promise<void> {
    this.open = null;
    await tick();
    then?.();
    await tick();
    focusSomewhere();
  }

  /** Whether something is open that Escape closes first. */
  get anything(): boolean {
    return document.querySelector(OPEN) !== null;
  }

  /** Whether something is open over which commands would run unseen. The drawer is the sidebar, so it does not count. */
  get covered(): boolean {
    return [...document.querySelectorAll(OPEN)].some((element) => !element.classList.contains("drawer"));
  }
}

export function focusComposer(): boolean {
  const field = document.querySelector<HTMLTextAreaElement>("#message");
  field?.focus();
  return field !== null;
}

/** Where what had the focus is gone: the composer, or else the page. */
export function focusSomewhere(): void {
  if (document.activeElement && document.activeElement !== document.body) return;
  if (!focusComposer()) focusContent();
}

export function focusContent(): void {
  document.querySelector<HTMLElement>("#content")?.focus({ preventScroll: true });
}
