"""Figures of a text by value: 1,000 = 1.000 = a thousand, dates in any order, units converted within their kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

UNITS: Final[dict[str, tuple[str, float]]] = {}
for _kind, _factor, _names in (
    (
        "length",
        1e-3,
        "mm millimetre millimetres millimeter millimètre millimètres milímetro milímetros 毫米",
    ),
    (
        "length",
        1e-2,
        "cm centimetre centimetres centimeter centimeters zentimeter centimètre centimètres centímetro "
        "centímetros 厘米 公分",
    ),
    (
        "length",
        1.0,
        "m metre metres meter meters metern mètre mètres metro metros 米",
    ),
    (
        "length",
        1e3,
        "km kilometre kilometres kilometer kilometers kilometern kilomètre kilomètres kilómetro "
        "kilómetros 公里 千米",
    ),
    (
        "mass",
        1e-6,
        "mg milligram milligrams milligramm milligramme milligrammes miligramo miligramos 毫克",
    ),
    ("mass", 1e-3, "g gram grams gramm gramme grammes gramo gramos 克"),
    (
        "mass",
        1.0,
        "kg kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos 公斤 千克",
    ),
    ("mass", 1e3, "t tonne tonnes ton tons tonnen tonelada toneladas 吨"),
    (
        "volume",
        1e-3,
        "ml millilitre millilitres milliliter mililitro mililitros 毫升",
    ),
    ("volume", 1e-2, "cl centilitre centilitres zentiliter centilitro centilitros"),
    ("volume", 1.0, "l litre litres liter liters litern litro litros 升"),
    ("volume", 1e2, "hl hektoliter hektolitern hectolitre hectolitres"),
    (
        "time",
        1.0,
        "s sec second seconds sekunde sekunden seconde secondes segundo segundos 秒",
    ),
    ("time", 60.0, "min mn minute minutes minuten minuto minutos 分钟 分"),
    (
        "time",
        3600.0,
        "h hr hour hours stunde stunden std heure heures hora horas 小时",
    ),
    ("time", 86400.0, "d day days tag tage tagen jour jours día días 天 日"),
    (
        "time",
        604800.0,
        "week weeks woche wochen semaine semaines semana semanas 周 星期",
    ),
    ("months", 1.0, "month months monat monate monaten monats mois mes meses 个月"),
    ("months", 3.0, "quarter quarters quartal trimestre trimestres 季度"),
    ("months", 12.0, "year years jahr jahre jahren an ans année années año años 年"),
    ("power", 1.0, "w watt watts"),
    ("power", 1e3, "kw kilowatt kilowatts"),
    ("power", 1e6, "mw megawatt megawatts"),
    ("power", 1e9, "gw gigawatt gigawatts"),
    ("energy", 1.0, "wh"),
    ("energy", 1e3, "kwh kilowattstunde kilowattstunden"),
    ("energy", 1e6, "mwh megawattstunden"),
    ("data", 1.0, "kb"),
    ("data", 1e3, "mb"),
    ("data", 1e6, "gb"),
    ("data", 1e9, "tb"),
):  # fmt: skip
    for _name in _names.split():
        UNITS[_name] = (_kind, _factor)

MULTIPLIERS: Final = {
    name: factor
    for factor, names in (
        (100.0, "hundred hundert cent cents ciento cientos 百"),
        (1e3, "k thousand tausend mille mil 千"),
        (1e4, "万 萬"),
        (1e6, "m mio million millions millionen million millón millones mn"),
        (1e8, "亿 億"),
        (1e9, "bn billion billions mrd milliarde milliarden milliard milliards"),
    )
    for name in names.split()
}
MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january januar jänner janvier enero jan", "february februar février febrero feb",
            "march märz mars marzo mar", "april avril abril apr", "may mai mayo", "june juni juin junio jun",
            "july juli juillet julio jul", "august août agosto aug", "september septembre septiembre sep sept",
            "october oktober octobre octubre oct okt", "november novembre noviembre nov",
            "december dezember décembre diciembre dec dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip

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
    "twice": 2, "thrice": 3,
    "once": 11, "zweimal": 2, "dreimal": 3, "viermal": 4, "double": 2, "doppelt": 2, "hundert": 100, "tausend": 1000,
    "cien": 100, "doscientos": 200, "trescientos": 300, "quinientos": 500, "mil": 1000, "mille": 1000, "hundred": 100,
    "thousand": 1000, "ciento": 100, "cent": 100, "both": 2, "beide": 2, "beiden": 2,
}  # fmt: skip
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
        (1 / 3, "third thirds drittel dritteln tiers tercios"),
        (0.25, "quarters viertel vierteln quarts cuartas cuartos"),
        (0.2, "fifths fünftel fünfteln cinquièmes quintos"),
        (0.1, "tenths zehntel zehnteln dixièmes décimos"),
    )
    for name in names.split()
}
"""After a numerator."""
ARTICLES: Final = frozenset({"a", "an", "ein", "eine", "einen", "einer", "einem", "eines", "un", "une", "una"})
PERCENT: Final = frozenset({"%", "％", "per", "percent", "prozent", "pour", "por", "vom"})

ZH_DIGITS: Final = {**{d: i for i, d in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0, "俩": 2}
ZH_SCALES: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
ZH_NUMBER: Final = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
ZH_MULTIPLIER: Final = re.compile("[百千万亿]+")
# Words in which a numeral counts nothing.
ZH_IDIOMS: Final = re.compile(
    "一般|一起|一定|一样|一些|一直|一律|一旦|一切|唯一|统一|之一|一并|进一步|第一时间|不一|一般|万一|一带|一方|三角|一次性|千万"
)

DIGITS: Final = re.compile(
    r"(?<![\w.,])[−-]?\d{1,3}(?:[,.’'\u00a0\u202f ]\d{3})+(?:[.,]\d+)?(?![\d])|"
    r"(?:(?<![\w)])[−-])?\d+(?:[.,]\d+)*|[½¼¾⅓⅔]"
)
ISO: Final = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
DOTTED: Final = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
CLOCK: Final = re.compile(
    r"(?<![\d.,])(\d{1,2})(?::| ?h ?|\.(?=\d\d ?[ap]\.?m))(\d{2})(?!\d)(?: ?([ap])\.?m\b)?", re.IGNORECASE
)
WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|%|％")
UNIT_AFTER: Final = re.compile(
    r"[\s\u00a0\u202f]*(?:of a |of an |an |a |个(?=小时|月|星期)|einer |eine |d['’]|de |une |un |una )?"
    r"(°?[^\W\d_]+|%|％|°|€|£|\$)",
    re.IGNORECASE,
)
HUNDRED: Final = re.compile(r"\s*(?:cent|ciento|hundert)\b", re.IGNORECASE)
SYMBOLS: Final = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Number:
    """`values`: every reading of the figure ("1.340" is 1340 or 1.34). `amount`: in the base unit of its `kind`.

    `weak`: an ordinal or a one, which is as often a figure of speech.
    """

    start: int
    end: int
    values: tuple[float, ...]
    kind: str | None = None
    amount: tuple[float, ...] = ()
    weak: bool = False
    percent: bool = False

    def same(self, other: Number) -> bool:
        """Whether both say the same amount. A month is not a plain number; a share of .25 is 25 per cent."""
        if self.kind and self.kind == other.kind:
            return _meet(self.amount, other.amount)
        if self.kind in _LASTING and other.kind in _LASTING:
            # A quarter of a year is about 90 days: months have no exact length.
            return _meet(self._days(), other._days(), 0.02)
        if "month" in {self.kind, other.kind} or (self._measured() and other._measured() and (self.kind or other.kind)):
            return False
        if _meet(self.values, other.values):
            return True
        return self.percent != other.percent and _meet(self._shares(), other._shares())

    def _measured(self) -> bool:
        return self.kind is not None or self.percent

    def _days(self) -> tuple[float, ...]:
        factor = 1 / 86400 if self.kind == "time" else 30.4
        return tuple(value * factor for value in self.amount)

    def _shares(self) -> tuple[float, ...]:
        return tuple(value / 100 for value in self.values) if self.percent else self.values


_LASTING: Final = frozenset({"time", "months"})


def _meet(mine: tuple[float, ...], theirs: tuple[float, ...], tolerance: float = TOLERANCE) -> bool:
    return any(abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-9) for a in mine for b in theirs)


def numbers(text: str) -> list[Number]:
    """The figures of `text` in order of their place; a duration of two parts is there whole as well."""
    return list(_numbers(text))


@lru_cache(maxsize=4096)
def _numbers(text: str) -> tuple[Number, ...]:
    found: list[Number] = []
    taken = bytearray(len(text))
    for reader in (_dates, _clocks, _digits, _words, _chinese):
        fresh = reader(text, taken)
        for number in fresh:
            taken[number.start : number.end] = b"\1" * (number.end - number.start)
        found.extend(fresh)
    found.sort(key=lambda number: (number.start, number.end))
    return (*found, *_sums(text, found))


def _dates(text: str, _: bytearray) -> list[Number]:
    found: list[Number] = []
    for match in ISO.finditer(text):
        found.extend(_date(match, (1, 2, 3)))
    for match in DOTTED.finditer(text):
        day_first = int(match[3]) <= 12
        found.extend(_date(match, (4, 3, 1) if day_first else (4, 1, 3)))
    return found


def _date(match: re.Match[str], groups: tuple[int, int, int]) -> list[Number]:
    year, month, day = groups
    return [
        Number(match.start(year), match.end(year), (float(match[year]),)),
        Number(match.start(month), match.end(month), (float(match[month]),), "month", (float(match[month]),)),
        Number(match.start(day), match.end(day), (float(match[day]),)),
    ]


def _clocks(text: str, taken: bytearray) -> list[Number]:
    found = []
    for match in CLOCK.finditer(text):
        if taken[match.start()] or int(match[2]) > 59 or int(match[1]) > 24:
            continue
        hours = int(match[1]) + (12 if (match[3] or "").lower() == "p" and int(match[1]) < 12 else 0)
        minutes = 60.0 * hours + int(match[2])
        found.append(Number(match.start(), match.end(), (hours + int(match[2]) / 100,), "time", (60 * minutes,)))
    return found


def _digits(text: str, taken: bytearray) -> list[Number]:
    found = []
    for match in DIGITS.finditer(text):
        if taken[match.start()]:
            continue
        values = _readings(match[0])
        found.append(_with_unit(text, match.start(), match.end(), values))
    return found


def _readings(figure: str) -> tuple[float, ...]:
    if figure in SYMBOLS:
        return (SYMBOLS[figure],)
    plain = re.sub(r"[\u00a0\u202f ’']", "", figure).replace("−", "-")
    readings = []
    if re.fullmatch(r"-?\d{1,3}(?:[.,]\d{3})+", plain):
        readings.append(float(re.sub(r"[.,]", "", plain)))
        if len(re.findall(r"[.,]", plain)) == 1:
            readings.append(float(plain.replace(",", ".")))
    else:
        marks = re.findall(r"[.,]", plain)
        if len(marks) > 1 and marks[-1] != marks[0]:
            whole, _, rest = plain.rpartition(marks[-1])
            readings.append(float(re.sub(r"[.,]", "", whole) + "." + rest))
        elif len(marks) > 1:
            readings.append(float(re.sub(r"[.,]", "", plain)))
        else:
            readings.append(float(plain.replace(",", ".")))
    return tuple(readings)


def _with_unit(text: str, start: int, end: int, values: tuple[float, ...], *, weak: bool = False) -> Number:
    """Multiplier ("million"), then unit, that follow a figure."""
    for _ in range(2):
        match = UNIT_AFTER.match(text, end)
        word = match[1].lower() if match else ""
        if (
            not match
            or _multiplier(word) is None
            or (word == "m" and "million" not in text.lower() and not _money(text, start))
        ):
            zh = ZH_MULTIPLIER.match(text, end)
            if not zh:
                break
            values = tuple(value * _product(zh[0]) for value in values)
            end = zh.end()
            continue
        values = tuple(value * (_multiplier(word) or 1) for value in values)
        end = match.end(1)
    match = UNIT_AFTER.match(text, end)
    if not match:
        return Number(start, end, values, weak=weak)
    word = match[1].lower()
    if word in PERCENT:
        rest = HUNDRED.match(text, match.end())
        if word in {"%", "％", "percent", "prozent"} or rest:
            return Number(start, rest.end() if rest else match.end(1), values, weak=weak, percent=True)
    unit = _unit(word)
    if unit:
        kind, factor = unit
        return Number(start, match.end(1), values, kind, tuple(value * factor for value in values), weak=weak)
    if re.fullmatch(r"uhr|o'clock|heures?|horas|点", word):
        return Number(start, match.end(1), values, "time", tuple(value * 3600 for value in values), weak=weak)
    if word[:1] == "点":
        return Number(start, end, values, "time", tuple(value * 3600 for value in values), weak=weak)
    return Number(start, end, values, weak=weak)


def _money(text: str, start: int) -> bool:
    return text[max(start - 2, 0) : start].strip()[-1:] in {"$", "€", "£"}


def _multiplier(word: str) -> float | None:
    return MULTIPLIERS.get(word)


def _product(scales: str) -> float:
    value = 1.0
    for scale in scales:
        value *= ZH_SCALES[scale]
    return value


def _unit(word: str) -> tuple[str, float] | None:
    if word in UNITS:
        return UNITS[word]
    if "\u4e00" <= word[:1] <= "\u9fff":
        for length in (2, 1):
            if word[:length] in UNITS:
                return UNITS[word[:length]]
    return None


def _words(text: str, taken: bytearray) -> list[Number]:
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
    if month := _month(text, first):
        return 1, month
    used, total = _added_up(text, words, at)
    if not used:
        return 1, _article(text, first) or _part(text, first)
    end = words[at + used - 1].end()
    if at + used < len(words):
        part = words[at + used]
        if part[0].lower() in PARTS and not text[end : part.start()].strip(" -"):
            return used + 1, _with_unit(text, first.start(), part.end(), (total * PARTS[part[0].lower()],))
    return used, _with_unit(text, first.start(), end, (total,), weak=total <= 1)


def _month(text: str, match: re.Match[str]) -> Number | None:
    word = match[0].lower()
    if word not in MONTHS or (len(word) <= 3 and match[0].islower()):
        return None
    if word in {"may", "mar", "mars", "march"} and not _dated(text, match):
        return None
    month = float(MONTHS[word])
    return Number(match.start(), match.end(), (month,), "month", (month,))


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
        scale = _multiplier(part) if used and len(part) > 1 else None
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
    if kind not in _LASTING or len(unit[1]) < 2:
        return None
    return Number(match.start(), unit.end(1), (1.0,), kind, (amount,), weak=True)


UNSURE_FRACTIONS: Final = frozenset({"quarter", "quart", "media", "medio", "third", "quinta", "cuarta", "cinquième"})


def _part(text: str, match: re.Match[str]) -> Number | None:
    """A fraction or an ordinal."""
    word = match[0].lower()
    if word in FRACTIONS and (word not in UNSURE_FRACTIONS or _fractional(text, match)):
        return _with_unit(text, match.start(), match.end(), (FRACTIONS[word],), weak=True)
    if word in ORDINALS:
        return Number(match.start(), match.end(), (float(ORDINALS[word]),), weak=True)
    return None


def _dated(text: str, match: re.Match[str]) -> bool:
    """`may` and `march` are months beside a figure, or after a preposition and with a capital."""
    near = text[max(match.start() - 6, 0) : match.start()] + text[match.end() : match.end() + 6]
    return match[0][0].isupper() and (
        any(letter.isdigit() for letter in near)
        or bool(re.search(r"\b(?:in|of|by|and|to|until|ab|im|en|de)\s$", text[: match.start()]))
    )


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
    """`siebenundfünfzig`, `zweihundertdrei`."""
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


def _chinese(text: str, taken: bytearray) -> list[Number]:
    idioms = [match.span() for match in ZH_IDIOMS.finditer(text)]
    found = []
    for match in ZH_NUMBER.finditer(text):
        start, end = match.span()
        if taken[start] or any(first < end and start < last for first, last in idioms):
            continue
        value = _chinese_value(match[0])
        if value is None:
            continue
        if text[max(start - 3, 0) : start] == "百分之":
            found.append(Number(start - 3, end, (value,), percent=True))
        elif text[end : end + 1] == "成":
            found.append(Number(start, end + 1, (value * 10,), percent=True))
        elif text[end : end + 3] == "分之一":
            found.append(Number(start, end + 3, (1 / value if value else 0.0,)))
        elif (
            text[end : end + 1] == "点"
            and (rest := ZH_NUMBER.match(text, end + 1))
            and "百分" in text[max(start - 3, 0) : start]
        ):
            found.append(Number(start, rest.end(), (value,)))
        else:
            found.append(_with_unit(text, start, end, (value,), weak=value <= 1 or text[start - 1 : start] == "第"))
    for match in re.finditer("半", text):
        if text[match.end() : match.end() + 1] in {"年", "天"} and text[match.start() - 1 : match.start()] != "年":
            found.append(_with_unit(text, match.start(), match.end(), (0.5,), weak=True))
        elif text[match.start() - 1 : match.start()] == "年":
            found.append(Number(match.start(), match.end(), (0.5,), "months", (6.0,), weak=True))
    return found


def _chinese_value(figure: str) -> float | None:
    if not any(letter in ZH_SCALES for letter in figure):
        return float("".join(str(ZH_DIGITS[letter]) for letter in figure))
    total = section = digit = 0
    for letter in figure:
        if letter in ZH_DIGITS:
            digit = ZH_DIGITS[letter]
            continue
        scale = ZH_SCALES[letter]
        if scale >= 10_000:
            total = (total + section + digit) * scale
            section = digit = 0
        else:
            section += (digit or 1) * scale
            digit = 0
    return float(total + section + digit)


def _sums(text: str, found: list[Number]) -> list[Number]:
    """`2 hours 10 minutes`, `an hour and a quarter`, `five years and six months`, as one."""
    sums = []
    for first, second in pairwise(found):
        gap = text[first.end : second.start].strip(" ,").lower()
        if (
            first.kind not in _LASTING
            or not first.amount
            or gap not in {"", "and", "und", "et", "y", "and a", "and an", "et un", "et une", "零"}
        ):
            continue
        kind, amount = first.kind, None
        if second.kind == first.kind and second.amount and second.amount[0] < first.amount[0]:
            amount = first.amount[0] + second.amount[0]
        elif second.kind is None and second.values[0] < 1:
            amount = first.amount[0] + second.values[0] * (first.amount[0] / first.values[0])
        if amount is not None:
            sums.append(Number(first.start, second.end, (amount,), kind, (amount,)))
    for number, match in ((n, re.match(r"\s+(?:and a half|et demie?|y media|einhalb)", text[n.end :])) for n in found):
        if match and number.amount:
            amount = number.amount[0] * (number.values[0] + 0.5) / number.values[0]
            sums.append(
                Number(number.start, number.end + match.end(), (number.values[0] + 0.5,), number.kind, (amount,))
            )
    return sums
