// Conversations as files: the formats, and a download that works in a browser and in the window, which asks where to.
import { t } from "../../i18n";
import type { Entry } from "../../ui/entry";

export type Format = "md" | "json" | "html" | "docx" | "pdf";

/** The entries of a menu that exports one conversation; without an id, all of them. */
export function exports(id?: string): Entry[] {
  const path = id === undefined ? "/api/conversations/export" : `/api/conversations/${encodeURIComponent(id)}/export`;
  const formats: [Format, string][] = [
    ["md", t("formatMarkdown")],
    ["json", t("formatJson")],
    ["html", t("formatHtml")],
    ["docx", t("formatWord")],
    ["pdf", t("formatPdf")],
  ];
  return formats.map(([format, label]) => ({ label, run: () => download(`${path}?format=${format}`) }));
}

export function download(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  // Its name is the server's to give; the attribute keeps an error from taking the page away.
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
