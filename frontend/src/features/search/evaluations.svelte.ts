// Measures of the search: one at a time, which goes on while other pages are looked at, and the figures of the last ones.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamEvaluation, type EvaluationEvent } from "../../api/streams";
import type { Evaluated, EvaluationDone, ProofEvaluated } from "../../api/types";

type Progress = Extract<EvaluationEvent, { progress: unknown }>["progress"];

/** What was measured last, and the time before. `name`: of the labelled file; null: the user's own documents. */
export interface Measured {
  name: string | null;
  last: Evaluated;
  before: Evaluated | null;
}

export class Evaluations {
  /** The newest first. */
  kept = $state.raw<Evaluated[]>([]);
  loaded = $state(false);
  running = $state(false);
  stopped = $state(false);
  /** Of what is measured, or was last. */
  name = $state<string | null>(null);
  progress = $state<Progress | null>(null);
  failure = $state<ApiError | null>(null);
  #abort: AbortController | undefined;

  measured = $derived(pairs(this.kept));

  async load(): Promise<void> {
    try {
      this.kept = (await data(api.GET("/api/evaluations"))).evaluations;
      this.loaded = true;
    } catch (error) {
      this.failure = asApiError(error);
    }
  }

  /** The user's own documents, or a labelled file. */
  async measure(file: File | null): Promise<void> {
    if (this.running) return;
    this.name = file?.name ?? null;
    this.running = true;
    this.stopped = false;
    this.progress = this.failure = null;
    this.#abort = new AbortController();
    try {
      for await (const event of streamEvaluation(file, this.#abort.signal)) {
        if ("progress" in event) this.progress = event.progress;
        else if ("error" in event) this.failure = failureOf(event);
      }
    } catch (error) {
      this.stopped = this.#abort.signal.aborted;
      if (!this.stopped) this.failure = asApiError(error);
    }
    this.running = false;
    if (!this.failure) await this.load();
  }

  stop(): void {
    this.#abort?.abort();
  }
}

export function ofProof(result: EvaluationDone | ProofEvaluated): result is ProofEvaluated {
  return "kinds" in result;
}

/** Each file once, and the user's own documents, each with the time before. */
function pairs(kept: readonly Evaluated[]): Measured[] {
  const found = new Map<string | null, Measured>();
  for (const one of kept) {
    const known = found.get(one.name);
    if (!known) found.set(one.name, { name: one.name, last: one, before: null });
    // A file of the same name may have been of another kind.
    else if (!known.before && ofProof(known.last.result) === ofProof(one.result)) known.before = one;
  }
  return [...found.values()];
}
