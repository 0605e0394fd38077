// What a screen reader is told while an answer is written: whole sentences, without the marks of Markdown.

export class SentenceReader {
  #read = 0;

  /** Sentences that became complete in `text` since the last call; with `ended`, also the last one. */
  next(text: string, ended = false): string {
    const fresh = text.slice(this.#read);
    const end = ended ? fresh.length : lastSentenceEnd(fresh);
    this.#read += end;
    return spoken(fresh.slice(0, end));
  }
}

function lastSentenceEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/[.!?…。！？](?=\s)|\n/g)) end = match.index + match[0].length;
  return end;
}

function spoken(markdown: string): string {
  return markdown
    .replace(/```[^\n]*/g, " ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:#{1,6}|[-*+>]|\d+\.)\s+/gm, "")
    .replace(/[*`|]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
