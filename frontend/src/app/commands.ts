// Every command of the app, once: its name, its keys, when it is possible, what it does. Menus, the palette, the
// shortcuts and their sheet all read from here.
import type { Conversation } from "../features/chat/conversation.svelte";
import { chats as canChat, labelOf } from "../features/models/capabilities";
import { groupNames, settings, SETTINGS_GROUPS } from "../features/settings/registry";
import { exports } from "../features/transfer/exports";
import { t } from "../i18n";
import type { Entry } from "../ui/entry";
import { addDocuments } from "./adding";
import { written, type Chord } from "./keys";
import { focusComposer } from "./layers.svelte";
import type { Page } from "./route.svelte";
import type { App } from "./state.svelte";

export type Group = "conversation" | "answer" | "documents" | "go" | "model" | "look" | "help";

export interface Command {
  id: string;
  group: Group;
  name: string;
  /** Other words by which it is found. */
  also: string;
  keys: readonly Chord[];
  possible: boolean;
  run: () => void;
}

/** The keys of commands by their ids. A key that text needs works only where nobody writes. */
export const KEYS = {
  "palette": ["Mod+K"],
  "shortcuts": ["?", "Mod+/"],
  "undo": ["Mod+Z"],
  "new": ["Mod+N"],
  "find": ["Mod+Shift+F"],
  "message": ["Mod+J"],
  "rename": ["F2"],
  "stop": ["Escape"],
  "again": ["Mod+Shift+Enter"],
  "copy-markdown": ["Mod+Shift+C"],
  "use-documents": ["Mod+Shift+E"],
  "add-files": ["Mod+O"],
  "add-folder": ["Mod+Shift+O"],
  "go-documents": ["Mod+1"],
  "go-models": ["Mod+2"],
  "go-search": ["Mod+3"],
  "go-settings": ["Mod+,"],
} as const satisfies Record<string, readonly Chord[]>;

/** Keys that belong to a place and not to the whole window; the sheet lists them. */
export const LOCAL_KEYS = {
  message: [
    { keys: ["Enter"], does: "send" },
    { keys: ["Shift+Enter"], does: "keyNewLine" },
    { keys: ["ArrowUp"], does: "keyEditLast" },
  ],
  lists: [
    { keys: ["ArrowUp", "ArrowDown"], does: "keyRows" },
    { keys: ["ArrowLeft", "ArrowRight"], does: "keyTools" },
    { keys: ["Home", "End"], does: "keyEnds" },
    { keys: ["Delete"], does: "keyDeleteConversation" },
    { keys: ["Escape"], does: "keyClose" },
  ],
} as const;

type KeyId = keyof typeof KEYS;

export function keysOf(id: string): readonly Chord[] {
  return id in KEYS ? KEYS[id as KeyId] : [];
}

/** The first key of a command as it is written in menus and tooltips. */
export function keyHint(id: KeyId): string {
  return written(KEYS[id][0]);
}

/** All commands as things stand now. */
export function commands(app: App): Command[] {
  return [...ofConversation(app), ...ofAnswer(app), ...ofDocuments(app), ...pages(app), ...ofModels(app), ...ofPresets(app), ...look(app), ...help(app)];
}

export function command(app: App, id: string): Command | undefined {
  return commands(app).find((one) => one.id === id);
}

/** A command as an entry of a menu. */
export function entry(one: Command, dress: Pick<Entry, "icon" | "destroy" | "parted"> = {}): Entry {
  const hint = one.keys[0];
  return { label: one.name, disabled: !one.possible, run: one.run, ...(hint ? { hint: written(hint) } : {}), ...dress };
}

function make(id: string, group: Group, name: string, run: () => unknown, possible = true, also = ""): Command {
  return { id, group, name, also, keys: keysOf(id), possible, run: () => void run() };
}

