"""Numbers that name a place and measure nothing: of sections, list items, pages and footnotes."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.proof.chinese_numbers import chinese_value
from backend.pipeline.proof.number import LABEL, Number

_LABELS: Final = """
    section sections sect clause clauses article articles art paragraph para item items pos position step page pages
    footnote figure fig table chapter appendix annex abschnitt absatz abs ziffer ziff artikel punkt seite fußnote
    abbildung abb tabelle tab kapitel kap anlage alinéa résolution chapitre annexe étape tableau artículo apartado
    sección cláusula punto página pág figura tabla capítulo anexo paso point
"""
LABELLED: Final = re.compile(
    rf"\b(?:{'|'.join(_LABELS.split())})\.?[ \u00a0](\d{{1,3}}(?:\.\d{{1,3}}){{0,3}})(?![\d.,]*\d|[ \u00a0]?[%€$£])|"
    r"§+\s?(\d{1,4}(?:\.\d{1,3}){0,3})|"
    r"(?:(?<=[.;:!?]\s)|^|(?<=\n))\s*(\d{1,2}(?:\.\d{1,2}){1,3}[.)]?)(?=\s+(?!Millio|Milliar|Mio|Mrd)(?-i:[A-ZÄÖÜÉ][a-zäöüé]))|"
    r"(?:(?<=[.;:!?]\s)|^|(?<=\n))\s*(\d{1,2}[.)])(?=\s+(?-i:[A-ZÄÖÜÉ\u4e00-\u9fff]))(?!\s+(?:Januar|Februar|März|April|Mai|Ju[nl]i|"
    r"August|September|Oktober|November|Dezember|Jahrhundert))|"
    r"\[(\d{1,3})\]|"
    r"第([\d零〇一二两三四五六七八九十百千]+)(?=[条款章节页项])",
    re.IGNORECASE,
)
"""A number that names a place: after *section*, before a heading, in square brackets."""


def labels(text: str, _: bytearray) -> list[Number]:
    """The numbers of sections, list items, pages and footnotes: they name a place and measure nothing."""
    found = []
    for match in LABELLED.finditer(text):
        place = next(number for number in range(1, LABELLED.groups + 1) if match[number] is not None)
        figure = match[place]
        value = chinese_value(figure) if figure[0] in "零〇一二两三四五六七八九十百千" else _label_value(figure)
        found.append(Number(match.start(place), match.end(place), (value,), LABEL, (value,), weak=True))
    return found


def _label_value(figure: str) -> float:
    """3.2 and 3.20 are two sections: each level has three digits."""
    value = 0.0
    for part in figure.rstrip(".)").split(".")[:4]:
        value = value * 1000 + float(part[:3])
    return value
