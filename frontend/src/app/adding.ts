// Adding files or a folder: through the native dialog where there is a window, else through the browser's.
import { t } from "../i18n";
import type { App } from "./state.svelte";

export function addDocuments(app: App, folder: boolean): void {
  if (app.status?.desktop) {
    void app.library.pick(folder);
    return;
  }
  const field = document.createElement("input");
  field.type = "file";
  field.hidden = true;
  field.multiple = !folder;
  field.webkitdirectory = folder;
  field.ariaLabel = t(folder ? "addFolder" : "addFiles");
  field.addEventListener("cancel", () => field.remove());
  field.addEventListener("change", () => {
    // Hidden files are the system's own.
    void app.library.upload([...(field.files ?? [])].filter(({ name }) => !name.startsWith(".")));
    field.remove();
  });
  document.body.append(field);
  field.click();
}
