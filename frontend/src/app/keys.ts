// Keys as they are pressed, and as they are written: "Mod" is Ctrl, on macOS Cmd.

/** Modifiers in the order Mod, Ctrl (macOS only), Alt, Shift, then the key: "Mod+Shift+F", "F2", "?". */
export type Chord = string;

export const onMac = /Mac|iP(hone|ad|od)/.test(globalThis.navigator?.platform ?? "");

/** What was pressed; null where it is only a modifier. */
export function chordOf(event: KeyboardEvent, mac = onMac): Chord | null {
  const key = keyName(event);
  if (!key) return null;
  // The sign itself says whether Shift was needed for it, and on which layout.
  const sign = key.length === 1 && !/[A-Z0-9]/.test(key);
  return [
    ...((mac ? event.metaKey : event.ctrlKey) ? ["Mod"] : []),
    ...(mac && event.ctrlKey ? ["Ctrl"] : []),
    ...(event.altKey ? ["Alt"] : []),
    ...(event.shiftKey && !sign ? ["Shift"] : []),
    key,
  ].join("+");
}

function keyName({ key, code, shiftKey }: KeyboardEvent): string | null {
  if (["Control", "Meta", "Alt", "AltGraph", "Shift", "Dead", "Process", "Unidentified"].includes(key)) return null;
  if (key.length > 1) return key;
  const upper = key.toUpperCase();
  if (/[A-Z0-9]/.test(upper)) return upper;
  // Letters of other scripts, and figures that need Shift on French keyboards: by their place.
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter && /\p{L}/u.test(key)) return letter;
  const figure = /^Digit(\d)$/.exec(code)?.[1];
  return figure && !shiftKey ? figure : key;
}

/** Whether a key belongs to the text that is being written. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range", "file"].includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

/** Keys that no text needs: with Ctrl or Cmd, Escape, and the function keys. */
export function isSafeWhileTyping(chord: Chord): boolean {
  return chord.startsWith("Mod+") || /^(Escape|F\d+)$/.test(chord);
}

const SIGNS: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Delete: "Del",
};
const MAC: Record<string, string> = { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧" };

/** The caps of a chord, each for a <kbd> of its own. `short`: signs for words, where there is little room. */
export function caps(chord: Chord, mac = onMac, short = false): string[] {
  const own = mac ? MAC : short ? { Mod: "Ctrl", Shift: "⇧" } : { Mod: "Ctrl" };
  return parts(chord).map((part) => own[part as keyof typeof own] ?? SIGNS[part] ?? part);
}

/** In one line, for tooltips and menus: Ctrl+K, ⌘K. */
export function written(chord: Chord, mac = onMac): string {
  return caps(chord, mac).join(mac ? "" : "+");
}

/** As `aria-keyshortcuts` wants it. */
export function forAria(chords: readonly Chord[], mac = onMac): string | undefined {
  return chords.map((chord) => parts(chord).map((part) => (part === "Mod" ? (mac ? "Meta" : "Control") : part)).join("+")).join(" ") || undefined;
}

function parts(chord: Chord): string[] {
  return chord.split("+");
}
