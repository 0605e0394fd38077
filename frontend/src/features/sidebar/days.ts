// Groups conversations: those that are pinned, then by the day of their last message: today, yesterday, the last
// 7 days, then by month.
import { month } from "../../i18n/format";
import { t } from "../../i18n";

export interface Group<T> {
  title: string;
  items: T[];
}

const DAY_MS = 86_400_000;
/** Names of months, which take long to ask for: ten thousand conversations have few. By year and month and the year that it is now. */
const months = new Map<string, string>();

/** Pinned ones come first, under a heading of their own. */
export function grouped<T extends { updated_at: string; pinned?: boolean }>(items: readonly T[], now = new Date()): Group<T>[] {
  const pinned = items.filter((item) => item.pinned);
  const days = byDay(items.filter((item) => !item.pinned), now);
  return pinned.length ? [{ title: t("pinned"), items: pinned }, ...days] : days;
}

/** `items` come newest first and keep their order. Days are those of the reader's own clock. */
export function byDay<T extends { updated_at: string }>(items: readonly T[], now = new Date()): Group<T>[] {
  const groups: Group<T>[] = [];
  for (const item of items) {
    const title = dayTitle(new Date(item.updated_at), now);
    const last = groups.at(-1);
    if (last?.title === title) last.items.push(item);
    else groups.push({ title, items: [item] });
  }
  return groups;
}

function dayTitle(date: Date, now: Date): string {
  const days = Math.round((midnight(now) - midnight(date)) / DAY_MS);
  if (days <= 0) return t("dayToday");
  if (days === 1) return t("dayYesterday");
  if (days < 7) return t("dayLastWeek");
  const key = `${date.getFullYear()} ${date.getMonth()} ${now.getFullYear()}`;
  const name = months.get(key) ?? month(date, now);
  months.set(key, name);
  return name;
}

function midnight(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}
