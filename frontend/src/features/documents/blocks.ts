// The text of a passage and of the headings before it, in the blocks that it was read in.
import type { Passage } from "../../api/types";

export type Block =
  /** `level`: 0 is the outermost. */
  | { kind: "heading"; text: string; level: number }
  | { kind: "paragraph" | "code"; text: string }
  | { kind: "table"; rows: string[][] };

/** What stands between two blocks, and between two cells of a row (backend/pipeline/readers/blocks.py). */
const JOINT = "\n\n";
const CELL = " | ";

/** `gap`: what stands between the passage and the one before it: headings, and what joins blocks. */
export function blocksOf(passage: Pick<Passage, "kind" | "heading">, gap: string, text: string): Block[] {
  const headings = gap.split(JOINT).map((part) => part.trim()).filter(Boolean);
  return [...headings.map((heading) => headingOf(heading, passage.heading)), ...inside(passage, text)];
}

function headingOf(text: string, path: readonly string[]): Block {
  const level = path.indexOf(text);
  return { kind: "heading", text, level: level < 0 ? Math.max(0, path.length - 1) : level };
}

function inside({ kind, heading }: Pick<Passage, "kind" | "heading">, text: string): Block[] {
  if (kind === "code") return [{ kind: "code", text }];
  if (kind === "heading") return [headingOf(text, heading)];
  return text.split(JOINT).flatMap((part): Block[] => {
    if (!part.trim()) return [];
    const lines = part.split("\n").filter((line) => line.trim());
    const isTable = lines.every((line) => line.includes(CELL)) && (kind === "table" || lines.length > 1);
    return [isTable ? { kind: "table", rows: lines.map((line) => line.split(CELL)) } : { kind: "paragraph", text: part }];
  });
}
