// What another window changed is learned when this one is looked at again, and every few seconds while it is in view.

const EVERY_MS = 8000;

export function watchElsewhere(learn: () => void): void {
  const seen = (): void => {
    if (document.visibilityState === "visible") learn();
  };
  addEventListener("focus", seen);
  document.addEventListener("visibilitychange", seen);
  setInterval(seen, EVERY_MS);
}
