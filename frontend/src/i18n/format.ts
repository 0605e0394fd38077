// Numbers, sizes, times and days as they are written in the interface.
import { locale, t } from "./index";

export function count(value: number): string {
  return value.toLocaleString(locale(), { maximumFractionDigits: 0 });
}

/** A share or a score with two decimals. */
export function score(value: number): string {
  return value.toLocaleString(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** 1 is 100 %. */
export function percent(share: number): string {
  return share.toLocaleString(locale(), { style: "percent", maximumFractionDigits: 0 });
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes in decimal units, one decimal below ten of MB and more: 820 kB, 6.1 MB, 14 GB. */
export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  const digits = unit >= 2 && size < 9.95 ? 1 : 0;
  const figure = size.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${figure} ${UNITS[unit]}`;
}

/** Memory of the machine, in the binary sense in which it is sold: 16 GiB is called 16 GB. */
export function memory(value: number): string {
  return `${Math.round(value / 1024 ** 3).toLocaleString(locale())} GB`;
}

/** A measured time: 0.42 s, 3.1 s, 48 s. */
export function seconds(value: number): string {
  const digits = value < 1 ? 2 : value < 10 ? 1 : 0;
  return `${value.toLocaleString(locale(), { maximumFractionDigits: digits })}\u00a0s`;
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
  return date.toLocaleDateString(locale(), { day: "numeric", month: "short", ...year });
}

/** The month of a heading: October, or October 2024 when it is of another year. */
export function month(date: Date, now = new Date()): string {
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return date.toLocaleDateString(locale(), { month: "long", ...year });
}
