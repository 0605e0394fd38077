// A file becomes a picture as it is sent: drawn anew, so that it is upright, no larger than models look at, and without
// the place and time that a camera writes into it.

/** A picture as it will be sent. `id` is its SHA-256, by which the server will know it; `file` is what was chosen. */
export interface Attached {
  id: string;
  blob: Blob;
  url: string;
  width: number;
  height: number;
  file: File;
}

/** px. What models look at is no larger; at 28 px a token, a picture of this size takes 2,300 of them. */
const LONGEST = 1536;
/** A photograph kept as PNG is sent as JPEG from here on. */
const LARGEST_PNG = 2_000_000;
const LARGEST_FILE = 60_000_000;
const QUALITY = 0.9;

/**
 * PNG or JPEG, the two types that every engine reads: Ollama's own runs no GIF, llama.cpp's no WebP. Of an animation it is
 * the first picture, as for the models. Throws when the file cannot be drawn.
 */
export async function readPicture(file: File): Promise<Attached> {
  if (file.size > LARGEST_FILE) throw new RangeError("too large");
  const bitmap = await createImageBitmap(file);
  const factor = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * factor));
  canvas.height = Math.max(1, Math.round(bitmap.height * factor));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const photograph = new Uint8Array(await file.slice(0, 1).arrayBuffer())[0] === 0xff;
  let blob = photograph ? null : await encoded(canvas, "image/png");
  if (!blob || blob.size > LARGEST_PNG) {
    // JPEG knows no transparency; without this it would be black.
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    blob = await encoded(canvas, "image/jpeg");
  }
  const hash = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  const id = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, blob, url: URL.createObjectURL(blob), width: canvas.width, height: canvas.height, file };
}

function encoded(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("not drawn"))), type, QUALITY),
  );
}
