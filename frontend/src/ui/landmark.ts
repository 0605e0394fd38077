// What opens from a button stays in the button's part of the page: a screen reader that goes from landmark to landmark
// would not find it at the end of the body.

/** Where it is put; undefined, the body, for a button that is in no landmark. */
export function landmarkOf(button: HTMLElement | null): Element | undefined {
  return button?.closest("main, nav, [role=dialog]") ?? undefined;
}
