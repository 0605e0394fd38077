"""The unit or multiplier that follows a figure: millions, per cent, kilometres, o'clock."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.function_words import FUNCTION_WORDS
from backend.pipeline.proof.number import LASTING, Number

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
    ("area", 1.0, "m² qm quadratmeter quadratmetern 平方米 平米"),
    ("area", 1e4, "ha hectare hectares hektar hectárea hectáreas 公顷"),
    ("area", 1e6, "km² quadratkilometer quadratkilometern 平方公里"),
    ("months", 1.0, "month months monat monate monaten monats mois mes meses 个月 月"),
    ("months", 3.0, "quarter quarters quartal trimestre trimestres 季度"),
    ("months", 12.0, "year years jahr jahre jahren an ans année années año años 年"),
    ("power", 1.0, "w watt watts"),
    ("power", 1e3, "kw kilowatt kilowatts 千瓦"),
    ("power", 1e6, "mw megawatt megawatts 兆瓦"),
    ("power", 1e9, "gw gigawatt gigawatts"),
    ("energy", 1.0, "wh"),
    ("energy", 1e3, "kwh kilowattstunde kilowattstunden 千瓦时"),
    ("energy", 1e6, "mwh megawattstunden"),
    ("money", 1.0, "euro euros eur € dollar dollars $ pound pounds £ francs franken francos yuan 元 欧元 美元"),
    ("money", 1e-2, "cent cents centime centimes céntimo céntimos pence 分钱"),
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
PERCENT: Final = frozenset({"%", "％", "per", "percent", "prozent", "pour", "por", "vom"})
ZH_SCALES: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
ZH_MULTIPLIER: Final = re.compile("(?:[百万亿]|千(?![瓦克米]))+")
UNIT_AFTER: Final = re.compile(
    r"[\s\u00a0\u202f]*(?:of a |of an |an (?!et |et$|\d)|a |个(?=小时|月|星期)|einer |eine |d['’]|de |une |un |una )?"
    r"(°?[^\W\d_\u4e00-\u9fff]+|[\u4e00-\u9fff]+|%|％|°|€|£|\$)",
    re.IGNORECASE,
)
HALF_OF_DAY: Final = re.compile(r"\s*([ap])\.?m\b\.?", re.IGNORECASE)
LATE: Final = re.compile(
    r"(?:\s+(?:Uhr|et demie|et quart|y media|y cuarto))?\s+(?:du soir|de l['’]après-midi|de la tarde|de la noche|"
    r"abends|am Abend|nachmittags|am Nachmittag|in the (?:evening|afternoon)|at night)",
    re.IGNORECASE,
)
"""After an hour up to eleven: it is one of the second half of the day."""
ZH_LATE: Final = re.compile(r"(?:下午|傍晚|晚上|夜里|晚)$")
HUNDRED: Final = re.compile(r"\s*(?:cent|ciento|hundert)\b", re.IGNORECASE)


def with_unit(text: str, start: int, end: int, values: tuple[float, ...], *, weak: bool = False) -> Number:
    """Multiplier ("million"), then unit, that follow a figure."""
    for _ in range(2):
        match = UNIT_AFTER.match(text, end)
        word = match[1].lower() if match else ""
        if (
            not match
            or multiplier(word) is None
            or (word in COINS and text[end - 1].isdigit())
            or (word == "m" and "million" not in text.lower() and not _money(text, start))
        ):
            zh = ZH_MULTIPLIER.match(text, end)
            if not zh:
                break
            values = tuple(value * product(zh[0]) for value in values)
            end = zh.end()
            continue
        values = tuple(value * (multiplier(word) or 1) for value in values)
        end = match.end(1)
    match = UNIT_AFTER.match(text, end)
    if _money(text, start):
        # £1,850 a month: the month stands with the figure, and is not its unit.
        unit = _unit(match[1].lower()) if match else None
        if match and unit and unit[0] in LASTING:
            end = match.start(1) + unit[2]
        return Number(start, end, values, "money", values, weak=weak)
    if not match:
        return Number(start, end, values, weak=weak)
    word = match[1].lower()
    if word in PERCENT:
        rest = HUNDRED.match(text, match.end())
        if word in {"%", "％", "percent", "prozent"} or rest:
            return Number(start, rest.end() if rest else match.end(1), values, weak=weak, percent=True)
    unit = _unit(word)
    if unit:
        kind, factor, length = unit
        end = match.start(1) + length
        if kind == "length" and (squared := SQUARED.match(text, end)):
            kind, factor, end = "area", factor**2, squared.end()
        if kind == "time" and factor == 3600 and values[0] < 12 and LATE.match(text, end):
            return Number(start, end, values, kind, ((values[0] + 12) * 3600,), weak=weak)
        return Number(start, end, values, kind, tuple(value * factor for value in values), weak=weak)
    whole = values[0] >= 1 and values[0] == int(values[0])
    return _hour(text, start, end, values, match) or Number(start, end, values, weak=weak, counts=whole and _noun(word))


def _noun(word: str) -> bool:
    """Whether what follows a figure is what it counts: *31 boats*, not *5 to 10 kg* or *5 Werktage*."""
    if "\u4e00" <= word[:1] <= "\u9fff":
        return word[0] in ZH_MEASURES
    return len(word) > 2 and word not in NO_NOUNS and not any(word.endswith(unit) for unit in LONG_UNITS)


COINS: Final = frozenset({"cent", "cents"})
"""Hundreds only after a number in words: *deux cents*."""
ZH_MEASURES: Final = frozenset("个名人次台辆份条件张套座所家户位篇册只头棵层间票")
_NO_NOUNS: Final = """
    working business calendar consecutive percentage points point prozentpunkte punkte puntos degrees degree grad grados
    degrés parts partes parties teile millas miles square cubic quadratmeter metros vatios kilovatios
