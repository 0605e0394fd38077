// Adding files or a folder: through the native dialog where there is a window, else through the browser's.
import { t } from "../i18n";
import { toldApart, withoutLeftOut, type Dropped } from "./dropped";
import type { Notices } from "./notices.svelte";
import type { App } from "./state.svelte";

const ID = "adding";
/** Names of what was left out that are told; the others are counted. */
const TOLD = 3;

/** How much was found in a folder, and what of it was left out, by name. */
export function tellOf({ files, folders, skipped }: Dropped, notices: Notices): void {
  if (!folders.length && !skipped.length) return;
  const named = skipped.slice(0, TOLD).join(", ");
  notices.show([t("filesFound", files.length), ...(skipped.length ? [t("filesLeftOut", skipped.length, named, skipped.length - TOLD)] : [])].join(" "));
}

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
    const chosen = withoutLeftOut([...(field.files ?? [])]);
    tellOf(chosen, app.notices);
    void app.library.upload(toldApart(chosen.files));
  });
  document.body.append(field);
  field.click();
}
