"""Text → its words for alignment: stems, names, clauses and negators; runs without spaces as pairs of characters."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from backend.pipeline.function_words import FUNCTION_WORDS
from backend.pipeline.proof.identifiers import names
from backend.pipeline.proof.lexicon import (
    BREAKS,
    NEGATING,
    NEGATING_UNSPACED,
    NEGATORS,
    NEGATORS_UNSPACED,
    NOT_DENYING,
    NOT_NEGATING_UNSPACED,
)
from backend.pipeline.proof.number import IDENTIFIER, Number
from backend.pipeline.proof.numbers import numbers

TOKEN: Final = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*|[,;:，；：、。.!?！？()（）—–]")
UNSPACED: Final = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
UNSPACED_FUNCTION: Final = frozenset(
    "的了是在和与及或也都而且就为于以之其这那由到从被把将会还又很每个则并等所该此地得着过内中上下"
)
ELISION: Final = re.compile(r"^(?:[ldjmnstcLDJMNSTC]|qu|Qu|jusqu|lorsqu)[’']")
SHORTENED: Final = re.compile(r"(?:^|[\s(])(?:Dr|Prof|Mr|Mrs|Ms|St|Sr|Sra|Hr|Fr|No|Nr|Art|Abs|approx|ca|z|[A-Z])$")
"""A stop behind it ends nothing: *Dr. Nordhoff*."""
CLAUSE_MARKS: Final = frozenset(",;:，；：。.!?！？()（）—–")
_FURTHER: Final = """
    its it's he she her his him them those these which who whom whose been being would could should may might must
    shall can
    into onto over under than then so such only also just very own same too more most any some no nor per upon
    within until
    beim zum zur vom ins am im wurde wurden werden worden kann können muss müssen soll sollen darf dürfen mag seit
    sowie dass
    daß zwar dabei dazu dafür damit hier dort
    lui leurs cela celui celle ceux celles dont où y en aussi très peut peuvent doit doivent fait faire même si
    mr mrs ms herr herrn frau mme monsieur madame señor señora sr sra don doña
    le les la lo del al ese esa eso esos esas aquel puede pueden debe deben ser estar hay han sido muy ya
"""
FUNCTION: Final = frozenset().union(*FUNCTION_WORDS.values()) | frozenset(_FURTHER.split()) | BREAKS
"""Left out of the comparison."""


@dataclass(frozen=True, slots=True)
class Word:
    """A content word. `stem` is what counts as the same word; `clause` counts the clauses of its text from 0."""

    start: int
    end: int
    lower: str
    stem: str
    clause: int
    name: bool = False
    unspaced: bool = False
    denied: bool = False
    """A negator stands in its clause, near by."""
    denied_loosely: bool = False
    """The same, or a word that denies without being one: forbidden, except."""


@dataclass(frozen=True, slots=True)
class Denier:
    """A word that denies: where it stands, in which clause, and whether it is a negator proper."""

    at: int
    clause: int
    strict: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, for comparison. `negated`, `negating`: negators of each clause, strict and lenient."""

    words: tuple[Word, ...]
    numbers: tuple[Number, ...]
    negated: tuple[int, ...]
    negating: tuple[int, ...]
    lowers: frozenset[str]
    text: str
    clause_starts: tuple[int, ...] = (0,)

    def clause_at(self, place: int) -> int:
        """Which clause the character at `place` is in."""
        return bisect_right(self.clause_starts, place) - 1


def read(text: str, language: str, known: frozenset[str] = frozenset()) -> Reading:
    """`language`: a Snowball name; what it does not know is stemmed as English. `known`: figures that are names, which
    are read as words."""
    reader = _Reader(text, language, known)
    for match in TOKEN.finditer(text):
        reader.take(match)
    return reader.reading()


