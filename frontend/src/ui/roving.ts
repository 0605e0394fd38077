// Lists with one stop for Tab: arrow keys go from row to row, and in a row from control to control.
import type { Attachment } from "svelte/attachments";

const CONTROLS = "a[href], button:not(:disabled), [role=button]:not([aria-disabled=true])";

/**
 * `rows` selects the rows; without it the container is the one row, and ← → go through its controls. The control that
 * had the focus last is the one that Tab comes back to.
 */
export function roving(rows?: string): Attachment<HTMLElement> {
  return (container) => {
    let current: HTMLElement | null = null;
    let due = 0;

    const controlsOf = (row: HTMLElement): HTMLElement[] => [...row.querySelectorAll<HTMLElement>(CONTROLS)].filter((one) => !one.closest("[hidden]"));
    const allRows = (): HTMLElement[][] =>
      (rows ? [...container.querySelectorAll<HTMLElement>(rows)] : [container]).map(controlsOf).filter((controls) => controls.length);

    /** Tab stops at one control only; where that is gone, at the first. */
    function settle(): void {
      const all = allRows().flat();
      if (!current || !all.includes(current)) current = all[0] ?? null;
      for (const one of all) {
        const index = one === current ? 0 : -1;
        if (one.tabIndex !== index) one.tabIndex = index;
      }
    }

    function moveTo(next: HTMLElement | undefined, event: KeyboardEvent): void {
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest" });
    }

    function keys(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const all = allRows();
      const row = all.findIndex((controls) => controls.includes(event.target as HTMLElement));
      if (row < 0) return;
      const controls = all[row]!;
      const place = controls.indexOf(event.target as HTMLElement);
      const rightToLeft = getComputedStyle(container).direction === "rtl";
      const sideways = { ArrowRight: rightToLeft ? -1 : 1, ArrowLeft: rightToLeft ? 1 : -1 }[event.key];
      const along = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (sideways) moveTo(controls[place + sideways] ?? (rows ? undefined : controls.at(sideways > 0 ? 0 : -1)), event);
      else if (along && rows) {
        const next = all[row + along];
        moveTo(next?.[Math.min(place, next.length - 1)], event);
      } else if (event.key === "Home") moveTo((rows ? all[0] : controls)?.[0], event);
      else if (event.key === "End") moveTo(rows ? all.at(-1)?.[0] : controls.at(-1), event);
    }

    function focused(event: FocusEvent): void {
      const target = event.target as HTMLElement;
      if (target === current || !target.matches(CONTROLS)) return;
      current = target;
      settle();
    }

    const watcher = new MutationObserver(() => {
      cancelAnimationFrame(due);
      due = requestAnimationFrame(settle);
    });
    settle();
    watcher.observe(container, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "hidden"] });
    container.addEventListener("keydown", keys);
    container.addEventListener("focusin", focused);
    return () => {
      cancelAnimationFrame(due);
      watcher.disconnect();
      container.removeEventListener("keydown", keys);
      container.removeEventListener("focusin", focused);
    };
  };
}
