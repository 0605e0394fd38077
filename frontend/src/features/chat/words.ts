// Words of a search in the text of a message: found as the server's index finds them, by their beginnings, without
// case and diacritics; characters of scripts without spaces anywhere.

/** From the first to behind the last character, as indices of the text. */
export type Span = [start: number, end: number];

const UNSPACED = "[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3134f}]";
const LETTER = `(?:(?!${UNSPACED})[\\p{L}\\p{N}])`;
const TOKEN = new RegExp(`${UNSPACED}|${LETTER}+`, "gu");
const ALONE = new RegExp(`^${UNSPACED}$`, "u");

export function findWords(text: string, query: string): Span[] {
  const patterns = query.split(/\s+/u).map(pattern).filter((one) => one !== null);
  if (!patterns.length) return [];
  const { folded, places } = fold(text);
  return patterns
    .flatMap((one) => [...folded.matchAll(one)].map((hit): Span => [places[hit.index]!, places[hit.index + hit[0].length]!]))
    .sort(([one], [other]) => one - other);
}

/** A word of the query; one with signs in it (foo-bar) is a row of words. */
function pattern(word: string): RegExp | null {
  const tokens = fold(word).folded.match(TOKEN);
  if (!tokens) return null;
  const begin = ALONE.test(tokens[0]!) ? "" : `(?<!${LETTER})`;
  const end = ALONE.test(tokens.at(-1)!) ? "" : `${LETTER}*`;
  return new RegExp(`${begin}${tokens.join("[^\\p{L}\\p{N}]*")}${end}`, "gu");
}

/** Small letters without marks, and for each of their places that in the text. */
function fold(text: string): { folded: string; places: number[] } {
  let folded = "";
  const places: number[] = [];
  let at = 0;
  for (const letter of text) {
    const plain = letter < "\u0080" ? letter.toLowerCase() : letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (let unit = 0; unit < plain.length; unit++) places.push(at);
    folded += plain;
    at += letter.length;
  }
  places.push(at);
  return { folded, places };
}
