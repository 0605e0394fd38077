// Models of both engines: which answers, which are there, which are being pulled.
import { api, asApiError, data, failureOf, type ApiError } from "../../api/client";
import { streamPull } from "../../api/streams";
import type { ActiveModel, ModelList, ModelTest } from "../../api/types";
import { PullProgress } from "./pull.svelte";

const ABSENT: ModelList = { models: [], engines: [], pulls: [], active: "", memory: 0 };

export class Models {
  list = $state<ModelList>(ABSENT);
  loaded = $state(false);
  active = $state<ActiveModel | null>(null);
  failure = $state<ApiError | null>(null);
  /** Ollama is being started. */
  starting = $state(false);
  pulls = $state<PullProgress[]>([]);
  /** By model name: what the last test measured, "running", or why it failed. */
  tests = $state<Record<string, ModelTest | "running" | ApiError>>({});

  ollama = $derived(this.list.engines.find(({ name }) => name === "ollama"));

  async loadActive(): Promise<void> {
    this.active = await data(api.GET("/api/models/active")).catch(() => this.active);
  }

  async load(): Promise<void> {
    try {
      this.list = await data(api.GET("/api/models"));
      this.failure = null;
      // Pulls that another window, or this one before a reload, has begun: asking for the same joins them.
      for (const { model } of this.list.pulls) if (!this.pulling(model)) void this.pull(model);
    } catch (error) {
      this.failure = asApiError(error);
    }
    this.loaded = true;
  }

  /** Ollama, where it is installed and does not run. */
  async startOllama(): Promise<void> {
    this.starting = true;
    try {
      await data(api.POST("/api/engines/ollama/start"));
      await Promise.all([this.load(), this.loadActive()]);
    } catch (error) {
      this.failure = asApiError(error);
    }
    this.starting = false;
  }

  async use(name: string | null): Promise<void> {
    try {
      this.active = await data(api.PUT("/api/models/active", { body: { model: name } }));
      this.list = { ...this.list, active: this.active.model, models: this.list.models.map((model) => ({ ...model, active: model.name === this.active?.model })) };
      this.failure = null;
    } catch (error) {
      this.failure = asApiError(error);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await data(api.DELETE("/api/models/{name}", { params: { path: { name } } }));
    } catch (error) {
      this.failure = asApiError(error);
    }
    await Promise.all([this.load(), this.loadActive()]);
  }

  async test(name: string): Promise<void> {
    this.tests[name] = "running";
    try {
      this.tests[name] = await data(api.POST("/api/models/{name}/test", { params: { path: { name } } }));
    } catch (error) {
      this.tests[name] = asApiError(error);
    }
  }

  pulling(model: string): PullProgress | undefined {
    return this.pulls.find((pull) => pull.model === model);
  }

  async pull(model: string): Promise<void> {
    const failed = this.pulling(model);
    if (failed && !failed.failure) return;
    this.pulls = this.pulls.filter((one) => one !== failed);
    this.pulls.push(new PullProgress(model));
    const pull = this.pulls.at(-1)!;
    try {
      for await (const event of streamPull({ model })) {
        if ("error" in event) throw failureOf(event);
        pull.take(event, Date.now());
      }
      this.#drop(pull);
    } catch (error) {
      if (pull.cancelled) this.#drop(pull);
      else pull.failure = asApiError(error);
    }
    pull.end();
    await Promise.all([this.load(), this.loadActive()]);
  }

  async cancel(pull: PullProgress): Promise<void> {
    pull.cancelled = true;
    if (pull.failure || !pull.id) this.#drop(pull);
    else await data(api.DELETE("/api/models/pull/{identity}", { params: { path: { identity: pull.id } } })).catch(() => undefined);
  }

  #drop(pull: PullProgress): void {
    this.pulls = this.pulls.filter((one) => one !== pull);
  }
}
