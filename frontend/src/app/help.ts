// The one button that helps where something failed: by the error's code, since that says what is wrong.
import type { ApiError } from "../api/client";
import { t } from "../i18n";
import type { App } from "./state.svelte";

export interface Help {
  label: string;
  busy: boolean;
  /** Whether that was all that was needed. */
  run: () => boolean | Promise<boolean>;
}

/** Null: there is nothing to be done but what the sentence says. */
export function helpFor(app: App, { code }: Pick<ApiError, "code">): Help | null {
  const { router, models, status } = app;
  const to = (label: string, go: () => void): Help => ({ label, busy: false, run: () => (go(), false) });
  const startable = status?.engines.some(({ name, startable }) => name === "ollama" && startable) ?? false;
  if (code === "EngineUnavailable" && startable) {
    return { label: t(models.starting ? "starting" : "startOllama"), busy: models.starting, run: () => start(app) };
  }
  if (code === "EngineUnavailable" || code === "ModelNotFound") return to(t("chooseModel"), () => router.go("models"));
  if (code === "ContextOverflow") return to(t("contextWindow"), () => router.go("settings", "context-window"));
  if (code === "DiskFull") return to(t("whatTakesRoom"), () => router.go("settings", "storage"));
  if (code === "ReadOnlyData" || code === "DamagedData") return to(t("trouble"), () => router.go("settings", "trouble"));
  if (code === "InternalError") return to(t("logs"), () => router.go("settings", "logs"));
  return null;
}

async function start(app: App): Promise<boolean> {
  await app.models.startOllama();
  const { failure } = app.models;
  if (failure) app.notices.show(failure.message);
  await app.checkStatus();
  return !failure;
}
