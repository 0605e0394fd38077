// The rows of the sidebar and where each stands: all heights are known, so that only those in view need be made.
import type { ConversationSummary } from "../../api/types";
import { span } from "../../ui/virtual";
import { grouped } from "./days";

/** Heights in px where 1rem is 16 px; sidebar.css has the same in rem. */
export const HEADING = 32;
export const ROW = 28;
export const HIT = 64;

export interface Row {
  item: ConversationSummary;
  /** Of all conversations, from 0. */
  index: number;
  top: number;
  height: number;
}

export interface Section {
  title: string;
  top: number;
  rows: Row[];
}

export interface Layout {
  sections: Section[];
  rows: Row[];
  height: number;
}

/** Days with their conversations one under the other; hits of a search without days. `scale`: px of a rem, by 16. */
export function layout(items: readonly ConversationSummary[], hits: boolean, scale = 1, now = new Date()): Layout {
  const groups = hits ? [{ title: "", items: [...items] }] : grouped(items, now);
  const all: Row[] = [];
  let top = 0;
  const sections = groups.map(({ title, items }) => {
    const section: Section = { title, top, rows: [] };
    if (title) top += HEADING * scale;
    for (const item of items) {
      const height = (item.match?.snippet.length ? HIT : ROW) * scale;
      const row = { item, index: all.length, top, height };
      top += height;
      section.rows.push(row);
      all.push(row);
    }
    return section;
  });
  return { sections, rows: all, height: top };
}

/** The rows that touch the view from `top` to `bottom`, and the one that has the focus wherever it is, by section. */
export function inView({ sections }: Layout, top: number, bottom: number, focused: string | null): Section[] {
  return sections
    .map((section) => ({ ...section, rows: visible(section.rows, top, bottom, focused) }))
    .filter(({ rows }) => rows.length);
}

function visible(rows: readonly Row[], top: number, bottom: number, focused: string | null): Row[] {
  const [first, last] = span(rows.length, (index) => (index < rows.length ? rows[index]!.top : endOf(rows)), top, bottom);
  const shown = rows.slice(first, last);
  if (focused === null || shown.some(({ item }) => item.id === focused)) return shown;
  const kept = rows.findIndex(({ item }) => item.id === focused);
  if (kept < 0) return shown;
  return kept < first ? [rows[kept]!, ...shown] : [...shown, rows[kept]!];
}

function endOf(rows: readonly Row[]): number {
  const last = rows.at(-1);
  return last ? last.top + last.height : 0;
}
