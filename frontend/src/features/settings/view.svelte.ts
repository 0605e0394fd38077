// What of the settings is shown for the words in the filter, and what is not as it was delivered.
import { createContext } from "svelte";
import type { App } from "../../app/state.svelte";
import { locale } from "../../i18n";
import { DEFAULTS } from "./preferences.svelte";
import { groupNames, settings, type Setting, type SettingsGroup } from "./registry";

export class SettingsView {
  query = $state("");
  readonly #app: App;
  readonly #all = $derived(settings());
  readonly #found = $derived(new Set(this.#all.filter((one) => matches(one, this.query)).map(({ id }) => id)));
  readonly any = $derived(this.#found.size > 0);

  constructor(app: App) {
    this.#app = app;
  }

  shows(id: string): boolean {
    return this.#found.has(id);
  }

  showsGroup(group: SettingsGroup): boolean {
    return this.#all.some((one) => one.group === group && this.#found.has(one.id));
  }

  /** The settings (of a group, or of all) that are not as they were delivered. */
  changed(group?: SettingsGroup): Setting[] {
    const { kept } = this.#app.preferences;
    return this.#all.filter(({ group: of, key }) => key && (!group || of === group) && kept[key] !== DEFAULTS[key]);
  }

  async reset(changed: readonly Setting[]): Promise<void> {
    const keys = changed.flatMap(({ key }) => key ?? []);
    await this.#app.preferences.reset(keys);
    if (keys.includes("ollama_host")) await this.lookForEngines();
  }

  /** The address has changed: what answers there is another thing. */
  async lookForEngines(): Promise<void> {
    const { models } = this.#app;
    await Promise.all([this.#app.checkStatus(), models.load(), models.loadActive()]);
  }
}

/** Each word that is asked for stands in the setting's own, or in the name of its group. */
function matches({ group, name, also }: Setting, query: string): boolean {
  const words = `${groupNames()[group]} ${name} ${also}`.toLocaleLowerCase(locale());
  return query
    .toLocaleLowerCase(locale())
    .split(/\s+/)
    .every((word) => words.includes(word));
}

export const [getView, setView] = createContext<SettingsView>();
