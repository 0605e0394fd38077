// How the page is built: everything from our own origin, nothing inlined, since the content policy allows neither.
import { cpSync, readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** KaTeX names three formats of each font; every engine that runs the page reads woff2. */
function woff2Only(): Plugin {
  return {
    name: "woff2-only",
    enforce: "pre",
    transform(code, id) {
      if (!/katex[^?]*\.css/.test(id)) return null;
      return code.replace(/,\s*url\([^)]+\.(?:woff|ttf)\)\s*format\("(?:woff|truetype)"\)/g, "");
    },
  };
}

/** The face of the first words, asked for with the page and not when its styles are read. */
function preloadFont(name: string): Plugin {
  return {
    name: "preload-font",
    transformIndexHtml: (_html, { bundle }) =>
      Object.keys(bundle ?? {})
        .filter((file) => file.includes(name))
        .map((file) => ({
          tag: "link",
          attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: true, href: `./${file}` },
          injectTo: "head",
        })),
  };
}

/** Mermaid as one plain script beside its frame: a sandboxed document may not load modules. */
function mermaidForFrame(): Plugin {
  return {
    name: "mermaid-for-frame",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "diagram/mermaid.js", source: readFileSync("node_modules/mermaid/dist/mermaid.min.js") });
    },
  };
}

/** What pdf.js asks for when a document needs it: character maps, the standard fonts, decoders of picture formats. */
function filesOfPdf(): Plugin {
  return {
    name: "files-of-pdf",
    apply: "build",
    closeBundle() {
      for (const folder of ["cmaps", "standard_fonts", "wasm"]) {
        cpSync(`node_modules/pdfjs-dist/${folder}`, `dist/pdf/${folder}`, { recursive: true });
      }
    },
  };
}

/** Not what is only shared by parts that are loaded later: the renderer of answers, the forms of presets. */
const OF_THE_SHELL = /^(?!.*(?:\/marked\/|\/src\/markdown\/|PresetForm|PresetDocuments)).*(?:src|node_modules)/;

export default defineConfig(({ mode }) => ({
  plugins: [woff2Only(), preloadFont("inter-latin-wght"), mermaidForFrame(), filesOfPdf(), svelte()],
  base: "./",
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    cssMinify: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // What several pages share comes in one file with the shell: two dozen small ones cost the start a tenth of a second.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 2, test: OF_THE_SHELL }] } } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:5000" } },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"], testTimeout: 60_000 },
}));
