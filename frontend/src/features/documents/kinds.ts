// The icon of a file, by the kind that its name tells.
import File from "@lucide/svelte/icons/file";
import FileText from "@lucide/svelte/icons/text-align-start";
import ImageIcon from "@lucide/svelte/icons/image";
import Mail from "@lucide/svelte/icons/mail";
import Sheet from "@lucide/svelte/icons/sheet";
import type { Component } from "svelte";

type Drawing = Component<Record<string, unknown>>;

const KINDS: readonly [RegExp, Drawing][] = [
  [/\.(?:xlsx?|csv|tsv|ods)$/i, Sheet],
  [/\.(?:eml|msg)$/i, Mail],
  [/\.(?:png|jpe?g|gif|webp|tiff?|bmp|heic)$/i, ImageIcon],
  [/\.(?:md|txt|html?|rtf|org|rst)$/i, FileText],
];

export function iconOf(filename: string): Drawing {
  return KINDS.find(([pattern]) => pattern.test(filename))?.[1] ?? File;
}
