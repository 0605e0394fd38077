"""Plain text → its sentences, with offsets, in scripts with and without spaces: lists and table rows line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ABBREVIATIONS: Final = """
    mr mrs ms dr prof st jr no nos vs etc al fig figs eq eqs vol ed eds pp p cf ca approx dept inc ltd co corp
    e.g i.e
    bzw ca dr evtl ggf hr inkl int nr prof sog str tel u.a usw vgl z.b zzgl zzt abs art bd bsp d.h i.d.r o.ä s.o s.u u.u
    mme mlle mm me m env ex p.ex av bd c.-à-d éd art
    sr sra srta dña d ud uds pág núm p.ej ej aprox dcha izq tel s.a s.l
    jan feb apr jun jul aug sep sept oct okt nov dec dez
    г гг руб тыс млн млрд им ул др пр см напр т.е т.д т.п стр рис табл
"""
ABBREVIATIONS: Final = frozenset(_ABBREVIATIONS.split())
"""Words after which a full stop does not end a sentence, in lower case and without that stop."""

END: Final = re.compile(
    r"[.!?…։؟۔।॥]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+[”’」』）]*|\n\s*\n|\n(?=\s*(?:[-*•–·‣]|\d{1,3}[.)])\s)"
)
THAI: Final = re.compile("[\u0e00-\u0e7f]")
THAI_GAP: Final = re.compile("(?<=[\u0e00-\u0e7f])[ \u00a0]+(?=[\u0e00-\u0e7f])")
WORD_BEFORE: Final = re.compile(r"[^\s(\"'“„«»\[]+$")
ROW: Final = re.compile(r"\|.*\||\t")
LONGEST: Final = 1_200
"""Characters: what goes on longer without an end, as in a list of names, is cut at a space."""
SHORTEST_THAI: Final = 40
"""Characters: Thai ends a sentence with a space, but not every space ends one."""


@dataclass(frozen=True, slots=True)
class Span:
    """`start` and `end` are character offsets; neither edge is white space."""

    start: int
    end: int


def split(text: str) -> list[Span]:
    """The sentences of `text` in order; they neither overlap nor contain only white space."""
    spans: list[Span] = []
    for start, end in _paragraphs(text):
        if ROW.search(text, start, end):
            spans.extend(_lines(text, start, end))
        else:
            spans.extend(_sentences(text, start, end))
    return spans


def ends_sentence(text: str, match: re.Match[str]) -> bool:
    """Whether the stop that `END` found at `match` in `text` really ends a sentence."""
    stop = match[0]
    if not stop.startswith(".") or stop.startswith(".."):
        return True
    before = WORD_BEFORE.search(text, max(match.start() - 24, 0), match.start())
    word = before[0].lower() if before else ""
    after = text[match.end() : match.end() + 24].lstrip()
    if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
        # An abbreviation can still stand at the end; a new paragraph says so.
        return not after
    if word.isdigit() and len(word) <= 2:
        # `3. März`, and the number of a list.
        line = text.rfind("\n", 0, match.start()) + 1
        first = not text[line : match.start() - len(word)].strip()
        return not (first or (after[:1].isalpha() and _goes_on(after)))
    return not after[:1].islower()


_COUNTED: Final = """
januar jänner februar märz april mai juni juli august september oktober november dezember
jan feb mär apr jun jul aug sep okt nov dez jahrhundert jahrhunderts auflage stock obergeschoss
"""
COUNTED: Final = frozenset(_COUNTED.split())
"""German writes `am 3. März`, `im 19. Jahrhundert` and `die 2. Auflage`."""


def _goes_on(after: str) -> bool:
    word = re.match(r"\w+", after.lower())
    return bool(word) and (after[:1].islower() or (word is not None and word[0] in COUNTED))


def _paragraphs(text: str) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    at = 0
    for gap in re.finditer(r"\n\s*\n", text):
        parts.append((at, gap.start()))
        at = gap.end()
    parts.append((at, len(text)))
    return parts


def _lines(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    for line in re.finditer(r"[^\n]+", text[start:end]):
        _add(spans, text, start + line.start(), start + line.end())
    return spans


def _sentences(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    at = start
    for match in END.finditer(text, start, end):
        if ends_sentence(text, match):
            _add(spans, text, at, match.end())
            at = match.end()
    _add(spans, text, at, end)
    return [part for span in spans for part in _pieces(text, span)]


def _pieces(text: str, span: Span) -> list[Span]:
    pieces: list[Span] = []
    at = span.start
    if THAI.search(text, span.start, span.end):
        for gap in THAI_GAP.finditer(text, span.start, span.end):
            if gap.start() - at >= SHORTEST_THAI and span.end - gap.end() >= SHORTEST_THAI // 2:
                _add(pieces, text, at, gap.start())
                at = gap.end()
    while span.end - at > LONGEST:
        cut = max(text.rfind(mark, at + LONGEST // 2, at + LONGEST) for mark in " \n，、;；")
        cut = cut + 1 if cut > at else at + LONGEST
        _add(pieces, text, at, cut)
        at = cut
    _add(pieces, text, at, span.end)
    return pieces


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        spans.append(Span(start, end))
