"""Numbers in words, in English, German, French and Spanish: cardinals, ordinals, fractions, how often."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from backend.pipeline.proof.date_figures import month_name
from backend.pipeline.proof.number import LASTING, Number
from backend.pipeline.proof.units import UNIT_AFTER, UNITS, multiplier, with_unit

_EN: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_DE: Final = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn "
    "sechzehn siebzehn achtzehn neunzehn"
)
_FR: Final = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf"
)
_ES: Final = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
CARDINALS: Final = {
    **{word: value for words in (_EN, _DE, _FR, _ES) for value, word in enumerate(words.split())},
    **{
        word: value
        for words in (
            "twenty thirty forty fifty sixty seventy eighty ninety",
            "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
            "vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix",
            "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
        )
        for value, word in zip(range(20, 100, 10), words.split(), strict=True)
    },
    "quatre-vingt": 80, "dozen": 12, "dutzend": 12, "douzaine": 12, "vingtaine": 20, "docena": 12,
    "once": 11, "hundert": 100, "tausend": 1000,
    "cien": 100, "doscientos": 200, "trescientos": 300, "quinientos": 500, "mil": 1000, "mille": 1000, "hundred": 100,
    "thousand": 1000, "ciento": 100, "cent": 100, "both": 2, "beide": 2, "beiden": 2,
}  # fmt: skip
TIMES: Final = {"twice": 2, "thrice": 3, "zweimal": 2, "dreimal": 3, "viermal": 4, "double": 2, "doppelt": 2}
"""How often or how many times as much: no unit belongs to it."""
OFTEN: Final = re.compile(
    r"(?:(?:twice|two times) (?:a|each|every|per) year|zweimal (?:im|pro) Jahr|zweimal jährlich|deux fois par an|"
    r"dos veces (?:al|por) año)\b",
    re.IGNORECASE,
)
"""Every six months."""
ORDINALS: Final = {
    word: value
    for words in (
        "first second third fourth fifth sixth seventh eighth ninth tenth",
        "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte",
        "ersten zweiten dritten vierten fünften sechsten siebten achten neunten zehnten",
        "premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième",
        "primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo",
        "primera segunda tercera cuarta quinta sexta séptima octava novena décima",
    )
    for value, word in enumerate(words.split(), 1)
} | {"première": 1, "primer": 1, "seconde": 2, "second": 2, "tercer": 3}
FRACTIONS: Final = {
    name: value
    for value, names in (
        (0.5, "half halves halb halbe halben halbes hälfte moitié demi demie mitad medio media 一半 半"),
        (0.25, "quarter viertel quart cuarta"),
        (1 / 3, "third drittel tiers tercio"),
        (2 / 3, "two-thirds"),
        (0.2, "fünftel cinquième quinta"),
    )
    for name in names.split()
}
PARTS: Final = {
    name: value
    for value, names in (
        (0.5, "halves hälften medios"),
        (1 / 3, "third thirds drittel dritteln tiers tercios terceras"),
        (0.25, "quarters viertel vierteln quarts cuartas cuartos"),
        (0.2, "fifths fünftel fünfteln cinquièmes quintos quintas"),
        (0.1, "tenths zehntel zehnteln dixièmes décimos décimas"),
    )
    for name in names.split()
}
"""After a numerator."""
ARTICLES: Final = frozenset({"a", "an", "ein", "eine", "einen", "einer", "einem", "eines", "un", "une", "una"})
WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|%|％")


def spelled_numbers(text: str, taken: bytearray) -> list[Number]:
    found: list[Number] = []
    words = [match for match in WORD.finditer(text) if not taken[match.start()]]
    at = 0
    while at < len(words):
        used, number = _spelled(text, words, at)
        if number:
            found.append(number)
        at += max(used, 1)
    return found


def _spelled(text: str, words: list[re.Match[str]], at: int) -> tuple[int, Number | None]:
    """How many words from `at` say a number, and which."""
    first = words[at]
    if month := month_name(text, first):
        return 1, month
    if often := OFTEN.match(text, first.start()):
        return len(WORD.findall(often[0])), Number(often.start(), often.end(), (6.0,), "months", (6.0,))
    if first[0].lower() in TIMES:
        return 1, Number(first.start(), first.end(), (float(TIMES[first[0].lower()]),), weak=True)
    used, total = _added_up(text, words, at)
    if not used:
        return 1, _article(text, first) or _part(text, first)
    end = words[at + used - 1].end()
    if at + used < len(words):
        part = words[at + used]
        if part[0].lower() in PARTS and not text[end : part.start()].strip(" -"):
            return used + 1, with_unit(text, first.start(), part.end(), (total * PARTS[part[0].lower()],))
    return used, with_unit(text, first.start(), end, (total,), weak=total <= 1)


JOINING: Final = {"and": 100, "y": 10, "et": 12}
"""With what the number that follows must stay below."""


def _added_up(text: str, words: list[re.Match[str]], at: int) -> tuple[int, float]:
    """`two hundred and six`, `treinta y dos`: the words that belong together, and their sum."""
    total, used, end = 0.0, 0, words[at].start()
    while at + used < len(words):
        match = words[at + used]
        if used and text[end : match.start()].strip(" -"):
            break
        part, step = match[0].lower(), 1
        if used and part in JOINING and total >= 20 and at + used + 1 < len(words):
            follower = _cardinal(words[at + used + 1][0].lower())
            if follower is None or follower >= JOINING[part]:
                break
            part, step = words[at + used + 1][0].lower(), 2
        value = None if part == "once" and not _spanish(text) else _cardinal(part)
        scale = multiplier(part) if used and len(part) > 1 else None
        if value is None and scale is None:
            break
        joined = _joined(total, value, scale) if used else value
        if joined is None:
            break
        total = joined
        used += step
        end = words[at + used - 1].end()
    return used, total


def _joined(total: float, value: float | None, scale: float | None) -> float | None:
    """None where the next word begins a number of its own."""
    if scale is not None:
        return total * scale
    if value is None:
        return None
    if value in {100.0, 1000.0}:
        return total * value
    if total == 4 and value == 20:
        return 80.0
    return None if total % 100 and value >= total % 100 else total + value


def _article(text: str, match: re.Match[str]) -> Number | None:
    """`an hour`, `une semaine`."""
    if match[0].lower() not in ARTICLES or not (unit := UNIT_AFTER.match(text, match.end())):
        return None
    kind, amount = UNITS.get(unit[1].lower(), ("", 0.0))
    if kind not in LASTING | {"volume", "mass", "length"} or len(unit[1]) < (2 if kind in LASTING else 4):
        return None
    return Number(match.start(), unit.end(1), (1.0,), kind, (amount,), weak=True)


UNSURE_FRACTIONS: Final = frozenset({"quarter", "quart", "media", "medio", "third", "quinta", "cuarta", "cinquième"})


def _part(text: str, match: re.Match[str]) -> Number | None:
    """A fraction or an ordinal."""
    word = match[0].lower()
    if word in FRACTIONS and (word not in UNSURE_FRACTIONS or _fractional(text, match)):
        return with_unit(text, match.start(), match.end(), (FRACTIONS[word],), weak=True)
    if word in ORDINALS:
        return Number(match.start(), match.end(), (float(ORDINALS[word]),), weak=True)
    return None


def _fractional(text: str, match: re.Match[str]) -> bool:
    before = text[max(match.start() - 8, 0) : match.start()].lower()
    return bool(re.search(r"(?:\ba|\bone|\bun|\bune|\bla|\bet|\by|\band a|\bein) $", before))


def _spanish(text: str) -> bool:
    return bool(re.search(r"\b(?:el|los|las|de|por|que)\b", text))


@lru_cache(maxsize=8192)
def _cardinal(word: str) -> float | None:
    if word in CARDINALS:
        return float(CARDINALS[word])
    if "-" in word:
        parts = [CARDINALS.get(part) for part in word.replace("-et-", "-").split("-")]
        if all(part is not None for part in parts):
            values = [float(part) for part in parts if part is not None]
            if values[:2] == [4.0, 20.0]:
                return 80.0 + sum(values[2:])
            return sum(values)
    return _german(word)


GERMAN_UNIT: Final = {
    **{word: value for value, word in enumerate(_DE.split()) if value},
    **{word: value for word, value in CARDINALS.items() if word.endswith(("zig", "dreißig")) and value < 100},
    "ein": 1,
}


def _german(word: str) -> float | None:
    """`siebenundfünfzig`, `zweihundertdrei`, `zweieinhalb`."""
    if word == "anderthalb":
        return 1.5
    if word.endswith("einhalb"):
        whole = GERMAN_UNIT.get(word.removesuffix("einhalb"))
        return None if whole is None else whole + 0.5
    if "hundert" in word or "tausend" in word:
        scale, value = ("tausend", 1000) if "tausend" in word else ("hundert", 100)
        head, _, tail = word.partition(scale)
        left = _german(head) if head else 1.0
        right = _german(tail) if tail else 0.0
        return left * value + right if left is not None and right is not None else None
    if word in GERMAN_UNIT:
        return float(GERMAN_UNIT[word])
    unit, joined, tens = word.partition("und")
    if joined and unit in GERMAN_UNIT and tens in GERMAN_UNIT and GERMAN_UNIT[tens] >= 20:
        return float(GERMAN_UNIT[unit] + GERMAN_UNIT[tens])
    return None
