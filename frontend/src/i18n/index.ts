// Words of the interface.
export { LANGUAGES, locale, t, useLanguage, type Catalogue, type Language } from "./chosen.svelte";
