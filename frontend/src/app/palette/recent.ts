// What was chosen in the palette last, the newest first. The server keeps it: the page's own store is lost with its port.
import type { Preferences } from "../../features/settings/preferences.svelte";

const MOST = 20;
/** What the server takes: the name of a document may be longer. */
const LONGEST = 300;

export function remember(preferences: Preferences, key: string): void {
  if (key.length > LONGEST) return;
  const others = preferences.kept.recent_commands.filter((other) => other !== key);
  void preferences.change({ recent_commands: [key, ...others].slice(0, MOST) });
}
