"""The unit or multiplier that follows a figure: millions, per cent, kilometres, o'clock."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.proof.number import Number

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
    ("months", 1.0, "month months monat monate monaten monats mois mes meses 个月 月"),
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
PERCENT: Final = frozenset({"%", "％", "per", "percent", "prozent", "pour", "por", "vom"})
ZH_SCALES: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
ZH_MULTIPLIER: Final = re.compile("[百千万亿]+")
UNIT_AFTER: Final = re.compile(
    r"[\s\u00a0\u202f]*(?:of a |of an |an |a |个(?=小时|月|星期)|einer |eine |d['’]|de |une |un |una )?"
    r"(°?[^\W\d_]+|%|％|°|€|£|\$)",
    re.IGNORECASE,
)
HALF_OF_DAY: Final = re.compile(r"\s*([ap])\.?m\b\.?", re.IGNORECASE)
LATE: Final = re.compile(
    r"(?:\s+(?:Uhr|et demie|et quart|y media|y cuarto))?\s+(?:du soir|de l['’]après-midi|de la tarde|de la noche|"
    r"abends|am Abend|nachmittags|am Nachmittag|in the (?:evening|afternoon)|at night)",
    re.IGNORECASE,
)
"""After an hour up to eleven: it is one of the second half of the day."""
HUNDRED: Final = re.compile(r"\s*(?:cent|ciento|hundert)\b", re.IGNORECASE)


def with_unit(text: str, start: int, end: int, values: tuple[float, ...], *, weak: bool = False) -> Number:
    """Multiplier ("million"), then unit, that follow a figure."""
    for _ in range(2):
        match = UNIT_AFTER.match(text, end)
        word = match[1].lower() if match else ""
        if (
            not match
            or multiplier(word) is None
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
        if kind == "time" and factor == 3600 and values[0] < 12 and LATE.match(text, match.end(1)):
            return Number(start, match.end(1), values, kind, ((values[0] + 12) * 3600,), weak=weak)
        return Number(start, match.end(1), values, kind, tuple(value * factor for value in values), weak=weak)
    return _hour(text, start, end, values, match) or Number(start, end, values, weak=weak)


def _hour(text: str, start: int, end: int, values: tuple[float, ...], unit: re.Match[str]) -> Number | None:
    """A time of the day: 9 Uhr, 9 p.m., 9点."""
    word = unit[1].lower()
    if word in {"a", "p"} and (half := HALF_OF_DAY.match(text, end)):
        shift = 12 if half[1].lower() == "p" and values[0] < 12 else 0
        hour = values[0] + shift
        return Number(start, half.end(), (hour,), "time", (hour * 3600,))
    seconds = tuple(value * 3600 for value in values)
    if re.fullmatch(r"uhr|o'clock|heures?|horas|点", word):
        return Number(start, unit.end(1), values, "time", seconds)
    return Number(start, end, values, "time", seconds) if word[:1] == "点" else None


def _money(text: str, start: int) -> bool:
    return text[max(start - 2, 0) : start].strip()[-1:] in {"$", "€", "£"}


def multiplier(word: str) -> float | None:
    return MULTIPLIERS.get(word)


def product(scales: str) -> float:
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
