// The registry of commands, the keys, and the sheet that lists them.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { command, commands, KEYS, keyHint } from "../src/app/commands";
import { caps, chordOf, forAria, isSafeWhileTyping, written } from "../src/app/keys";
import { sheet } from "../src/app/sheet";
import { shortcuts } from "../src/app/shortcuts";
import { App } from "../src/app/state.svelte";
import { plainText } from "../src/features/chat/plain";

let app: App;
let press: (key: string, init?: KeyboardEventInit, target?: HTMLElement) => KeyboardEvent;

beforeEach(() => {
  location.hash = "";
  vi.stubGlobal("fetch", async () => Response.json({}));
  app = new App();
  const listen = shortcuts(app);
  press = (key, init = {}, target = document.body) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
    target.addEventListener("keydown", listen, { once: true });
    target.dispatchEvent(event);
    return event;
  };
});
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

function field(value = ""): HTMLTextAreaElement {
  const element = document.createElement("textarea");
  element.value = value;
  document.body.append(element);
  return element;
}

describe("the registry", () => {
  it("gives no key to two commands", () => {
    const chords = Object.values(KEYS).flat();
    expect(chords).toEqual([...new Set(chords)]);
  });

  it("names each command once, and has one for every key", () => {
    const ids = commands(app).map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(Object.keys(KEYS).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("documents every key in the sheet", () => {
    const listed = sheet(app).flatMap(({ rows }) => rows.flatMap(({ keys }) => keys));
    for (const chord of Object.values(KEYS).flat()) expect(listed).toContain(chord);
  });

  it("offers what is possible only", () => {
    const possible = (id: string): boolean => command(app, id)!.possible;
    expect([possible("new"), possible("rename"), possible("stop"), possible("copy-markdown"), possible("undo")]).toEqual([true, false, false, false, false]);
    expect([possible("theme-system"), possible("theme-dark")]).toEqual([false, true]);
    app.notices.show("gone", { label: "Undo", run: () => undefined });
    expect([possible("undo"), command(app, "undo")!.name]).toEqual([true, "Undo: gone"]);
  });

  it("has a command for each model that can chat, and none for the others", () => {
    const model = { engine: "ollama", capabilities: ["completion"], context_length: null, size: 1, fits: "fits", loaded: false, active: false } as const;
    app.models.list = {
      ...app.models.list,
      models: [
        { ...model, name: "a:1b", label: "a:1b" },
        { ...model, name: "vectors", label: "vectors", capabilities: ["embedding"] },
      ] as unknown as typeof app.models.list.models,
    };
    expect(commands(app).filter(({ group }) => group === "model").map(({ name }) => name)).toEqual(["Use a:1b"]);
  });
});

describe("shortcuts", () => {
  it("run their command and keep the key from the browser", () => {
    expect(press("2", { ctrlKey: true, code: "Digit2" }).defaultPrevented).toBe(true);
    expect(app.router.page).toBe("models");
  });

  it("do not take keys from the text that is written, except with Ctrl", () => {
    const area = field();
    expect(press("?", { shiftKey: true }, area).defaultPrevented).toBe(false);
    expect(app.layers.open).toBeNull();
    press("k", { ctrlKey: true }, area);
    expect(app.layers.open).toBe("palette");
  });

  it("leave Ctrl+Z to a field that has text in it", () => {
    const run = vi.fn();
    app.notices.show("gone", { label: "Undo", run });
    expect(press("z", { ctrlKey: true }, field("words")).defaultPrevented).toBe(false);
    expect(run).not.toHaveBeenCalled();
    press("z", { ctrlKey: true }, field());
    expect(run).toHaveBeenCalledOnce();
  });

  it("run nothing under an open dialog, and nothing twice", () => {
    const dialog = document.createElement("div");
    dialog.setAttribute("role", "dialog");
    document.body.append(dialog);
    press("2", { ctrlKey: true, code: "Digit2" });
    expect(app.router.page).toBe("chat");
    dialog.remove();
    const area = field();
    area.addEventListener("keydown", (event) => event.preventDefault());
    press("2", { ctrlKey: true, code: "Digit2" }, area);
    expect(app.router.page).toBe("chat");
  });

  it("stop an answer with Escape only where nothing is open", () => {
    const chat = app.chats.get(null);
    const stop = vi.spyOn(chat, "stop").mockResolvedValue();
    chat.writing = "m";
    const menu = document.createElement("div");
    menu.setAttribute("role", "menu");
    document.body.append(menu);
    press("Escape");
    expect(stop).not.toHaveBeenCalled();
    menu.remove();
    expect(press("Escape").defaultPrevented).toBe(true);
    expect(stop).toHaveBeenCalledOnce();
    chat.writing = null;
    expect(press("Escape").defaultPrevented).toBe(false);
  });
});

describe("keys", () => {
  const event = (key: string, init: KeyboardEventInit = {}): KeyboardEvent => new KeyboardEvent("keydown", { key, ...init });

  it("are read on any layout", () => {
    expect(chordOf(event("k", { ctrlKey: true }), false)).toBe("Mod+K");
    expect(chordOf(event("F", { ctrlKey: true, shiftKey: true }), false)).toBe("Mod+Shift+F");
    // Russian, French, German.
    expect(chordOf(event("л", { ctrlKey: true, code: "KeyK" }), false)).toBe("Mod+K");
    expect(chordOf(event("&", { ctrlKey: true, code: "Digit1" }), false)).toBe("Mod+1");
    expect(chordOf(event("/", { ctrlKey: true, shiftKey: true, code: "Digit7" }), false)).toBe("Mod+/");
    expect(chordOf(event("?", { shiftKey: true }), false)).toBe("?");
  });

  it("know Cmd on macOS, and leave Ctrl to it", () => {
    expect(chordOf(event("k", { metaKey: true }), true)).toBe("Mod+K");
    expect(chordOf(event("k", { ctrlKey: true }), true)).toBe("Ctrl+K");
    expect(chordOf(event("k", { metaKey: true }), false)).toBe("K");
  });

  it("are nothing while only a modifier is held, and not AltGr", () => {
    expect(chordOf(event("Control", { ctrlKey: true }), false)).toBeNull();
    expect(chordOf(event("@", { ctrlKey: true, altKey: true, code: "Digit2" }), false)).toBe("Mod+Alt+2");
  });

  it("are written as they are printed", () => {
    expect(written("Mod+Shift+F", false)).toBe("Ctrl+Shift+F");
    expect(written("Mod+Shift+F", true)).toBe("⌘⇧F");
    expect(caps("ArrowUp", false)).toEqual(["↑"]);
    expect(forAria(["?", "Mod+/"], false)).toBe("? Control+/");
    expect(keyHint("rename")).toBe("F2");
  });

  it("say which of them no text needs", () => {
    expect(["Mod+K", "Escape", "F2", "?", "K", "Shift+K"].filter(isSafeWhileTyping)).toEqual(["Mod+K", "Escape", "F2"]);
  });
});

describe("an answer as plain text", () => {
  it("has no marks, and keeps code, tables and sources", () => {
    const markdown = "## Title\n\nText with **bold**, `a < b` and [a link](https://x.org) [1].\n\n1. one\n2. two\n   - deep\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = '**'\n```\n\n> said\n\n$x^2$ & more";
    expect(plainText(markdown)).toBe(
      "Title\n\nText with bold, a < b and a link (https://x.org) [1].\n\n1. one\n2. two\n   - deep\n\na\tb\n1\t2\n\nx = '**'\n\nsaid\n\nx^2 & more",
    );
  });

  it("shows entities as their signs in text, and as they are in code", () => {
    expect(plainText("a &lt; b, `&lt;`")).toBe("a < b, &lt;");
  });
});
