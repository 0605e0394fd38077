// Words that are marked on the picture of a page: where their boxes lie on the sheet, the paint, and the way to the first.
import type { DocumentBox } from "../../api/types";

export interface Size {
  width: number;
  height: number;
}

/** The boxes of a page as places on its sheet, CSS px from the sheet's corner. */
export function onSheet(boxes: readonly DocumentBox[], page: number, { width, height }: Size): DOMRect[] {
  return boxes
    .filter((box) => box.page === page)
    .map(({ left, top, right, bottom }) => new DOMRect(left * width, top * height, (right - left) * width, (bottom - top) * height));
}

/** The marks lie over the page as ink of a marker does: dark letters stay dark. */
export function paint(canvas: HTMLCanvasElement, rects: readonly DOMRect[], { width, height }: Size): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  canvas.dataset.marks = String(rects.length);
  context.fillStyle = getComputedStyle(canvas).color;
  // One path, so that lines which overlap are not marked twice.
  context.beginPath();
  for (const rect of rects) context.rect(rect.x, rect.y, rect.width, rect.height);
  context.fill();
}

/** Scrolls to the first mark: a third from the top, where the eye begins; to the side only if it is not in view there. */
export function reveal(desk: HTMLElement, first: DOMRect | undefined): void {
  desk.scrollTop = first ? first.top - desk.clientHeight / 3 : 0;
  desk.scrollLeft = first && first.right > desk.clientWidth ? first.left - desk.clientWidth / 8 : 0;
}
