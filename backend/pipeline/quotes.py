"""The one or three sentences of the passages that answer a question, word for word, within milliseconds.

A sentence is scored by the share of the question's rare words that stand in it, in the one before (twice as much
behind a pronoun) and in the one after, by how many of the question's words it has with the same ending, by its
passage's own score, and by whether it holds what the question asks for (a number, a date, a name). The embedder,
where one is given, orders the best few again: it costs more than all the rest, and of languages that it does not know
it is given no say.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backend.pipeline.function_words import FUNCTION_WORDS
from backend.pipeline.sentences import Span, split
from backend.pipeline.terms import guess_language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]

SHOWN: Final = 3
SURE: Final = 0.75
"""Margin of the best over the second from which one quote is enough: on the labelled sets it is then right for .94."""

FOUND_TWICE: Final = 0.16
FOUND_BY_BOTH: Final = 0.3
SAME_ENDING: Final = 0.56
PREVIOUS: Final = 0.41
POINTS_BACK: Final = 0.36
NEXT: Final = 0.25
OPENING: Final = 0.22
COVERED: Final = 0.2
SEARCHED: Final = 0.9
FIRST: Final = 0.3
ASKED_FOR: Final = 0.41
ASKED_AND_FOUND: Final = 0.14
ASKED_LENGTH: Final = -0.08
"""Weights beside the 1 of the share found: a conditional logit over the labelled questions of four languages. Fitted on
any three of them they rank the fourth within .004 of this. What was tried and added nothing: words in the same order,
words near each other, the sentence's length, its place in the passage, the sentence before the last, the rarest words
alone, figures and names that nobody asked for."""

MOST: Final = 4.0
"""Of a sentence that has all that was asked for."""

MEANING: Final = 1.5
RERANKED: Final = 5
UNSURE: Final = 0.6
"""Margin above which the embedder is not asked: the best is right for .9 without it."""
STEM: Final = 5
"""The first characters of a word: they serve as well as Snowball's stems in the languages that were measured."""

WORD: Final = re.compile(r"[^\W_]+")
UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
FIGURE: Final = re.compile(r"\d+|[一二两三四五六七八九十百千万]+[年月日个人名次元倍种位座岁天场届]")
NAME: Final = re.compile(r"(?<=[\w,;:] )[A-ZÀ-ÞА-Я][\w’'-]+|[·•][\u4e00-\u9fff]+|[\u4e00-\u9fff]+[·•]")
YEAR: Final = re.compile(r"(?<!\d)1\d{3}(?!\d)|(?<!\d)20\d\d(?!\d)|[一二三四五六七八九〇零\d]+年|世纪|\d月")
_NUMBER_WORDS: Final = """
one two three four five six seven eight nine ten eleven twelve hundred thousand million half
zwei drei vier fünf sechs sieben acht neun zehn hundert tausend percent prozent
deux trois quatre cinq sept huit neuf dix dos tres cuatro cinco seis siete ocho nueve diez
два две три четыре пять шесть семь восемь девять десять
"""
NUMBER_WORD: Final = re.compile(rf"\b(?:{'|'.join(_NUMBER_WORDS.split())})\b", re.IGNORECASE)
POINTS: Final = re.compile(
    r"\W*(?:(?:he|she|it|they|his|her|its|their|this|these|that|those|such|there|the latter"
    r"|er|sie|es|dies\w*|sein\w*|ihr\w*|dort|dabei|il|elle|ils|elles|ce|cette|ces|él|ella|ellos|ellas|este|esta|esto"
    r"|он|она|оно|они|его|её|их|это\w*|эти\w*|там|такой)\b|[他她它这那该其此])",
    re.IGNORECASE,
)
"""A beginning that points to what was said before."""

ASKS_NUMBER: Final = re.compile(
    r"\bhow (?:many|much|long|far|old|often|high|tall|large|big|deep|fast)\b"
    r"|\bwhat (?:percent|percentage|number|amount|score|fraction)"
    r"|\bwie ?(?:viele?|lange?|hoch|groß|alt|oft|weit|schnell|tief)\b|\bcombien\b|\bcuánt[oa]s?\b"
    r"|сколько|как (?:долго|часто|далеко)|какой процент|多少|几|多长|多大|多远|多高|多久",
    re.IGNORECASE,
)
ASKS_TIME: Final = re.compile(
    r"\bwhen\b|\b(?:what|which|in what) (?:year|date|day|month|century|decade)"
    r"|\bwann\b|\bwelche[smn]? (?:jahr|datum|tag|monat|jahrhundert)|\bquand\b|\bquelle (?:année|date)"
    r"|\bcuándo\b|\bqué (?:año|fecha|día)|когда|как(?:ом|ой) году|什么时候|何时|哪一?年|哪天|几月",
    re.IGNORECASE,
)
ASKS_NAME: Final = re.compile(
    r"\bwho(?:m|se)?\b|\bwhere\b|\b(?:what|which) (?:city|country|state|person|team|company|name)"
    r"|\bwer\b|\bwem\b|\bwen\b|\bwo\b|\bwelche[srnm]? (?:stadt|land|person|team)|\bqui\b|\boù\b"
    r"|\bquién(?:es)?\b|\bdónde\b|\bкто\b|\bгде\b|谁|哪里|哪个|何处|哪位",
    re.IGNORECASE,
)
FUNCTION: Final = frozenset().union(*FUNCTION_WORDS.values())


