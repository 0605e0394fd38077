"""Numbers in Chinese numerals: 一万二千, 百分之八, 两成, 一年半."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.proof.number import Number
from backend.pipeline.proof.units import ZH_SCALES, with_unit

ZH_DIGITS: Final = {**{d: i for i, d in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0, "俩": 2}
ZH_NUMBER: Final = re.compile("(?:[零〇一二两三四五六七八九十百万亿]|千(?![瓦克米]))+")
ZH_PART: Final = re.compile(f"分之({ZH_NUMBER.pattern})")
ZH_TENTHS: Final = re.compile("点([零一二三四五六七八九])")
# Words in which a numeral counts nothing.
ZH_IDIOMS: Final = re.compile(
    "一般|一起|一定|一样|一些|一直|一律|一旦|一切|唯一|统一|之一|一并|进一步|第一时间|不一|一般|万一|一带|一方|三角|一次性|(?<![一二三四五六七八九十百两])千万"
)


def chinese_numbers(text: str, taken: bytearray) -> list[Number]:
    """`taken`: 1 for each character that an earlier reader has used."""
    idioms = [match.span() for match in ZH_IDIOMS.finditer(text)]
    found: list[Number] = []
    for match in ZH_NUMBER.finditer(text):
        start, end = match.span()
        if taken[start] or any(first < end and start < last for first, last in idioms):
            continue
        value = chinese_value(match[0])
        if text[start : start + 3] == "百分之" or any(one.start <= start < one.end for one in found):
            continue
        if text[max(start - 3, 0) : start] == "百分之":
            tenths = ZH_TENTHS.match(text, end)
            if tenths:
                value, end = float(f"{value:.0f}.{ZH_DIGITS[tenths[1]]}"), tenths.end()
            found.append(Number(start - 3, end, (value,), percent=True))
        elif text[start - 1 : start] == "点" and "百分之" in text[max(start - 8, 0) : start]:
            continue
        elif text[end : end + 1] == "月" and 1 <= value <= 12:
            found.append(Number(start, end + 1, (value,), "month", (value,)))
        elif text[end : end + 1] == "成":
            rest = ZH_DIGITS.get(text[end + 1 : end + 2])
            found.append(Number(start, end + 1 + (rest is not None), (value * 10 + (rest or 0),), percent=True))
        elif value and (part := ZH_PART.match(text, end)):
            found.append(Number(start, part.end(), (chinese_value(part[1]) / value,)))
        elif text[start - 2 : start] == "分之":
            continue
        else:
            idle = value <= 1 or text[start - 1 : start] == "第"
            found.append(_with_tenths(text, with_unit(text, start, end, (value,), weak=idle)))
    return found + _halves(text)


TENTH_AFTER: Final = re.compile(
    "[一二三四五六七八九](?![零〇一二两三四五六七八九十百千万亿个成分点年月日号人次米吨克元])"
)


def _with_tenths(text: str, number: Number) -> Number:
    """十三吨八: thirteen tonnes and eight tenths."""
    tenth = TENTH_AFTER.match(text, number.end)
    if tenth is None or number.kind not in {"mass", "length", "money"} or not number.values[0]:
        return number
    value = number.values[0] + ZH_DIGITS[tenth[0]] / 10
    factor = number.amount[0] / number.values[0]
    return Number(number.start, tenth.end(), (value,), number.kind, (value * factor,))


def _halves(text: str) -> list[Number]:
    found = []
    for match in re.finditer("半", text):
        if text[match.end() : match.end() + 1] in {"年", "天"} and text[match.start() - 1 : match.start()] != "年":
            found.append(with_unit(text, match.start(), match.end(), (0.5,), weak=True))
        elif text[match.end() : match.end() + 1] == "钟" and text[match.start() - 1 : match.start()] == "分":
            found.append(Number(match.start(), match.end(), (0.5,), "time", (30.0,), weak=True))
        elif text[match.start() - 1 : match.start()] == "年":
            found.append(Number(match.start(), match.end(), (0.5,), "months", (6.0,), weak=True))
    return found


def chinese_value(figure: str) -> float:
    if not any(letter in ZH_SCALES for letter in figure):
        return float("".join(str(ZH_DIGITS[letter]) for letter in figure))
    total = section = digit = 0
    for letter in figure:
        if letter in ZH_DIGITS:
            digit = ZH_DIGITS[letter]
            continue
        scale = ZH_SCALES[letter]
        if scale >= 10_000:
            # 一亿零六百万: a smaller scale is no part of a larger one before it.
            total = total + (section + digit) * scale if total >= scale else (section + digit) * scale
            section = digit = 0
        else:
            section += (digit or 1) * scale
            digit = 0
    return float(total + section + digit)
