"""Numbers in Chinese numerals: 一万二千, 百分之八, 两成, 一年半."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.proof.number import Number
from backend.pipeline.proof.units import ZH_SCALES, with_unit

ZH_DIGITS: Final = {**{d: i for i, d in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0, "俩": 2}
ZH_NUMBER: Final = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
# Words in which a numeral counts nothing.
ZH_IDIOMS: Final = re.compile(
    "一般|一起|一定|一样|一些|一直|一律|一旦|一切|唯一|统一|之一|一并|进一步|第一时间|不一|一般|万一|一带|一方|三角|一次性|千万"
)


def chinese_numbers(text: str, taken: bytearray) -> list[Number]:
    """`taken`: 1 for each character that an earlier reader has used."""
    idioms = [match.span() for match in ZH_IDIOMS.finditer(text)]
    found = []
    for match in ZH_NUMBER.finditer(text):
        start, end = match.span()
        if taken[start] or any(first < end and start < last for first, last in idioms):
            continue
        value = chinese_value(match[0])
        if text[max(start - 3, 0) : start] == "百分之":
            found.append(Number(start - 3, end, (value,), percent=True))
        elif text[end : end + 1] == "月" and 1 <= value <= 12:
            found.append(Number(start, end + 1, (value,), "month", (value,)))
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
            found.append(with_unit(text, start, end, (value,), weak=value <= 1 or text[start - 1 : start] == "第"))
    return found + _halves(text)


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
            total = (total + section + digit) * scale
            section = digit = 0
        else:
            section += (digit or 1) * scale
            digit = 0
    return float(total + section + digit)
