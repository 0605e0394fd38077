// What a menu lists.
import type { Component } from "svelte";

export interface Entry {
  label: string;
  hint?: string;
  icon?: Component<Record<string, unknown>>;
  checked?: boolean;
  destroy?: boolean;
  disabled?: boolean;
  /** A line above it. */
  parted?: boolean;
  run?: () => void;
  /** Instead of `run`: a menu beside it. */
  entries?: Entry[];
}
