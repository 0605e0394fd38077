// Words of the interface.
export { LANGUAGES, locale, serverWords, t, useLanguage, type Catalogue, type Language } from "./chosen.svelte";
