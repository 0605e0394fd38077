// The presets that the server keeps, by name.
import { ApiError, api, asApiError, data } from "../../api/client";
import type { NewPreset, Preset, PresetChange } from "../../api/types";
import type { Notices } from "../../app/notices.svelte";
import { t } from "../../i18n";

export class Presets {
  list = $state<Preset[]>([]);
  /** Why the last action failed. */
  failure = $state<ApiError | null>(null);
  readonly #notices: Notices;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  get byDefault(): Preset | null {
    return this.list.find((preset) => preset.is_default) ?? null;
  }

  find(id: string | null): Preset | null {
    return this.list.find((preset) => preset.id === id) ?? null;
  }

  async load(): Promise<void> {
    try {
      this.list = (await data(api.GET("/api/presets"))).presets;
    } catch (error) {
      this.failure = asApiError(error);
    }
  }

  /** Throws the ApiError: the dialog shows it beside its fields. */
  async save(preset: NewPreset, id: string | null): Promise<Preset> {
    const saved = id
      ? await data(api.PATCH("/api/presets/{identity}", { params: { path: { identity: id } }, body: preset satisfies PresetChange }))
      : await data(api.POST("/api/presets", { body: preset }));
    await this.load();
    return saved;
  }

  async duplicate(preset: Preset): Promise<void> {
    const { system_prompt, model, temperature, context_window, use_documents, documents, collections } = preset;
    const body = { system_prompt, model, temperature, context_window, use_documents, document_ids: documents.map(({ id }) => id), collection_ids: collections.map(({ id }) => id) };
    await this.#do(api.POST("/api/presets", { body: { ...body, name: this.#freeName(preset.name) } }));
  }

  async change(preset: Preset, change: PresetChange): Promise<void> {
    await this.#do(api.PATCH("/api/presets/{identity}", { params: { path: { identity: preset.id } }, body: change }));
  }

  async remove(preset: Preset): Promise<void> {
    await this.#do(api.DELETE("/api/presets/{identity}", { params: { path: { identity: preset.id } } }));
  }

  async bringIn(file: File): Promise<void> {
    let body;
    try {
      body = JSON.parse(await file.text());
    } catch {
      this.failure = new ApiError("MalformedRequest", t("presetNoFile", file.name));
      return;
    }
    const brought = await this.#do(api.POST("/api/presets/import", { body }));
    if (brought) this.#notices.say(t("presetImported", brought.name));
  }

  async #do<T>(call: Parameters<typeof data<T>>[0]): Promise<T | null> {
    let done: T | null = null;
    try {
      done = await data(call);
      this.failure = null;
    } catch (error) {
      this.failure = asApiError(error);
    }
    const { failure } = this;
    await this.load();
    this.failure ??= failure;
    return done;
  }

  #freeName(name: string): string {
    const taken = new Set(this.list.map((preset) => preset.name.toLowerCase()));
    const base = [...name].slice(0, 95).join("").trim();
    let number = 2;
    while (taken.has(`${base} ${number}`.toLowerCase())) number++;
    return `${base} ${number}`;
  }
}
