// What the page says beside what it shows: toasts for what happened out of sight, and words for screen readers.

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6000;

export class Notices {
  toasts = $state<Toast[]>([]);
  /** Read out politely by screen readers; not shown. */
  spoken = $state("");
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #gone = new Map<number, () => void>();
  #last = 0;

  /** `whenGone` runs when the toast leaves without its action having been taken. */
  show(text: string, action?: Toast["action"], whenGone?: () => void): void {
    const id = ++this.#last;
    this.toasts.push(action ? { id, text, action } : { id, text });
    if (whenGone) this.#gone.set(id, whenGone);
    this.resume(id);
  }

  act(toast: Toast): void {
    this.#gone.delete(toast.id);
    this.dismiss(toast.id);
    toast.action?.run();
  }

  dismiss(id: number): void {
    this.pause(id);
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.#gone.get(id)?.();
    this.#gone.delete(id);
  }

  /** Under the pointer a toast stays. */
  pause(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    this.pause(id);
    this.#timers.set(id, setTimeout(() => this.dismiss(id), SHOWN_MS));
  }

  say(words: string): void {
    this.spoken = words;
  }
}
