// Adding files or a folder: through the native dialog where there is a window, else through the browser's.
import { t } from "../i18n";
import type { App } from "./state.svelte";

const ID = "adding";

export function addDocuments(app: App, folder: boolean): void {
  if (app.status?.desktop) {
    void app.library.pick(folder);
    return;
  }
  // It stays until the next one: a dialog that is closed may come back to it late.
  document.querySelector(`#${ID}`)?.remove();
  const field = document.createElement("input");
  field.id = ID;
  field.type = "file";
  field.hidden = true;
  field.multiple = !folder;
  field.webkitdirectory = folder;
  field.ariaLabel = t(folder ? "addFolder" : "addFiles");
  field.addEventListener("change", () => {
    // Hidden files are the system's own.
    void app.library.upload([...(field.files ?? [])].filter(({ name }) => !name.startsWith(".")));
  });
  document.body.append(field);
  field.click();
}
