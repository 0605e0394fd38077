// What a model can do, as the badges say it.
import type { Model } from "../../api/types";
import { t } from "../../i18n";

/** Embedding models cannot answer. Where an engine says nothing about a model, it may. */
export function chats(model: Model): boolean {
  return model.capabilities.includes("completion") || !model.capabilities.includes("embedding");
}

export function badges(capabilities: readonly string[]): string[] {
  const named: Record<string, string> = {
    tools: t("canTools"),
    vision: t("canImages"),
    thinking: t("canThinking"),
    embedding: t("canEmbedding"),
  };
  return capabilities.flatMap((capability) => named[capability] ?? []);
}

/** What a model is called; that it comes with LocalChat is said in the user's language. */
export function labelOf({ engine, label }: Pick<Model, "label"> & { engine: string }): string {
  return engine === "builtin" ? `${label.replace(/,.*/, "")}, ${t("builtIn")}` : label;
}
