// The rows of a table in an order, and those of them that meet a condition: dates and numbers by value.
import type { AskCell, AskColumn, AskRow } from "../../api/types";
import { byName } from "../../i18n/format";

/** `column`: the place of a column, or -1 for the names of the documents. */
export interface Order {
  column: number;
  down: boolean;
}

export type Test = "before" | "after" | "less" | "more" | "yes" | "no" | "contains" | "value" | "missing" | "marked";

export interface Condition {
  column: number;
  test: Test;
  /** A date as YYYY-MM-DD, a number, or words; of no use to the tests that need none. */
  value: string;
}

const OF_KIND: Record<AskColumn["kind"], readonly Test[]> = {
  date: ["before", "after"],
  number: ["less", "more"],
  "yes-no": ["yes", "no"],
  text: ["contains"],
};

/** What can be asked of a column; the first is the usual one. */
export function testsOf(kind: AskColumn["kind"]): Test[] {
  return [...OF_KIND[kind], ...(kind === "text" ? [] : (["contains"] as const)), "value", "missing", "marked"];
}

export function needsValue(test: Test): boolean {
  return ["before", "after", "less", "more", "contains"].includes(test);
}

export function arranged(rows: readonly AskRow[], order: Order | null, condition: Condition | null): AskRow[] {
  const shown = condition ? rows.filter((row) => meets(row, condition)) : [...rows];
  if (!order) return shown;
  const sign = order.down ? -1 : 1;
  if (order.column < 0) return shown.sort((a, b) => sign * byName(a.filename, b.filename));
  // What has no value comes last, whichever way it is sorted.
  return shown.sort((a, b) => {
    const [one, other] = [key(a.cells[order.column]), key(b.cells[order.column])];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * compare(one, other);
  });
}

function key(cell: AskCell | undefined): string | number | null {
  return cell?.sort ?? cell?.value ?? null;
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  // A number before words that are none.
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return byName(String(one), String(other));
}

function meets(row: AskRow, { column, test, value }: Condition): boolean {
  const cell = row.cells[column];
  if (test === "missing") return row.state === "empty" || cell?.verdict === "missing";
  if (!cell || cell.value === null || cell.value === undefined) return false;
  const { sort } = cell;
  switch (test) {
    case "value":
      return true;
    case "marked":
      return cell.verdict === "marked";
    case "yes":
    case "no":
      return cell.value === test;
    case "before":
      // Of a month without a day, its last one: before June is not in June.
      return !value || (typeof sort === "string" && isDay(sort) && sort.padEnd(10, "-31") < value);
    case "after":
      return !value || (typeof sort === "string" && isDay(sort) && sort.padEnd(10, "-01") > value);
    case "less":
      return !value || (typeof sort === "number" && sort < Number(value));
    case "more":
      return !value || (typeof sort === "number" && sort > Number(value));
    case "contains":
      return cell.value.toLocaleLowerCase().includes(value.trim().toLocaleLowerCase());
  }
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d/.test(text);
}
