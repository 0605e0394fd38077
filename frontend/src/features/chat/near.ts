// Tells when something comes near the view. One observer for all: a conversation has thousands of turns.

const MARGIN = "1200px 0px";
/** Turns are put into the page one by one, with a frame between when these ms are used up. */
const BUDGET_MS = 6;

/** Of plain text: characters on a line, px of one, and px of what stands around it. It only has to be about right. */
const LINE = 80;
const LINE_PX = 24;
const AROUND_PX = 56;

/** The height that a message will have, more or less, in px. */
export function heightOf(content: string): number {
  return Math.ceil(content.length / LINE) * LINE_PX + AROUND_PX;
}

const waiting = new Map<Element, () => void>();
const due = new Set<Element>();
let observer: IntersectionObserver | undefined;
let frame = 0;

/** Calls `come` once, when `element` is near the view; what is in view comes first. Returns how to stop waiting. */
export function watchNear(element: Element, come: () => void): () => void {
  observer ??= new IntersectionObserver(noticed, { rootMargin: MARGIN });
  waiting.set(element, come);
  observer.observe(element);
  return () => forget(element);
}

function noticed(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) due.add(target);
    else due.delete(target);
  }
  if (due.size) frame ||= requestAnimationFrame(work);
}

function work(): void {
  frame = 0;
  const middle = innerHeight / 2;
  const distance = (element: Element): number => {
    const { top, bottom } = element.getBoundingClientRect();
    return top > middle ? top - middle : bottom < middle ? middle - bottom : 0;
  };
  const ordered = [...due].map((element) => ({ element, far: distance(element) })).sort((a, b) => a.far - b.far);
  const until = performance.now() + BUDGET_MS;
  for (const { element } of ordered) {
    const come = waiting.get(element);
    forget(element);
    come?.();
    if (performance.now() > until) break;
  }
  if (due.size) frame = requestAnimationFrame(work);
}

function forget(element: Element): void {
  observer?.unobserve(element);
  waiting.delete(element);
  due.delete(element);
}
