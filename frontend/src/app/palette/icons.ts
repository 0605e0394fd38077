// The drawing before each row: of its kind, and for commands of their group.
import BookOpenText from "@lucide/svelte/icons/book-open-text";
import CornerDownRight from "@lucide/svelte/icons/corner-down-right";
import Cpu from "@lucide/svelte/icons/cpu";
import FileText from "@lucide/svelte/icons/file-text";
import Files from "@lucide/svelte/icons/files";
import Keyboard from "@lucide/svelte/icons/keyboard";
import MessageSquare from "@lucide/svelte/icons/message-square";
import SunMoon from "@lucide/svelte/icons/sun-moon";
import TextIcon from "@lucide/svelte/icons/text-align-start";
import type { Component } from "svelte";
import type { Group } from "../commands";
import type { Option } from "./found.svelte";

type Drawing = Component<Record<string, unknown>>;

const OF_GROUP: Record<Group, Drawing> = {
  conversation: MessageSquare,
  answer: BookOpenText,
  documents: Files,
  go: CornerDownRight,
  model: Cpu,
  look: SunMoon,
  help: Keyboard,
};

export function drawingOf({ kind, command }: Option): Drawing {
  if (command) return OF_GROUP[command.group];
  return kind === "conversation" ? MessageSquare : kind === "document" ? FileText : TextIcon;
}
