// PDF pages, drawn by pdf.js: the page on a canvas, its text over it, unseen, so that words can be found and marked.
// The build for older engines: that of the window is some versions behind (no Map.getOrInsertComputed, no Math.sumPrecise).
import * as pdfjs from "pdfjs-dist/legacy/build/pdf.mjs";
import workerUrl from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?url";

pdfjs.GlobalWorkerOptions.workerSrc = workerUrl;

/** Beside the page's own files; see vite.config.ts. */
const FILES = new URL("pdf/", document.baseURI).href;

export interface PdfPage {
  /** CSS px at a zoom of 1 (72 per inch). */
  width: number;
  height: number;
  /** Draws into `canvas` and lays the text into `text`; ends early, without a word, when `signal` is aborted. */
  draw(canvas: HTMLCanvasElement, text: HTMLElement, zoom: number, signal: AbortSignal): Promise<void>;
}

export class PdfDocument {
  readonly #loading: pdfjs.PDFDocumentLoadingTask;

  /** Throws what pdf.js throws for a file that it cannot read (`PasswordException`, `InvalidPDFException`). */
  constructor(url: string, password?: string) {
    this.#loading = pdfjs.getDocument({
      url,
      ...(password === undefined ? {} : { password }),
      withCredentials: true,
      // No code from a document. WebAssembly, for two formats of pictures, runs in the worker, whose policy allows it.
      isEvalSupported: false,
      enableXfa: false,
      cMapUrl: `${FILES}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${FILES}standard_fonts/`,
      wasmUrl: `${FILES}wasm/`,
    });
  }

  async pages(): Promise<number> {
    return (await this.#loading.promise).numPages;
  }

  /** `number` counts from 1. */
  async page(number: number): Promise<PdfPage> {
    const page = await (await this.#loading.promise).getPage(number);
    const { width, height } = page.getViewport({ scale: 1 });
    return { width, height, draw: (canvas, text, zoom, signal) => draw(page, canvas, text, zoom, signal) };
  }

  destroy(): void {
    void this.#loading.destroy();
  }
}

/** Canvases beyond this, in device pixels, are drawn coarser: a page of several metres must not take the memory. */
const MOST_PIXELS = 16_000_000;

async function draw(page: pdfjs.PDFPageProxy, canvas: HTMLCanvasElement, text: HTMLElement, zoom: number, signal: AbortSignal): Promise<void> {
  const viewport = page.getViewport({ scale: zoom });
  const fine = Math.min(devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
  const target = page.getViewport({ scale: zoom * fine });
  // Drawn beside the page, so that what is seen is replaced at once.
  const fresh = new OffscreenCanvas(Math.max(1, Math.floor(target.width)), Math.max(1, Math.floor(target.height)));
  const context = fresh.getContext("2d") as unknown as CanvasRenderingContext2D;
  const drawing = page.render({ canvas: null, canvasContext: context, viewport: target });
  signal.addEventListener("abort", () => drawing.cancel(), { once: true });
  try {
    const [, content] = await Promise.all([drawing.promise, page.getTextContent()]);
    if (signal.aborted) return;
    canvas.width = fresh.width;
    canvas.height = fresh.height;
    canvas.style.width = `${viewport.width}px`;
    canvas.style.height = `${viewport.height}px`;
    canvas.getContext("2d")?.drawImage(fresh, 0, 0);
    text.replaceChildren();
    text.style.setProperty("--total-scale-factor", String(zoom));
    text.style.setProperty("--scale-round-x", "1px");
    text.style.setProperty("--scale-round-y", "1px");
    await new pdfjs.TextLayer({ textContentSource: content, container: text, viewport }).render();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