@dataclass(frozen=True, slots=True)
class Quote:
    """`text` is `passages[passage][start:end]`, character for character. `score` orders those of one question."""

    passage: int
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Quotes:
    """The best first: one where its `margin` over the second is large, else up to three. `confidence`: 0 to 1."""

    quotes: tuple[Quote, ...]
    margin: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int
    span: Span
    text: str
    terms: frozenset[str]


def quotes(
    question: str,
    passages: Sequence[str],
    scores: Sequence[float] | None = None,
    embed: Embed | None = None,
) -> Quotes:
    """`passages`: the best of the search, best first; `scores`: theirs, if known. `embed`: texts → normalised vectors.

    No passages, or a question that shares nothing with them: no quotes.
    """
    ranked = rank(question, passages, scores, embed)
    if not ranked:
        return Quotes((), 0.0, 0.0)
    margin = ranked[0].score - ranked[1].score if len(ranked) > 1 else SURE
    shown = ranked[:1] if margin >= SURE else ranked[:SHOWN]
    return Quotes(tuple(shown), margin, confidence(margin))


def confidence(margin: float) -> float:
    """Share of questions whose first quote holds the answer at this margin, as measured on the labelled sets."""
    return min(1 - 0.58 * math.exp(-1.9 * max(margin, 0.0)), 0.97)


def rank(
    question: str,
    passages: Sequence[str],
    scores: Sequence[float] | None = None,
    embed: Embed | None = None,
) -> list[Quote]:
    """Every sentence that shares a word with the question, the best first."""
    result = sorted(_scored(question, passages, scores), key=lambda pair: -pair[0])
    if embed is not None and len(result) > 1:
        result = _by_meaning(question, result, embed)
    return [
        Quote(sentence.passage, sentence.span.start, sentence.span.end, sentence.text, score)
        for score, sentence in result
    ]


def answering(question: str, passages: Sequence[str]) -> list[float]:
    """Of each passage, how well its best sentence answers, whatever its place among them: 0, seldom more than MOST."""
    best = [0.0] * len(passages)
    for score, sentence in _scored(question, passages, None):
        best[sentence.passage] = max(best[sentence.passage], score - FIRST * (sentence.passage == 0))
    return best


def _scored(question: str, passages: Sequence[str], scores: Sequence[float] | None) -> list[tuple[float, _Sentence]]:
    sentences = _read(passages)
    asked = _terms(question)
    if not sentences or not asked:
        return []
    weights = _weights(asked, sentences)
    total = sum(weights.values()) or 1.0
    found = [sum(weights[term] for term in asked if term in sentence.terms) / total for sentence in sentences]
    wants = _wants(question)
    spelled = _spelled(question)
    worth = _passage_worth(passages, scores, weights, total, sentences)
    result: list[tuple[float, _Sentence]] = []
    opening: dict[int, float] = {}
    for at, sentence in enumerate(sentences):
        share = found[at]
        first = opening.setdefault(sentence.passage, share)
        before = _only_in(sentences, at, at - 1, weights) / total
        after = _only_in(sentences, at, at + 1, weights) / total
        if not (share or before or after):
            continue
        covered, searched = worth[sentence.passage]
        score = share * (1 + FOUND_TWICE * share + FOUND_BY_BOTH * covered)
        score += PREVIOUS * before + NEXT * after + OPENING * first + COVERED * covered + SEARCHED * searched
        score += FIRST * (sentence.passage == 0)
        if before and POINTS.match(sentence.text):
            score += POINTS_BACK * before
        if spelled:
            score += SAME_ENDING * len(spelled & _words(sentence.text)) / len(spelled)
        if wants:
            score += ASKED_LENGTH * math.log1p(len(sentence.terms))
            score += (ASKED_FOR + ASKED_AND_FOUND * share) * _has_wanted(wants, sentence, question)
        result.append((score, sentence))
    return result


