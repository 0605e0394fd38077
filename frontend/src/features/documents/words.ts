// How far a document is, in words.
import type { Document, DocumentNotice } from "../../api/types";
import { t } from "../../i18n";
import { said, type Said } from "../../i18n/said";
import { bytes, count, duration } from "../../i18n/format";

export interface Step {
  stage: string;
  done: number;
  total: number;
  secondsLeft: number | null;
}

/** `done` of `total`: bytes while storing, pages while reading, passages while embedding. */
export function stateWords(stage: string, done: number, total: number): string {
  if (stage === "storing") return total ? t("stateStoring", bytes(done), bytes(total)) : t("stateCopying");
  if (stage === "reading") return total ? t("stateReading", count(done), count(total)) : t("stateReads");
  if (stage === "embedding") return total ? t("stateEmbedding", count(done), count(total)) : t("stateEmbeds");
  return t("stateQueued");
}

/** The same of a document of the list, with those before it and the time that is left, where they are known. */
export function progressWords(document: Document, { stage, done, total, secondsLeft }: Step): string {
  if (document.status === "queued") return total && stage === "queued" ? t("stateQueuedBehind", count(total)) : t("stateQueued");
  const words = stateWords(stage, done, total);
  return secondsLeft === null ? words : `${words}, ${t("timeLeft", duration(secondsLeft))}`;
}

/** Where the server says how far it is; else only the stage. */
export function step(document: Document): Step {
  const { stage, done, total, seconds_left: left } = document.progress ?? {};
  const number = (value: unknown): number => (typeof value === "number" ? value : 0);
  return { stage: typeof stage === "string" ? stage : document.status, done: number(done), total: number(total), secondsLeft: typeof left === "number" ? left : null };
}

/** Why it does not move, where its embedder does not answer. */
export function waitingWords({ progress }: Document): string {
  const waiting = progress?.waiting as Said | null | undefined;
  return waiting ? said(waiting) : "";
}

/** What its owner should know of a document that was read all the same; the server's words where a notice is new here. */
export function noticeWords({ code, count: n, message }: DocumentNotice): string {
  if (code === "Scans") return t("noticeScans", n);
  if (code === "UnreadScans" || code === "ScannedPages") return t("noticeUnreadScans", n);
  if (code === "UnreadAttachments") return t("noticeAttachments", n);
  return message;
}
