// What the sheet of shortcuts lists: every command that has a key, then the keys of places.
import { t } from "../i18n";
import { commands, LOCAL_KEYS, type Group } from "./commands";
import type { Chord } from "./keys";
import type { App } from "./state.svelte";

export interface Section {
  title: string;
  rows: { name: string; keys: readonly Chord[] }[];
}

export function sheet(app: App): Section[] {
  const all = commands(app);
  const titles: Partial<Record<Group, string>> = {
    help: t("groupHelp"),
    conversation: t("groupConversation"),
    answer: t("groupAnswer"),
    documents: t("groupDocuments"),
    go: t("groupGo"),
  };
  const local = (place: keyof typeof LOCAL_KEYS): Section["rows"] => LOCAL_KEYS[place].map(({ keys, does }) => ({ name: t(does), keys }));
  return [
    ...Object.entries(titles).map(([group, title]) => ({
      title,
      rows: all.filter((one) => one.group === group && one.keys.length).map(({ id, name, keys }) => ({ name: id === "undo" ? t("undo") : name, keys })),
    })),
    { title: t("groupMessage"), rows: local("message") },
    { title: t("groupLists"), rows: local("lists") },
  ];
}
