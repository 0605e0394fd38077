// Whether a picture is light writing on a dark ground: there a marker's ink would not be seen.

/** Points of each side of the picture in which its brightness is looked at. */
const SIDE = 16;

export function isDark(picture: HTMLImageElement): boolean {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  // Transparent pictures are shown on a light sheet.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(picture, 0, 0, SIDE, SIDE);
  return brightness(context.getImageData(0, 0, SIDE, SIDE).data) < 0.4;
}

/** From 0 to 1, of points as of `getImageData`; weights of ITU-R BT.601. */
export function brightness(points: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at + 2 < points.length; at += 4) sum += 0.299 * (points[at] ?? 0) + 0.587 * (points[at + 1] ?? 0) + 0.114 * (points[at + 2] ?? 0);
  return sum / (points.length / 4) / 255;
}
