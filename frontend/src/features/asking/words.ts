// What the parts of a table are called.
import type { AskCell, AskColumn } from "../../api/types";
import { t } from "../../i18n";
import { calendarDay } from "../../i18n/format";
import { reasonInWords } from "../sources/reasons";
import type { Test } from "./order";

export type Kind = AskColumn["kind"];
export const KINDS: readonly Kind[] = ["text", "number", "date", "yes-no"];

export function kindName(kind: Kind): string {
  const names: Record<Kind, string> = { text: t("kindText"), number: t("kindNumber"), date: t("kindDate"), "yes-no": t("kindYesNo") };
  return names[kind];
}

export function testName(test: Test): string {
  const names: Record<Test, string> = {
    before: t("testBefore"),
    after: t("testAfter"),
    less: t("testLess"),
    more: t("testMore"),
    yes: t("testYes"),
    no: t("testNo"),
    contains: t("testContains"),
    value: t("testValue"),
    missing: t("testMissing"),
    marked: t("testMarked"),
  };
  return names[test];
}

/** A value as the reader's language writes it: dates and yes or no; figures and words stand as the document has them. */
export function valueInWords(cell: AskCell, kind: Kind): string {
  if (kind === "date" && typeof cell.sort === "string") return calendarDay(cell.sort);
  if (kind === "yes-no") return cell.value === "yes" ? t("testYes") : t("testNo");
  return cell.value ?? "";
}

/** Why a value is marked. */
export function whyMarked({ reason, value }: AskCell): string {
  if (!reason || reason.code === "nothing") return t("notInDocument");
  if (reason.code === "number") return t("isNotInDocument", value ?? "");
  return reasonInWords(reason);
}
