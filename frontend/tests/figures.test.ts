// Numbers and days as the interface shows them.
import { describe, expect, it } from "vitest";
import { meter } from "../src/features/chat/meter";
import { fit, need } from "../src/features/models/catalogue";
import { PullProgress } from "../src/features/models/pull.svelte";
import { byDay } from "../src/features/sidebar/days";
import { markWords } from "../src/features/search/highlight";
import { bytes, day, duration, memory } from "../src/i18n/format";

const budget = { window: 8192, system: 212, history: 1904, documents: 3080, question: 38, answer: 1024, free: 2958, left_out: [], history_left_out: 0 };

describe("the context meter", () => {
  it("adds up to the window", () => {
    const { used, parts, window } = meter(budget);
    expect(used).toBe(5234);
    expect(parts.map(({ part }) => part)).toEqual(["system", "history", "documents", "question", "free"]);
    expect(parts.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(window);
  });

  it("leaves out what takes nothing, but always shows what is free", () => {
    expect(meter({ ...budget, history: 0, documents: 0, question: 0 }).parts.map(({ part }) => part)).toEqual(["system", "free"]);
  });

  it("shows nothing free, not less, when the question is too long", () => {
    expect(meter({ ...budget, question: 90_000 }).parts.at(-1)).toEqual({ part: "free", tokens: 0 });
  });

  it("counts what was left out", () => {
    const left = { passage_id: "p", filename: "a.pdf", page: 1, rank: 9 };
    expect(meter({ ...budget, left_out: [left, left], history_left_out: 3, pictures_left_out: 4 }).leftOut).toEqual({ passages: 2, turns: 3, pictures: 4 });
  });
});

describe("the days of the sidebar", () => {
  const now = new Date(2026, 10, 21, 0, 30);
  const at = (...of: [number, number, number, number?]): { updated_at: string } => ({ updated_at: new Date(...of).toISOString() });

  it("are those of the reader's clock", () => {
    const groups = byDay([at(2026, 10, 21), at(2026, 10, 20, 23), at(2026, 10, 19), at(2026, 10, 15), at(2026, 10, 14), at(2026, 9, 2), at(2025, 9, 2)], now);
    expect(groups.map(({ title, items }) => [title, items.length])).toEqual([
      ["Today", 1], ["Yesterday", 1], ["Last 7 days", 2], ["November", 1], ["October", 1], ["October 2025", 1],
    ]);
  });

  it("take a clock that runs ahead for today", () => {
    expect(byDay([at(2026, 10, 22)], now)[0]?.title).toBe("Today");
  });

  it("count days, not hours, across a change of the clock", () => {
    expect(byDay([at(2026, 2, 28, 23)], new Date(2026, 2, 29, 23))[0]?.title).toBe("Yesterday");
  });
});

describe("figures", () => {
  it.each([[0, "0\u00a0B"], [999, "999\u00a0B"], [12_000, "12\u00a0kB"], [820_400, "820\u00a0kB"], [999_600, "1.0\u00a0MB"], [6_140_000, "6.1\u00a0MB"], [98_400_000, "98\u00a0MB"], [5.2e9, "5.2\u00a0GB"], [14e9, "14\u00a0GB"]])(
    "%d bytes are %s", (value, words) => expect(bytes(value)).toBe(words));
  it.each([[0.2, "1\u00a0s"], [40, "40\u00a0s"], [120, "2 min"], [3900, "1 h 5 min"]])("%d seconds are %s", (value, words) => expect(duration(value)).toBe(words));
  it("names memory as it is sold", () => expect(memory(16 * 1024 ** 3 - 3e8)).toBe("16\u00a0GB"));
  it("names today, and the year of another year", () => {
    const now = new Date(2026, 10, 21, 12);
    expect(day(new Date(2026, 10, 21, 1).toISOString(), now)).toBe("today");
    expect(day(new Date(2026, 9, 28).toISOString(), now)).toBe("28 Oct");
    expect(day(new Date(2024, 10, 3).toISOString(), now)).toBe("3 Nov 2024");
  });
  it("judges a model as the server does", () => {
    const of = 16 * 1024 ** 3;
    expect([need(10), fit(5.2e9, of), fit(12e9, of), fit(14e9, of)]).toEqual([12, "fits", "tight", "too large"]);
  });
});

describe("a pull", () => {
  it("has a speed, a time left, and stands still after ten seconds", () => {
    const pull = new PullProgress("m");
    const take = (completed: number, at: number): void =>
      pull.take({ id: "1", status: "downloading", digest: "d", completed, total: 1000 }, at);
    const from = Date.now();
    take(0, from);
    take(200, from + 2000);
    expect(pull.speed).toBe(100);
    expect(pull.secondsLeft).toBe(8);
    take(200, from + 13_000);
    expect([pull.stalled, pull.secondsLeft]).toEqual([true, null]);
    take(300, from + 14_000);
    expect(pull.stalled).toBe(false);
    pull.end();
  });
});

describe("the words of a question", () => {
  it("are marked in a passage by their beginnings", () => {
    const found = (text: string): string[] => markWords(text, "early termination notice").filter((run) => run.found).map((run) => run.text);
    expect(found("Early notices end; terminations, unnoticed.")).toEqual(["Early", "notices", "terminations"]);
    expect(markWords("the trustee and these", "Who appoints the trustee?").filter((run) => run.found)).toEqual([{ text: "trustee", found: true }]);
    expect(markWords("a <b> c", "zzz")).toEqual([{ text: "a <b> c", found: false }]);
  });
});
