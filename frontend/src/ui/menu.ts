// What stands in a menu.
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
  entries?: Entry[];
}
