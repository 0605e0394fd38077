// Every setting once: where it stands, what it is called, and other words by which it is found. The page's filter, its
// resets and the palette read from here.
import { t } from "../../i18n";
import type { Kept } from "./preferences.svelte";

export const SETTINGS_GROUPS = ["trouble", "appearance", "answers", "presets", "engines", "data"] as const;
export type SettingsGroup = (typeof SETTINGS_GROUPS)[number];

export interface Setting {
  id: string;
  group: SettingsGroup;
  name: string;
  /** What is written under it, and other words for it. */
  also: string;
  /** Under which it is kept; null: it is not a value, but something that can be done. */
  key: Exclude<keyof Kept, "model"> | null;
}

export function groupNames(): Record<SettingsGroup, string> {
  return { trouble: t("trouble"), appearance: t("appearance"), answers: t("answers"), presets: t("presets"), engines: t("engines"), data: t("dataGroup") };
}

export function settings(): Setting[] {
  const of = (group: SettingsGroup, id: string, name: string, also: string, key: Setting["key"] = null): Setting => ({ id, group, name, also, key });
  return [
    of("trouble", "checks", t("checks"), `${t("checkAgain")} ${t("alsoChecks")}`),
    of("trouble", "logs", t("logs"), `${t("logsHint")} ${t("alsoLogs")}`),
    of("appearance", "language", t("language"), t("alsoLanguage"), "language"),
    of("appearance", "theme", t("theme"), `${t("themeSystem")} ${t("themeLight")} ${t("themeDark")} ${t("alsoTheme")}`, "theme"),
    of("appearance", "reading-size", t("readingSize"), `${t("readingSizeHint")} ${t("alsoSize")}`, "reading_size"),
    of("answers", "use-documents", t("useDocuments"), `${t("useDocumentsHint")} ${t("alsoUseDocuments")}`, "use_documents"),
    of("answers", "quotes", t("quotesSetting"), t("quotesSettingHint"), "quotes"),
    of("answers", "temperature", t("temperature"), t("temperatureHint"), "temperature"),
    of("answers", "context-window", t("contextWindow"), t("contextWindowHint"), "context_window"),
    of("presets", "presets", t("presets"), t("presetMeans")),
    of("engines", "ollama-host", t("ollamaAddress"), t("ollamaAddressHint"), "ollama_host"),
    of("engines", "embedder", t("embedder"), `${t("embedderHint")} ${t("alsoEmbedder")}`),
    of("data", "storage", t("storage"), `${t("storageHint")} ${t("dataFolder")} ${t("alsoStorage")}`),
    of("data", "backup", t("backup"), t("backupHint")),
    of("data", "restore", t("restore"), t("restoreHint")),
    of("data", "transfer", t("importTitle"), `${t("allConversations")} ${t("importHint")} ${t("alsoExport")}`),
  ];
}
