// The import of conversations: goes on while other pages are looked at, and keeps its report until the next one.
import { asApiError, failureOf, type ApiError } from "../../api/client";
import { streamImport, type ImportEvent } from "../../api/streams";
import type { ConversationList } from "../sidebar/conversations.svelte";

type Progress = Extract<ImportEvent, { progress: unknown }>["progress"];
type Report = Extract<ImportEvent, { report: unknown }>["report"];

export class ImportOfConversations {
  /** The name of the file that is coming in, or came in last. */
  name = $state("");
  running = $state(false);
  stopped = $state(false);
  progress = $state<Progress | null>(null);
  report = $state<Report | null>(null);
  failure = $state<ApiError | null>(null);
  readonly #conversations: ConversationList;
  #abort: AbortController | undefined;

  constructor(conversations: ConversationList) {
    this.#conversations = conversations;
  }

  async take(file: File): Promise<void> {
    if (this.running) return;
    this.name = file.name;
    this.running = true;
    this.stopped = false;
    this.progress = this.report = this.failure = null;
    this.#abort = new AbortController();
    try {
      for await (const event of streamImport(file, this.#abort.signal)) {
        if ("progress" in event) this.progress = event.progress;
        else if ("report" in event) this.report = event.report;
        else this.failure = failureOf(event);
      }
    } catch (error) {
      this.stopped = this.#abort.signal.aborted;
      if (!this.stopped) this.failure = asApiError(error);
    }
    this.running = false;
    await this.#conversations.load();
  }

  stop(): void {
    this.#abort?.abort();
  }
}