/** The conversation that is looked at, or null on other pages. */
function shown(app: App): Conversation | null {
  return app.router.page === "chat" ? app.chats.get(app.router.id) : null;
}

function ofConversation(app: App): Command[] {
  const chat = shown(app);
  const pinned = app.conversations.items.find(({ id }) => id === chat?.id)?.pinned ?? false;
  const asked = chat?.path.some(({ role }) => role === "user") ?? false;
  return [
    make("new", "conversation", t("newConversation"), () => app.chats.startAnew(), true, t("alsoNew")),
    make("find", "conversation", t("searchConversations"), () => findConversations(app)),
    make("message", "conversation", t("toMessage"), () => toComposer(app)),
    make("edit-last", "conversation", t("editLastQuestion"), editLastQuestion, asked && !chat?.answering),
    make("rename", "conversation", t("renameAsk"), () => app.layers.show("rename"), Boolean(chat?.id), t("alsoRename")),
    make("pin", "conversation", t(pinned ? "unpin" : "pin"), () => chat?.id && app.conversations.pin(chat.id, !pinned), Boolean(chat?.id), t("conversation")),
    make("delete", "conversation", t("deleteConversation"), () => chat && deleteConversation(app, chat), Boolean(chat?.id), t("alsoDelete")),
    ...exports(chat?.id ?? undefined).map(({ label, run = () => undefined }, index) =>
      make(`export-${index}`, "conversation", t("exportAs", label), run, Boolean(chat?.id), t("alsoExport")),
    ),
  ];
}

function ofAnswer(app: App): Command[] {
  const chat = shown(app);
  const last = chat?.path.at(-1);
  const answer = chat?.path.findLast(({ role, content }) => role === "assistant" && content);
  const again = last?.role === "assistant" && !chat?.answering;
  const copy = async (plain: boolean): Promise<void> => {
    if (!answer) return;
    const text = plain ? (await import("../features/chat/plain")).plainText(answer.content) : answer.content;
    await navigator.clipboard.writeText(text);
    app.notices.show(t("answerCopied"));
  };
  return [
    make("stop", "answer", t("stopAnswer"), () => chat?.stop(), chat?.answering ?? false),
    make("again", "answer", t("writeAgain"), () => last && chat?.again(last, app.chats.useDocuments), again, t("alsoAgain")),
    make("copy-markdown", "answer", t("copyAnswerMarkdown"), () => copy(false), Boolean(answer)),
    make("copy-plain", "answer", t("copyAnswerPlain"), () => copy(true), Boolean(answer)),
  ];
}

function ofDocuments(app: App): Command[] {
  const { chats, collections, library, notices, router } = app;
  const name = t(chats.useDocuments ? "askWithoutDocuments" : "askWithDocuments");
  const toggle = (): void => {
    chats.documents = !chats.useDocuments;
    const { total } = library;
    notices.say(t("documentsFor", chats.documents ? t("allDocuments", String(total), total) : t("withoutDocuments")));
  };
  return [
    make("use-documents", "documents", name, toggle, library.total > 0, t("alsoUseDocuments")),
    make("add-files", "documents", t("addFiles"), () => addDocuments(app, false), true, t("alsoAdd")),
    make("add-folder", "documents", t("addFolder"), () => addDocuments(app, true), true, t("alsoAdd")),
    ...collections.list.map(({ id, name }) => make(`ask-${id}`, "documents", t("askEachIn", name), () => router.go("collection", id), true, t("collection"))),
  ];
}

function pages(app: App): Command[] {
  const go = (page: Exclude<Page, "chat">, also = ""): Command =>
    make(`go-${page}`, "go", t("goTo", t(page)), () => app.router.go(page), app.router.page !== page || app.router.id !== null, also);
  const names = groupNames();
  return [
    go("documents"),
    go("models"),
    go("search"),
    go("evaluation", t("alsoEvaluate")),
    go("settings"),
    ...SETTINGS_GROUPS.map((id) => make(`settings-${id}`, "go", t("settingsOf", names[id]), () => app.router.go("settings", id))),
    ...settings()
      .filter(({ name, group }) => name !== names[group])
      .map(({ id, group, name, also }) => make(`setting-${id}`, "go", t("settingIn", names[group], name), () => app.router.go("settings", id), true, also)),
  ];
}

