// Which words of a passage are those of the question.

export interface Run {
  text: string;
  found: boolean;
}

/** The passage in runs; a word counts as found when it begins like a word of the question (three letters at least). */
export function markWords(passage: string, question: string): Run[] {
  const stems = words(question).map((word) => word.toLocaleLowerCase()).filter((word) => word.length >= 3).map((word) => word.slice(0, Math.max(3, word.length - 2)));
  const runs: Run[] = [];
  for (const piece of passage.split(/([\p{L}\p{N}]+)/u)) {
    if (!piece) continue;
    const lower = piece.toLocaleLowerCase();
    const found = stems.some((stem) => lower.startsWith(stem) && lower.length <= stem.length + 4);
    const last = runs.at(-1);
    if (last && last.found === found) last.text += piece;
    else runs.push({ text: piece, found });
  }
  return runs;
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}
