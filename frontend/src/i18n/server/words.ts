// What a catalogue of the server's sentences holds. The server says them in English; here stand the other languages,
// by the codes of its errors, the reasons in their details, and what its doctor finds.
import type { Check } from "../../api/types";
import { bytes, count } from "../format";

export type Values = Readonly<Record<string, string | number>>;
/** With the values that the server gave put in. */
export type Sentence = string | ((v: Values) => string);

export interface ServerWords {
  /** By the error's code, where it does not say which sentence it is; `message` is the English one. */
  codes: Record<string, Sentence>;
  reasons: Record<string, Sentence>;
  /** The names of the parts that the doctor looks at. */
  parts: Record<Check["id"], string>;
  found: Record<Check["code"], Sentence>;
  mend: Partial<Record<Check["code"], Sentence>>;
  /** What Ollama says of a pull while there is nothing to count. */
  pulls: Record<string, string>;
}

export function figure(value: string | number | undefined): string {
  return count(Number(value));
}

export function size(value: string | number | undefined): string {
  return bytes(Number(value));
}