function ofModels(app: App): Command[] {
  const { models } = app;
  return models.list.models
    .filter(canChat)
    .map((model) => {
      const { name } = model;
      return make(`model-${name}`, "model", t("useModel", labelOf(model)), () => models.use(name), name !== models.active?.model, t("alsoModel", name));
    });
}

function ofPresets(app: App): Command[] {
  const { chats, presets } = app;
  const chat = shown(app);
  const chosen = chat && chats.presetOf(chat);
  const choose = (id: string | null) => (): void => void (chat && chats.choosePreset(chat, id));
  return [
    ...presets.list.map(({ id, name }) => make(`preset-${id}`, "model", t("presetIs", name), choose(id), chat !== null && id !== chosen?.id)),
    ...(presets.list.length ? [make("preset-none", "model", t("withoutPreset"), choose(null), Boolean(chosen))] : []),
  ];
}

function look(app: App): Command[] {
  const { preferences } = app;
  const { theme, reading_size } = preferences.kept;
  const themes = { system: t("themeSystem"), light: t("themeLight"), dark: t("themeDark") } as const;
  const sizes = { small: t("small"), normal: t("normal"), large: t("large") } as const;
  return [
    ...(["system", "light", "dark"] as const).map((one) =>
      make(`theme-${one}`, "look", t("themeIs", themes[one]), () => preferences.change({ theme: one }), theme !== one, t("alsoTheme")),
    ),
    ...(["small", "normal", "large"] as const).map((one) =>
      make(`size-${one}`, "look", t("readingSizeIs", sizes[one]), () => preferences.change({ reading_size: one }), reading_size !== one, t("alsoSize")),
    ),
  ];
}

function help(app: App): Command[] {
  const { layers, notices } = app;
  const toast = notices.toasts.findLast(({ action }) => action);
  return [
    make("palette", "help", t("commandsAndSearch"), () => layers.toggle("palette")),
    make("shortcuts", "help", t("keyboardShortcuts"), () => layers.toggle("shortcuts"), true, t("alsoShortcuts")),
    make("undo", "help", toast ? `${t("undo")}: ${toast.text}` : t("undo"), () => toast && notices.act(toast), toast !== undefined),
  ];
}

/** On narrow windows the field is in the drawer, which opens first. */
function findConversations(app: App): void {
  const field = (): HTMLInputElement | null => document.querySelector("#find-conversations");
  // At once where it is there, so that no letter typed after it is selected and lost.
  if (field()) {
    field()?.select();
    return;
  }
  app.layers.drawer = true;
  // After the drawer has put the focus on its first part.
  requestAnimationFrame(() => requestAnimationFrame(() => field()?.select()));
}

function toComposer(app: App): void {
  app.layers.drawer = false;
  // A conversation takes the focus to its composer by itself when it is opened.
  if (!focusComposer()) app.router.go("chat");
}

/** Opens the last question for editing; false where there is none. */
export function editLastQuestion(): boolean {
  const edit = [...document.querySelectorAll<HTMLButtonElement>(".turn.ask .edit")].at(-1);
  edit?.click();
  return edit !== undefined;
}

/** Out of sight at once; a toast takes it back. */
function deleteConversation(app: App, { id, title }: Pick<Conversation, "id" | "title">): void {
  if (id === null) return;
  const now = new Date().toISOString();
  const item = app.conversations.items.find((one) => one.id === id);
  app.conversations.remove(item ?? { id, title, created_at: now, updated_at: now, answering: false });
  app.chats.forget(id);
  app.router.go("chat");
}
