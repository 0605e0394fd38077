// Settings: as the server delivers them, and found by their words.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/app/state.svelte";
import { remember } from "../src/app/palette/recent";
import { DEFAULTS } from "../src/features/settings/preferences.svelte";
import { settings, SETTINGS_GROUPS } from "../src/features/settings/registry";
import { SettingsView } from "../src/features/settings/view.svelte";
import { useLanguage } from "../src/i18n";

interface Schema {
  components: { schemas: { Settings: { properties: Record<string, { default: unknown }> } } };
}

const api = JSON.parse(readFileSync(join(import.meta.dirname, "..", "openapi.json"), "utf8")) as Schema;
let sent: { method: string; body: unknown }[];
let app: App;

beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const body: unknown = request.method === "GET" ? null : await request.json();
    sent.push({ method: request.method, body });
    return Response.json({ ...DEFAULTS, ...(body as object) });
  });
  app = new App();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await useLanguage("en");
});

it("are taken back to what the server delivers", () => {
  const { properties } = api.components.schemas.Settings;
  expect(DEFAULTS).toEqual(Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, value.default])));
});

describe("the registry", () => {
  it("names each setting once, in a group that there is", () => {
    const ids = settings().map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(new Set(settings().map(({ group }) => group))).toEqual(new Set(SETTINGS_GROUPS));
  });
});

describe("the filter", () => {
  const found = (query: string): string[] => {
    const view = new SettingsView(app);
    view.query = query;
    return settings().filter(({ id }) => view.shows(id)).map(({ id }) => id);
  };

  it("finds a setting by its name, its hint, its group and other words for it", () => {
    expect(found("temper")).toEqual(["temperature"]);
    expect(found("FONT")).toEqual(["reading-size"]);
    expect(found("appearance")).toEqual(["language", "theme", "reading-size"]);
    expect(found("appearance  larger")).toEqual(["reading-size"]);
    expect(found("")).toHaveLength(settings().length);
    expect(found("no such thing")).toEqual([]);
  });

  it("searches in the language that is shown", async () => {
    await useLanguage("de");
    expect(found("größe")).toContain("reading-size");
  });
});

describe("a reset", () => {
  it("asks the server for its own values, of what is changed alone", async () => {
    await app.preferences.change({ temperature: 1, theme: "dark" });
    const view = new SettingsView(app);
    expect(view.changed().map(({ id }) => id)).toEqual(["theme", "temperature"]);
    expect(view.changed("answers").map(({ id }) => id)).toEqual(["temperature"]);
    await view.reset(view.changed("answers"));
    expect(sent.at(-1)).toEqual({ method: "PATCH", body: { temperature: null } });
  });
});

it("what was chosen in the palette is kept by the server, the newest first and each once", async () => {
  for (const key of ["a", "b", "a"]) remember(app.preferences, key);
  expect(app.preferences.kept.recent_commands).toEqual(["a", "b"]);
  for (let n = 0; n < 30; n++) remember(app.preferences, `command:${n}`);
  expect(app.preferences.kept.recent_commands).toHaveLength(20);
  remember(app.preferences, "x".repeat(301));
  expect(app.preferences.kept.recent_commands[0]).toBe("command:29");
});
