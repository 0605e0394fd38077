// The source that is open beside the conversation: of which answer, with which words marked, and where the focus came from.
import type { Message, Source, Span } from "../../api/types";
import { tick } from "svelte";

/** What has sources: an answer, or a row of a table. */
export type Sourced = Pick<Message, "id" | "sources" | "proof">;

/** What is open: a source of an answer and, where it was opened by a sentence, that sentence's index. */
export interface OpenSource {
  message: Sourced;
  number: number;
  sentence?: number | undefined;
  /** Opened by a quote: its words, marked in the passage. */
  quoted?: string | undefined;
}

export class SourcePanel {
  open = $state.raw<OpenSource | null>(null);
  #from: HTMLElement | null = null;

  /** Opens a source, or closes it when the same is open. */
  toggle(next: OpenSource): void {
    const now = this.open;
    const same = now && now.message.id === next.message.id && now.number === next.number && now.sentence === next.sentence && now.quoted === next.quoted;
    if (same) this.close();
    else this.show(next);
  }

  show(next: OpenSource): void {
    if (!this.open) this.#from = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.open = next;
  }

  /** The focus goes back to what opened it. */
  close(): void {
    this.open = null;
    const from = this.#from;
    this.#from = null;
    void tick().then(() => {
      if (from?.isConnected && from !== document.body) from.focus({ preventScroll: true });
    });
  }

  /** Another conversation or page is shown. */
  leave(): void {
    this.open = null;
    this.#from = null;
  }
}

export function sourceOf({ message, number }: OpenSource): Source | undefined {
  return message.sources.find((source) => source.number === number);
}

/** The words of a source that are marked: those that support the sentence, the quote, or else the whole passage. */
export function markedWords(open: OpenSource): string[] {
  if (open.quoted !== undefined) return [open.quoted];
  const citation = open.sentence === undefined ? undefined : open.message.proof?.citations[open.sentence];
  const support = citation?.support.find(({ source }) => source === open.number);
  if (support?.text) return [support.text];
  return [sourceOf(open)?.text ?? ""];
}

/** Where these words stand in the source's text, in code points; null when they are not there. */
export function markedPlace(open: OpenSource): Span | null {
  const text = sourceOf(open)?.text ?? "";
  const words = markedWords(open)[0] ?? "";
  const told = toldPlace(open);
  if (told && [...text].slice(told.start, told.end).join("") === words) return { start: told.start, end: told.end };
  const at = words ? text.indexOf(words) : -1;
  if (at < 0) return null;
  const start = [...text.slice(0, at)].length;
  return { start, end: start + [...words].length };
}

/** The same as the answer says it: words may stand in a passage more than once. */
function toldPlace({ message, number, sentence, quoted }: OpenSource): Span | undefined {
  const { quotes = [], citations = [] } = message.proof ?? {};
  if (quoted !== undefined) return quotes.find((quote) => quote.source === number && quote.text === quoted);
  if (sentence === undefined) return undefined;
  return citations[sentence]?.support.find(({ source }) => source === number)?.words[0];
}
