// How a source is named.
import type { Source } from "../../api/types";
import { t } from "../../i18n";

export function place(source: { page: number | null }): string {
  return source.page === null ? "" : t("page", source.page);
}

export function sourceName(source: Source): string {
  return [t("source", source.number), source.filename, place(source)].filter(Boolean).join(", ");
}
