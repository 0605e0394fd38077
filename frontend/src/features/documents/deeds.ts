// What can be done to a document from its row, and the one thing that helps where it could not be read.
import type { Document } from "../../api/types";

export interface Deeds {
  remove: (document: Document) => void;
  /** Asks for the password. */
  unlock: (document: Document) => void;
  /** Tells how tesseract is installed. */
  install: (document: Document) => void;
}

export type Help = "password" | "remove" | "tesseract" | "settings" | "readAgain" | "tryAgain";

/** Codes of faults that another try cannot change. */
const HOPELESS = new Set(["DamagedDocument", "UnsupportedDocument", "EmptyDocument", "MislabelledDocument", "TooLarge", "NotFound"]);
const OF_THE_DISK = new Set(["DiskFull", "ReadOnlyData"]);

/** What helps where the server names the reason (backend/errors.py). */
const OF_REASON = new Map<string, Help>([
  ["password_needed", "password"],
  ["password_wrong", "password"],
  ["document_locked", "remove"],
  ["mail_locked", "remove"],
  ["book_locked", "remove"],
  ["scans_need_tesseract", "tesseract"],
]);

/** The one button of a document that failed. */
export function helpFor({ error }: Pick<Document, "error">): Help {
  const code = error?.code ?? "";
  const known = OF_REASON.get(error?.details?.reason ?? "");
  if (known) return known;
  if (OF_THE_DISK.has(code)) return "settings";
  if (HOPELESS.has(code)) return "remove";
  return code === "Cancelled" ? "readAgain" : "tryAgain";
}

/** Pages that wait for tesseract in a document that was read all the same. */
export function hasScans({ notices }: Pick<Document, "notices">): boolean {
  return notices?.some(({ code }) => code === "Scans") ?? false;
}