def _read(passages: Sequence[str]) -> list[_Sentence]:
    sentences = []
    for number, passage in enumerate(passages):
        for span in split(passage):
            text = passage[span.start : span.end]
            sentences.append(_Sentence(number, span, text, frozenset(_terms(text))))
    return sentences


def _terms(text: str) -> list[str]:
    """First characters of words without accents; pairs and triples of characters where there are no spaces."""
    text = unicodedata.normalize("NFKC", text).lower()
    terms: list[str] = []
    kept: list[str] = []
    for match in WORD.finditer(text):
        word = match[0]
        if UNSPACED.search(word):
            for run in UNSPACED.finditer(word):
                terms.extend(_pairs(run[0]))
            rest = UNSPACED.sub("", word)
            if rest:
                terms.append(rest[:STEM])
        else:
            kept.append(word)
            if word not in FUNCTION:
                terms.append(_plain(word)[:STEM])
    return terms or [_plain(word)[:STEM] for word in kept]


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    return [run[at : at + size] for size in (2, 3) for at in range(len(run) - size + 1)]


def _plain(word: str) -> str:
    if word.isascii():
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def _weights(asked: Sequence[str], sentences: Sequence[_Sentence]) -> dict[str, float]:
    """Inverse frequency over the sentences at hand; what none of them has does not weigh more than the rarest."""
    count = len(sentences)
    weights = {}
    for term in set(asked):
        frequency = sum(term in sentence.terms for sentence in sentences)
        weights[term] = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5)) if frequency else 0.0
    return weights


def _only_in(sentences: Sequence[_Sentence], at: int, neighbour: int, weights: dict[str, float]) -> float:
    """What the neighbour has of the question and the sentence has not."""
    if not 0 <= neighbour < len(sentences) or sentences[neighbour].passage != sentences[at].passage:
        return 0.0
    mine, theirs = sentences[at].terms, sentences[neighbour].terms
    return sum(weight for term, weight in weights.items() if term in theirs and term not in mine)


def _passage_worth(
    passages: Sequence[str],
    scores: Sequence[float] | None,
    weights: dict[str, float],
    total: float,
    sentences: Sequence[_Sentence],
) -> list[tuple[float, float]]:
    """Of each passage: the share of the question that it has, and the search's score against the best, 0 to 1."""
    terms: list[set[str]] = [set() for _ in passages]
    for sentence in sentences:
        terms[sentence.passage].update(sentence.terms)
    covered = [sum(weight for term, weight in weights.items() if term in own) / total for own in terms]
    if scores is None:
        return [(share, share) for share in covered]
    best = max(*scores, 1e-9)
    return [(share, max(score, 0.0) / best) for share, score in zip(covered, scores, strict=True)]


def _wants(question: str) -> list[re.Pattern[str]]:
    if ASKS_TIME.search(question):
        return [YEAR, FIGURE]
    if ASKS_NUMBER.search(question):
        return [FIGURE, NUMBER_WORD]
    if ASKS_NAME.search(question):
        return [NAME]
    return []


def _has_wanted(wants: Sequence[re.Pattern[str]], sentence: _Sentence, question: str) -> float:
    return float(any(match[0] not in question for pattern in wants for match in pattern.finditer(sentence.text)))


def _words(text: str) -> set[str]:
    return set(WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def _spelled(question: str) -> set[str]:
    """The question's words as they are written; those of scripts without spaces have no endings."""
    return {word for word in _words(question) if word not in FUNCTION and not UNSPACED.search(word)}


def _by_meaning(question: str, ranked: list[tuple[float, _Sentence]], embed: Embed) -> list[tuple[float, _Sentence]]:
    """The best few in a new order, where the embedder knows the language; the rest stays below them."""
    if ranked[0][0] - ranked[1][0] > UNSURE or guess_language(question.lower()) != "english":
        return ranked
    few = ranked[:RERANKED]
    # One by one: padded to the longest of them they take half as long again, and int8 rounds each by its neighbours.
    asked, *vectors = [embed([text])[0] for text in (question, *(sentence.text for _, sentence in few))]
    cosines = [vector @ asked for vector in vectors]
    again = sorted(
        ((score + MEANING * float(cosine), sentence) for (score, sentence), cosine in zip(few, cosines, strict=True)),
        key=lambda pair: -pair[0],
    )
    floor = again[-1][0] - few[-1][0]
    return [*again, *((score + min(floor, 0.0), sentence) for score, sentence in ranked[RERANKED:])]
