// The context meter in numbers: how the model's window is shared out, and what was left out.
import type { Budget } from "../../api/types";

export type Part = "system" | "history" | "documents" | "question" | "free";

export interface Meter {
  used: number;
  window: number;
  /** In the order of the bar; parts without a token are left out, `free` is always there. */
  parts: { part: Part; tokens: number }[];
  leftOut: { passages: number; turns: number; pictures: number };
}

/** All numbers in tokens. A question that is larger than the window leaves nothing free. */
export function meter(budget: Budget): Meter {
  const { window, system, history, documents, question } = budget;
  const used = system + history + documents + question;
  const taken: Meter["parts"] = [
    { part: "system", tokens: system },
    { part: "history", tokens: history },
    { part: "documents", tokens: documents },
    { part: "question", tokens: question },
  ];
  return {
    used,
    window,
    parts: [...taken.filter(({ tokens }) => tokens > 0), { part: "free", tokens: Math.max(0, window - used) }],
    leftOut: { passages: budget.left_out?.length ?? 0, turns: budget.history_left_out ?? 0, pictures: budget.pictures_left_out ?? 0 },
  };
}
