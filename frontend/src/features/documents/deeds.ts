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

/** The one button of a document that failed. */
export function helpFor({ error, filename }: Pick<Document, "error" | "filename">): Help {
  const code = error?.code ?? "";
  // Of its format only PDF takes a password so far.
  if (code === "EncryptedDocument") return /\.pdf$/i.test(filename) ? "password" : "remove";
  // The server's words, which are English here: with tesseract there, it was tried in vain.
  if (code === "ScannedDocument" && error?.message.includes("install tesseract")) return "tesseract";
  if (OF_THE_DISK.has(code)) return "settings";
  if (HOPELESS.has(code)) return "remove";
  return code === "Cancelled" ? "readAgain" : "tryAgain";
}

/** Pages that wait for tesseract in a document that was read all the same. */
export function hasScans({ notices }: Pick<Document, "notices">): boolean {
  return notices?.some(({ code }) => code === "Scans") ?? false;
}
