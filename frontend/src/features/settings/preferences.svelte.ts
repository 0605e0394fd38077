// The settings that the server keeps; a change shows at once and is taken back if it cannot be kept.
import { api, asApiError, data } from "../../api/client";
import type { ApiError } from "../../api/client";
import { useLanguage } from "../../i18n";
import type { Settings, SettingsChange } from "../../api/types";

export type Kept = Required<Settings>;

/** As the server has them where nothing was chosen; a test compares the two. */
export const DEFAULTS: Kept = {
  theme: "system",
  language: "system",
  reading_size: "normal",
  use_documents: true,
  quotes: true,
  temperature: 0.3,
  context_window: 8192,
  ollama_host: "",
  model: null,
  welcome_dismissed: false,
  meter_open: false,
  recent_commands: [],
};

export class Preferences {
  kept = $state<Kept>(DEFAULTS);
  /** False until the server has answered: what depends on a setting that is not known yet can wait. */
  known = $state(false);
  #language = DEFAULTS.language;
  failure = $state<ApiError | null>(null);

  async load(): Promise<void> {
    try {
      this.#take(await data(api.GET("/api/settings")));
    } catch (error) {
      this.failure = asApiError(error);
    }
  }

  async change(change: SettingsChange): Promise<void> {
    const before = this.kept;
    this.kept = { ...before, ...withoutNulls(change) };
    this.#show();
    try {
      this.#take(await data(api.PATCH("/api/settings", { body: change })));
    } catch (error) {
      this.kept = before;
      this.#show();
      this.failure = asApiError(error);
    }
  }

  /** Back to how they were delivered. */
  async reset(keys: readonly (keyof SettingsChange)[]): Promise<void> {
    if (!keys.length) return;
    const before = this.kept;
    this.kept = { ...before, ...Object.fromEntries(keys.map((key) => [key, DEFAULTS[key]])) };
    this.#show();
    try {
      this.#take(await data(api.PATCH("/api/settings", { body: Object.fromEntries(keys.map((key) => [key, null])) })));
    } catch (error) {
      this.kept = before;
      this.#show();
      this.failure = asApiError(error);
    }
  }

  #take(settings: Settings): void {
    this.kept = { ...DEFAULTS, ...settings };
    this.known = true;
    this.failure = null;
    this.#show();
  }

  /** Theme and reading size are attributes of the root, which the tokens read. */
  #show(): void {
    if (this.#language !== this.kept.language) void useLanguage((this.#language = this.kept.language));
    const { dataset } = document.documentElement;
    if (this.kept.theme === "system") delete dataset.theme;
    else dataset.theme = this.kept.theme;
    if (this.kept.reading_size === "normal") delete dataset.reading;
    else dataset.reading = this.kept.reading_size;
  }
}

function withoutNulls(change: SettingsChange): Partial<Kept> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null && value !== undefined));
}