class _Reader:
    """Goes through the pieces of a text from left to right, and counts clauses and negators."""

    def __init__(self, text: str, language: str, known: frozenset[str]) -> None:
        self._text = text
        self._language = language
        self._figures = [_as_name(number) if names(text, number, known) else number for number in numbers(text)]
        self._covered = bytearray(len(text))
        for number in self._figures:
            self._covered[number.start : number.end] = b"\1" * (number.end - number.start)
        self._named = {number.start: number for number in self._figures if number.kind == IDENTIFIER}
        self._words: list[Word] = []
        self._negated = [0]
        self._negating = [0]
        self._lowers: set[str] = set()
        self._deniers: list[Denier] = []
        self._clause_starts = [0]
        self._idle = [match.span() for match in NOT_DENYING.finditer(text)]
        self._titled = False
        self._begins = True
        self._clause_words = 0

    def take(self, match: re.Match[str]) -> None:
        piece = match[0]
        if piece == "." and SHORTENED.search(self._text[max(match.start() - 6, 0) : match.start()]):
            return
        if piece in CLAUSE_MARKS or piece == "、":
            if piece != "、" and self._clause_words:
                self._new_clause(match.end())
            self._begins = piece in ".!?。！？"
            return
        if match.start() in self._named:
            self._take_identifier(self._named[match.start()])
        if self._covered[match.start()] and not UNSPACED.search(piece):
            self._clause_words += 1
        elif UNSPACED.search(piece):
            self._take_unspaced(match)
        else:
            self._take_word(match)
        self._begins = False

    def reading(self) -> Reading:
        # French and Spanish deny in two words: `ne … pas`, `no … ninguno`.
        denied = [min(count, 1) for count in self._negated]
        return Reading(
            tuple(_with_denial(self._words, self._deniers)),
            tuple(self._figures),
            tuple(denied),
            tuple(count + strict for count, strict in zip(self._negating, denied, strict=True)),
            frozenset(self._lowers),
            self._text,
            tuple(self._clause_starts),
        )

    @property
    def _clause(self) -> int:
        return len(self._negated) - 1

    def _new_clause(self, start: int) -> None:
        self._clause_starts.append(start)
        self._negated.append(0)
        self._negating.append(0)
        self._clause_words = 0

    def _deny(self, at: int, *, strict: bool) -> None:
        if any(start <= at < end for start, end in self._idle):
            return
        (self._negated if strict else self._negating)[-1] += 1
        self._deniers.append(Denier(at, self._clause, strict))

    def _take_identifier(self, number: Number) -> None:
        figure = self._text[number.start : number.end]
        self._lowers.add(figure)
        self._words.append(Word(number.start, number.end, figure, figure, self._clause, name=True))

    def _take_unspaced(self, match: re.Match[str]) -> None:
        found = _unspaced(self._text, match.start(), match.end(), self._clause, self._covered)
        self._words.extend(found)
        for start, number in self._named.items():
            if match.start() < start < match.end():
                self._take_identifier(number)
        for at, strict in _unspaced_denials(match[0]):
            self._deny(match.start() + at, strict=strict)
        self._lowers.update(word.lower for word in found)
        self._clause_words += len(found)

    def _take_word(self, match: re.Match[str]) -> None:
        word, start = match[0], match.start()
        if elision := ELISION.match(word):
            if elision[0][0] in "nN":
                self._deny(start, strict=True)
            start += elision.end()
            word = word[elision.end() :]
        lower = word.lower()
        self._lowers.add(lower)
        if lower in BREAKS and self._clause_words > 2:
            self._new_clause(start)
        self._clause_words += 1
        if lower in NEGATORS or lower.endswith("n't"):
            self._deny(start, strict=True)
        elif lower in NEGATING or lower in PREFIXED:
            self._deny(start, strict=False)
        # *Class A* and *code E*: a letter that stands for something.
        lone = len(word) == 1 and word.isupper() and word != "I" and not self._begins
        if lone or (lower not in FUNCTION and lower not in NEGATORS and len(word) > int(word.islower())):
            name = word[0].isupper() and not self._begins
            if self._language == "german":
                # Every noun has a capital: a name follows a title or another word with one.
                name = word[0].isupper() and (self._titled or _after_capital(self._text, start))
            self._words.append(Word(start, match.end(), lower, stem(lower, self._language), self._clause, name=name))
        self._titled = lower in TITLES or (self._titled and word[0].isupper())


def _as_name(number: Number) -> Number:
    return replace(number, kind=IDENTIFIER, amount=number.values, weak=True)


