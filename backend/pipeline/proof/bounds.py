"""At least and at most: whether a figure is the least or the most of what the sentence and the passage allow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backend.pipeline.proof.number import Number
from backend.pipeline.proof.words import Reading

_LEAST: Final = (
    "at least", "no (?:less|fewer) than", "not (?:less|fewer) than",
    "(?:more|longer|larger|greater|older|higher|later) than", "over", "above", "exceed(?:s|ing)?", "beyond",
    "a minimum of", "mindestens", "wenigstens", "(?:mehr|länger|älter|höher|größer|später) als", "über", "ab",
    "nicht (?:weniger|kürzer) als", "au moins", "plus de", "au-delà de", r"dépass\w+", "supérieure? à", "pas moins de",
    "al menos", "por lo menos", "como mínimo", "más de", "mayor(?:es)? de", "superior a", r"supera\w*", "no menos de",
    "a partir de",
)  # fmt: skip
_MOST: Final = (
    "at most", "at the most", "no (?:more|longer|later) than", "not (?:more|longer|later) than",
    "(?:less|fewer|shorter|smaller|younger|lower|earlier) than", "under", "below", "up to", "a maximum of", "höchstens",
    "maximal", "bis zu", "(?:weniger|kürzer|jünger|niedriger|kleiner|früher) als", "unter",
    "nicht (?:mehr|länger|höher|später) als", "au plus", "au maximum", "moins de", "jusqu'à", "inférieure? à",
    "pas plus de", "a lo sumo", "como máximo", "menos de", "menor(?:es)? de", "inferior a", "hasta", "no más de",
    "máximo de",
)  # fmt: skip
_ARTICLE: Final = r"\s(?:the |a |an |de |les |los |las |den |die |the age of )?"
LEAST: Final = re.compile(
    rf"(?:\b(?:{'|'.join(_LEAST)}){_ARTICLE}|超过|至少|不少于|不低于|不得少于|不得低于|多于|满)$", re.IGNORECASE
)
MOST: Final = re.compile(
    rf"(?:\b(?:{'|'.join(_MOST)}){_ARTICLE}|不超过|不得超过|最多|至多|少于|低于|不足|不满|不到|不多于|不高于)$",
    re.IGNORECASE,
)
LEAST_AFTER: Final = re.compile(
    r"\s?(?:(?:or (?:more|over|older)|and over|oder (?:mehr|älter)|ou plus|au moins|au minimum|o más|"
    r"como mínimo)\b|以上)",
    re.IGNORECASE,
)
MOST_AFTER: Final = re.compile(
    r"\s?(?:(?:or (?:less|fewer|under|younger)|at most|oder (?:weniger|jünger)|ou moins|au plus|au maximum|o menos|"
    r"como máximo|a lo sumo)\b|以下|以内)",
    re.IGNORECASE,
)
LOOK_BACK: Final = 28


@dataclass(frozen=True, slots=True)
class Turned:
    """`said` bounds from one side here, and `there` from the other side in the passage."""

    said: str
    there: str


def bound(text: str, number: Number) -> tuple[int, str]:
    """1 for the least, -1 for the most, 0 for neither, and the words that say so with the figure."""
    before = text[max(number.start - LOOK_BACK, 0) : number.start]
    ahead = [
        (len(match[0]), sign, match[0]) for sign, form in ((-1, MOST), (1, LEAST)) if (match := form.search(before))
    ]
    if ahead:
        # *No less than*: the longer one.
        _, sign, words = max(ahead)
        return sign, (words + text[number.start : number.end]).strip()
    for sign, behind in ((-1, MOST_AFTER), (1, LEAST_AFTER)):
        if match := behind.match(text, number.end):
            return sign, text[number.start : match.end()]
    return 0, ""


def turned(sentence: Reading, sources: list[Reading]) -> Turned | None:
    """The figure that is the least here and the most wherever the passage has it; a denial beside it turns it back."""
    for figure in sentence.numbers:
        if figure.weak:
            continue
        sign, said = bound(sentence.text, figure)
        if not sign:
            continue
        met = [(source, one) for source in sources for one in source.numbers if figure.same(one)]
        found = [(*bound(source.text, one), source.negated[source.clause_at(one.start)]) for source, one in met]
        denied = sentence.negated[sentence.clause_at(figure.start)]
        if found and all(there == -sign and no == denied for there, _, no in found):
            return Turned(said, found[0][1])
    return None
