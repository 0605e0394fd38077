// How well a name answers what was typed: words in any order, by their beginnings first, then inside, then with slips.

/** `ranges`: what matched, as places in the name, in order and apart from each other. */
export interface Match {
  score: number;
  ranges: [from: number, to: number][];
}

const WHOLE = 1;
const BEGINNING = 0.9;
const INSIDE = 0.6;
const INITIALS = 0.5;
const GAPS = 0.4;
const SLIP = 0.35;
/** What is found only by its other words is worth this share. */
const ALSO = 0.5;
/** Results below this share of the best one are left out. */
const WORTH_SHOWING = 0.55;

/** The name in small letters without accents, and where each letter stood. */
interface Folded {
  text: string;
  at: number[];
  starts: number[];
}

/** Null when a word of the query occurs neither in the name nor in `also`. */
export function match(query: string, name: string, also = ""): Match | null {
  const words = fold(query).text.split(/\s+/).filter(Boolean);
  if (!words.length) return { score: 0, ranges: [] };
  const folded = fold(name);
  const others = also ? fold(also) : null;
  const ranges: [number, number][] = [];
  let sum = 0;
  for (const word of words) {
    const found = find(word, folded);
    if (found) {
      sum += found.score;
      ranges.push(...found.ranges);
      continue;
    }
    const other = others && find(word, others);
    if (!other) return null;
    sum += other.score * ALSO;
  }
  const phrase = words.join(" ");
  const bonus = (folded.text.startsWith(phrase) ? 0.2 : folded.text.includes(phrase) ? 0.1 : 0) + 0.1 * Math.min(1, phrase.length / Math.max(1, folded.text.length));
  return { score: sum / words.length + bonus, ranges: joined(ranges.map(([from, to]) => [folded.at[from]!, folded.at[to]!])) };
}

/** Items that match, best first; equal ones keep their order. Far worse ones than the best are left out. */
export function rank<T>(query: string, items: readonly T[], nameOf: (item: T) => string, alsoOf: (item: T) => string = () => ""): { item: T; match: Match }[] {
  const found = items.flatMap((item) => {
    const one = match(query, nameOf(item), alsoOf(item));
    return one ? [{ item, match: one }] : [];
  });
  const best = Math.max(0, ...found.map(({ match: { score } }) => score));
  return found.filter(({ match: { score } }) => score >= best * WORTH_SHOWING).sort((a, b) => b.match.score - a.match.score);
}

function find(word: string, folded: Folded): Match | null {
  const { text, starts } = folded;
  const begins = starts.filter((start) => text.startsWith(word, start));
  const whole = begins.find((start) => !isLetter(text[start + word.length]));
  if (whole !== undefined) return { score: WHOLE, ranges: [[whole, whole + word.length]] };
  if (begins.length) return { score: BEGINNING, ranges: [[begins[0]!, begins[0]! + word.length]] };
  if (word.length < 2) return null;
  const inside = text.indexOf(word);
  if (inside >= 0) return { score: INSIDE, ranges: [[inside, inside + word.length]] };
  return initials(word, folded) ?? gaps(word, folded) ?? slip(word, folded);
}

/** "nc" for "New conversation": each letter begins a word, the first the first. */
function initials(word: string, { text, starts }: Folded): Match | null {
  const places: number[] = [];
  for (const start of starts) if (text[start] === word[places.length]) places.push(start);
  if (places.length < word.length || places[0] !== starts[0]) return null;
  return { score: INITIALS, ranges: places.slice(0, word.length).map((place) => [place, place + 1]) };
}

/** "docmnts" for "documents": letters left out, within one word and not many. */
function gaps(word: string, { text, starts }: Folded): Match | null {
  if (word.length < 4) return null;
  for (const start of starts) {
    const places: number[] = [];
    for (let at = start; at < text.length && isLetter(text[at]) && places.length < word.length; at++) {
      if (text[at] === word[places.length]) places.push(at);
    }
    if (places.length < word.length || places[0] !== start) continue;
    if (places.at(-1)! - start + 1 <= word.length * 1.5) return { score: GAPS, ranges: places.map((place) => [place, place + 1]) };
  }
  return null;
}

/** "setitngs" for "settings": one letter wrong, too many, or two changed over, after the first. */
function slip(word: string, { text, starts }: Folded): Match | null {
  if (word.length < 4) return null;
  for (const start of starts) {
    const beginning = text.slice(start, start + word.length);
    if (beginning[0] !== word[0]) continue;
    let same = 0;
    while (word[same] === beginning[same]) same++;
    const rest = word.slice(same);
    const swapped = rest.length > 1 && rest[1]! + rest[0]! + rest.slice(2) === beginning.slice(same);
    const wrong = beginning.length === word.length && rest.slice(1) === beginning.slice(same + 1);
    const extra = text.startsWith(rest.slice(1), start + same) && rest.length > 1;
    if (swapped || wrong || extra) return { score: SLIP, ranges: [[start, start + (swapped || wrong ? word.length : word.length - 1)]] };
  }
  return null;
}

function fold(name: string): Folded {
  let text = "";
  const at: number[] = [];
  let place = 0;
  for (const sign of name) {
    const plain = sign.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase();
    for (let unit = 0; unit < plain.length; unit++) at.push(place);
    text += plain;
    place += sign.length;
  }
  at.push(place);
  const starts = [...text.matchAll(/[\p{L}\p{N}]+/gu)].map(({ index }) => index);
  return { text, at, starts };
}

function isLetter(sign: string | undefined): boolean {
  return sign !== undefined && /[\p{L}\p{N}]/u.test(sign);
}

function joined(ranges: [number, number][]): [number, number][] {
  const out: [number, number][] = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}
