// What the desks of the source panel share.

/** A number held between two others. */
export function between(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
