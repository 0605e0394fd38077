// Models that were tried with documents; any other name can be pulled too.

export interface Offer {
  name: string;
  /** Of the download, in bytes. */
  size: number;
  capabilities: readonly string[];
}

export const CATALOGUE: readonly Offer[] = [
  { name: "llama3.2:3b", size: 2.0e9, capabilities: ["tools"] },
  { name: "gemma3:4b", size: 3.3e9, capabilities: ["vision"] },
  { name: "qwen3:8b", size: 5.2e9, capabilities: ["tools", "thinking"] },
  { name: "deepseek-r1:8b", size: 5.2e9, capabilities: ["thinking"] },
  { name: "gpt-oss:20b", size: 14e9, capabilities: ["tools", "thinking"] },
];

export const SUGGESTED = CATALOGUE.find(({ name }) => name === "qwen3:8b")!;

export type Fit = "fits" | "tight" | "too large";

/** What a model takes of the memory, in bytes: a fifth is added for its context and buffers, as the server does. */
export function need(size: number): number {
  return size * 1.2;
}

export function fit(size: number, memory: number): Fit {
  if (need(size) > memory * 0.95) return "too large";
  return need(size) > memory * 0.75 ? "tight" : "fits";
}
