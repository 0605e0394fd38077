// What was chosen in the palette last, the newest first. Kept while the address of the page stays the same.

const NAME = "palette:recent";
const MOST = 20;

export function recent(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter((key) => typeof key === "string") : [];
  } catch {
    return [];
  }
}

export function remember(key: string): void {
  const keys = [key, ...recent().filter((other) => other !== key)].slice(0, MOST);
  try {
    localStorage.setItem(NAME, JSON.stringify(keys));
  } catch {
    // Without room for it the palette works as before.
  }
}
