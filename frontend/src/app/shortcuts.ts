// Keys that work everywhere.
import type { App } from "./state.svelte";

export function shortcuts(app: App): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const key = event.key.toLowerCase();
    if (command && key === "n") {
      event.preventDefault();
      app.chats.startAnew();
    } else if (command && key === "k") {
      event.preventDefault();
      document.querySelector<HTMLInputElement>("#find-conversations")?.focus();
    } else if (event.key === "Escape" && app.router.page === "chat" && !document.querySelector("[role=dialog], [role=menu]")) {
      void app.chats.get(app.router.id).stop();
    }
  };
}
