// What the server says, in the language that is shown. It speaks English and tells which sentence it is; where that is
// not known here, its own words are shown.
import type { Check, Details } from "../api/types";
import { serverWords, t } from "./index";
import type { Sentence, Values } from "./server/words";

/** An error as the server says it, or another of its sentences that tells its reason; `error` is its code. */
export interface Said {
  error: string;
  message: string;
  details?: Details | null | undefined;
}

export function said({ error, message, details }: Said): string {
  // These are of the page: the server is not there to say them.
  if (error === "Unreachable") return t("unreachable");
  if (error === "Aborted") return t("aborted");
  const words = serverWords();
  if (!words) return message;
  const known = details && own(words.reasons, details.reason);
  if (known) return put(known, details.values);
  const general = own(words.codes, error);
  return general ? put(general, { message }) : message;
}

/** A finding of the doctor: the part, what was found, and what to do about it. */
export function finding(check: Check): { part: string; found: string; mend: string } {
  const words = serverWords();
  if (!words) return { part: check.name, found: check.message, mend: check.mend };
  const mend = words.mend[check.code];
  return {
    part: words.parts[check.id],
    found: check.cause ? said(check.cause) : put(words.found[check.code], check.values),
    mend: mend ? put(mend, check.values) : "",
  };
}

/** What Ollama says of a pull while there is nothing to count. */
export function pullWords(status: string): string {
  const words = serverWords();
  return (words && own(words.pulls, status)) ?? status;
}

function own<T>(of: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(of, key) ? (of[key] ?? null) : null;
}

function put(sentence: Sentence, values: Values): string {
  return typeof sentence === "string" ? sentence : sentence(values);
}
