// Which model answers the next question of a conversation.
import type { App } from "../../app/state.svelte";
import { labelOf } from "../models/capabilities";
import type { Conversation } from "./conversation.svelte";

export interface ChosenModel {
  /** The model of the preset, or what was chosen here instead of it; null: the one that is active everywhere. */
  asked: string | null;
  name: string | undefined;
  label: string;
  /** Whether it can see pictures; null: not known yet. */
  sees: boolean | null;
}

export function chosenModel({ chats, models }: App, chat: Conversation): ChosenModel {
  const ofPreset = chats.presetOf(chat)?.model;
  const asked = ofPreset ? (chat.model ?? ofPreset) : null;
  const name = asked ?? models.active?.model;
  const listed = models.list.models.find((model) => model.name === name);
  const capabilities = listed?.capabilities ?? (asked ? undefined : models.active?.capabilities);
  return {
    asked,
    name,
    label: (listed && labelOf(listed)) ?? asked ?? (models.active ? labelOf(models.active) : ""),
    sees: capabilities ? capabilities.includes("vision") : null,
  };
}
