// Numbers, sizes, times and days as they are written in the interface.
import { locale, t } from "./index";

const numbers = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Intl.DateTimeFormat>();

/** Made once and kept: making one takes longer than a row of a list. */
function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  const kept = numbers.get(key) ?? new Intl.NumberFormat(locale(), options);
  numbers.set(key, kept);
  return kept;
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  const kept = dates.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  dates.set(key, kept);
  return kept;
}

export function count(value: number): string {
  return numberFormat({ maximumFractionDigits: 0 }).format(value);
}

/** A share or a score with two decimals. */
export function score(value: number): string {
  return numberFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
}

/** A measured figure of 0 to 1, as precisely as it is compared. */
export function exact(value: number): string {
  return value.toLocaleString(locale(), { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

/** By how much such a figure has changed, with its sign; nothing where it is the same. */
export function change(difference: number): string {
  if (Math.abs(difference) < 0.0005) return "";
  return difference.toLocaleString(locale(), { minimumFractionDigits: 3, maximumFractionDigits: 3, signDisplay: "always" });
}

/** 1 is 100 %. */
export function percent(share: number): string {
  return numberFormat({ style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** A measured share with one decimal where it has one: .996 is not all of them. */
export function percentMeasured(share: number): string {
  return share.toLocaleString(locale(), { style: "percent", maximumFractionDigits: 1 });
}

/** A number that people choose or type, with its decimals: 0.3, or 0,3. */
export function decimal(value: number): string {
  return numberFormat({ useGrouping: false, maximumFractionDigits: 6 }).format(value);
}

/** The number that was typed, with a point or a comma (or the sign of the language) before its decimals; NaN for another thing. */
export function parseDecimal(text: string): number {
  const sign = numberFormat({}).formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";
  const plain = text.trim().replace(sign, ".").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : Number.NaN;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A number with the language's own sign of its unit, and a space that does not break: 6.1 MB, 6,1 Mo. */
function withUnit(value: number, unit: (typeof UNITS)[number], digits: Intl.NumberFormatOptions): string {
  // The narrow form has a sign where the short one has a word (byte), but leaves out the space.
  const parts = numberFormat({ style: "unit", unit, unitDisplay: "narrow", ...digits }).formatToParts(value);
  const sign = parts.filter(({ type }) => type === "unit").map(({ value }) => value);
  const figure = parts.filter(({ type }) => type !== "unit" && type !== "literal").map(({ value }) => value);
  return `${figure.join("")}\u00a0${sign.join("")}`;
}

/** Bytes in decimal units, one decimal below ten of MB and more: 820 kB, 6.1 MB, 14 GB. */
export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  const digits = unit >= 2 && size < 9.95 ? 1 : 0;
  return withUnit(size, UNITS[unit]!, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Memory of the machine, in the binary sense in which it is sold: 16 GiB is called 16 GB. */
export function memory(value: number): string {
  return withUnit(Math.round(value / 1024 ** 3), "gigabyte", {});
}

/** A measured time: 0.42 s, 3.1 s, 48 s. */
export function seconds(value: number): string {
  const digits = value < 1 ? 2 : value < 10 ? 1 : 0;
  return t("seconds", numberFormat({ maximumFractionDigits: digits }).format(value));
}

/** Seconds as a person says them: 40 s, 2 min, 1 h 5 min. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 90) return t("seconds", whole);
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return t("minutes", minutes);
  return t("hours", Math.floor(minutes / 60), minutes % 60);
}

/** Today as a word, this year without its year: today, 28 Oct, 3 Nov 2024. */
export function day(iso: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  if (date.toDateString() === now.toDateString()) return t("today");
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return dateFormat({ day: "numeric", month: "short", ...year }).format(date);
}

/** A day or a month of a calendar, whatever the time is: 31 Mar 2027, Jun 2027; another text as it is. */
export function calendarDay(iso: string): string {
  const [, year, month, date] = /^(\d{4})-(\d\d)(?:-(\d\d))?$/.exec(iso) ?? [];
  if (!year) return iso;
  const whole = date ? { day: "numeric" as const } : {};
  return new Date(Number(year), Number(month) - 1, Number(date ?? 1)).toLocaleDateString(locale(), { ...whole, month: "short", year: "numeric" });
}

/** A day and its time: 28 Oct 2026, 14:05. */
export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : dateFormat({ dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Names in the order of the language, figures in them by their value: 2.pdf before 10.pdf. */
export function byName(a: string, b: string): number {
  return a.localeCompare(b, locale(), { numeric: true, sensitivity: "base" });
}

/** The month of a heading: October, or October 2024 when it is of another year. */
export function month(date: Date, now = new Date()): string {
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return dateFormat({ month: "long", ...year }).format(date);
}