TITLES: Final = frozenset(
    {"herr", "herrn", "frau", "dr", "prof", "firma", "graf", "bischof", "professor", "pfarrerin", "baumeister"}
)
DENIALS_UNSPACED: Final = re.compile("|".join((*NEGATORS_UNSPACED, *NEGATING_UNSPACED)))
DENIED_WITHIN: Final = 45
DENIED_WITHIN_UNSPACED: Final = 7
"""Characters between a negator and what it denies."""


def _after_capital(text: str, start: int) -> bool:
    before = re.search(r"([^\W\d_]+)[ -]$", text[max(start - 24, 0) : start])
    if not before or len(before[1]) < 3:
        return False
    return before[1][0].isupper() and before[1].lower() not in FUNCTION


def _reaches(denier: Denier, word: Word) -> bool:
    gap = word.start - denier.at
    return 0 <= gap < DENIED_WITHIN_UNSPACED if word.unspaced else abs(gap) < DENIED_WITHIN


def _with_denial(words: list[Word], deniers: list[Denier]) -> list[Word]:
    if not deniers:
        return words
    result = []
    for word in words:
        near = [denier.strict for denier in deniers if denier.clause == word.clause and _reaches(denier, word)]
        result.append(replace(word, denied=any(near), denied_loosely=True) if near else word)
    return result


def _unspaced_denials(run: str) -> list[tuple[int, bool]]:
    """Where `run` denies, and whether by a negator proper."""
    for phrase in NOT_NEGATING_UNSPACED:
        run = run.replace(phrase, " " * len(phrase))
    return [(match.start(), match[0] in NEGATORS_UNSPACED) for match in DENIALS_UNSPACED.finditer(run)]


_PREFIXED: Final = """
    unable unaffected unchanged unlike unlocked unavailable unused unfit unsuitable invalid impossible unlawful
    incomplete " "unnötig unverändert unbesetzt unzulässig unmöglich unbefristet inutile impossible inchangé
    inchangée imposible
"""
PREFIXED: Final = frozenset(_PREFIXED.split())


def _unspaced(text: str, start: int, end: int, clause: int, covered: bytearray) -> list[Word]:
    """Pairs of neighbouring characters between function characters; one that stands alone is a word by itself."""
    words: list[Word] = []
    runs: list[tuple[int, int]] = []
    at = start
    for place in range(start, end + 1):
        stop = (
            place == end or text[place] in UNSPACED_FUNCTION or bool(covered[place]) or not UNSPACED.match(text[place])
        )
        if stop:
            if place > at:
                runs.append((at, place))
            at = place + 1
    for first, last in runs:
        if last - first == 1:
            words.append(Word(first, last, text[first], text[first], clause, unspaced=True))
        for place in range(first, last - 1):
            pair = text[place : place + 2]
            words.append(Word(place, place + 2, pair, pair, clause, unspaced=True))
    for latin in re.finditer(r"[A-Za-z][A-Za-z0-9]*", text[start:end]):
        lower = latin[0].lower()
        words.append(Word(start + latin.start(), start + latin.end(), lower, lower, clause, name=True))
    return words


@lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """Snowball's stem without accents; `word` is in lower case."""
    stemmed: str = _stemmer(language).stemWord(word)
    return fold(stemmed)


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    if word.isascii():
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


@lru_cache(maxsize=16)
def _stemmer(language: str) -> Any:
    from snowballstemmer import algorithms, stemmer

    # A Latin name in a text without spaces.
    return stemmer(language if language in algorithms() else "english")


def alike(word: str, other: str) -> float:
    """0 to 1: how much two stems look alike, by a common beginning or as part of a compound."""
    if word == other:
        return 1.0
    shorter, longer = (word, other) if len(word) < len(other) else (other, word)
    if len(shorter) < 4 or shorter.isdigit() or longer.isdigit():
        return 0.0
    same = 0
    for mine, theirs in zip(shorter, longer, strict=False):
        if mine != theirs:
            break
        same += 1
    if same >= 4 and same >= 0.6 * len(longer):
        return 0.85
    if len(shorter) >= 5 and shorter in longer:
        return 0.7
    if same >= 5:
        return 0.5
    return 0.0