"""
NO_NOUNS: Final = frozenset(_NO_NOUNS.split()) | frozenset().union(*FUNCTION_WORDS.values())
LONG_UNITS: Final = tuple(name for name in UNITS if len(name) > 3 and name.isalpha() and name.isascii())


def _hour(text: str, start: int, end: int, values: tuple[float, ...], unit: re.Match[str]) -> Number | None:
    """A time of the day: 9 Uhr, 9 p.m., 9点."""
    word = unit[1].lower()
    if values[0] <= 12 and HOUR_BEFORE.search(text[max(start - 8, 0) : start]) and LATE.match(text, end):
        hour = values[0] + 12 * (values[0] < 12)
        return Number(start, end, (hour,), "time", (hour * 3600,))
    if word in {"a", "p"} and (half := HALF_OF_DAY.match(text, end)):
        shift = 12 if half[1].lower() == "p" and values[0] < 12 else 0
        hour = values[0] + shift
        return Number(start, half.end(), (hour,), "time", (hour * 3600,))
    late = 12 if values[0] < 12 and ZH_LATE.search(text, 0, start) else 0
    seconds = tuple((value + late) * 3600 for value in values)
    if re.fullmatch(r"uhr|o'clock|heures?|horas|点|时", word):
        return Number(start, unit.end(1), values, "time", seconds)
    return Number(start, end, values, "time", seconds) if word[:1] in {"点", "时"} else None


HOUR_BEFORE: Final = re.compile(r"\b(?:las?|at|um|à)\s$", re.IGNORECASE)
SQUARED: Final = re.compile(r"\s(?:carrés?|cuadrados?)\b", re.IGNORECASE)


def _money(text: str, start: int) -> bool:
    return text[max(start - 2, 0) : start].strip()[-1:] in {"$", "€", "£"}


def multiplier(word: str) -> float | None:
    return MULTIPLIERS.get(word)


def product(scales: str) -> float:
    value = 1.0
    for scale in scales:
        value *= ZH_SCALES[scale]
    return value


def _unit(word: str) -> tuple[str, float, int] | None:
    """Its kind, its factor and its letters: what follows a unit in a script without spaces is no part of it."""
    if word in UNITS:
        return *UNITS[word], len(word)
    if "\u4e00" <= word[:1] <= "\u9fff":
        for length in (3, 2, 1):
            if word[:length] in UNITS:
                return *UNITS[word[:length]], length
    return None
