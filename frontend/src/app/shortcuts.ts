// Keys that work everywhere: what is pressed, looked up among the commands.
import { command, KEYS } from "./commands";
import { chordOf, isSafeWhileTyping, isTyping } from "./keys";
import type { App } from "./state.svelte";

const BY_CHORD = new Map(Object.entries(KEYS).flatMap(([id, chords]) => chords.map((chord) => [chord as string, id])));
/** These work over what they open themselves. */
const LAYERS = new Set(["palette", "shortcuts"]);

export function shortcuts(app: App): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const chord = chordOf(event);
    const id = chord === null ? undefined : BY_CHORD.get(chord);
    if (!chord || !id) return;
    if (isTyping(event.target) && !isSafeWhileTyping(chord)) return;
    if (id === "undo" && isWritten(event.target)) return;
    if (id === "stop" ? app.layers.anything : isCovered(app, id)) return;
    const found = command(app, id);
    // Its own key does not fall through to the browser, whether it is possible now or not; Escape has other uses.
    if (id !== "stop" && id !== "undo") event.preventDefault();
    if (!found?.possible) return;
    event.preventDefault();
    found.run();
  };
}

function isCovered(app: App, id: string): boolean {
  if (!app.layers.covered) return false;
  return !(LAYERS.has(id) && (app.layers.open === "palette" || app.layers.open === "shortcuts"));
}

/** A field with text in it has something of its own to undo. */
function isWritten(target: EventTarget | null): boolean {
  return isTyping(target) && Boolean((target as HTMLInputElement).value);
}
