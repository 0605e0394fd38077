// Which words of a passage are those of the question.

export interface Run {
  text: string;
  found: boolean;
}

/** The passage in runs; a word counts as found when it begins like one of the question's telling words. */
export function markWords(passage: string, question: string): Run[] {
  const stems = telling(words(question)).map((word) => word.slice(0, Math.max(3, word.length - 2)));
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

/** "The" and "who" are in every passage and say nothing; where there are longer words, the short ones are left plain. */
function telling(all: readonly string[]): string[] {
  const lower = all.map((word) => word.toLocaleLowerCase());
  const long = lower.filter((word) => word.length >= 4 || /\d/.test(word));
  return long.length ? long : lower;
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}
