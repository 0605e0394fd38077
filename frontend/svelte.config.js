// TypeScript in components; styles live in src/styles, so components carry none.
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default { preprocess: vitePreprocess() };
