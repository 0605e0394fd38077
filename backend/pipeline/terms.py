"""Text → the words that the full-text index knows: lower case, stemmed, scripts without spaces as pairs of letters.

One index serves all languages because words are stemmed before they reach it. Passage and question go through the same
function; where their language is guessed differently they still share every word that no stemmer changes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

from backend.pipeline.function_words import FUNCTION_WORDS

WORD = re.compile(r"[^\W_]+(?:[.,'’][^\W_]+)*")
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f]+"
)
"""Thai, Lao, Burmese, Khmer, kana and Chinese characters."""

SPLIT = re.compile(r"[.,'’]")

SCRIPTS: Final = (
    (re.compile("[\u0400-\u04ff]"), "russian"),
    (re.compile("[\u0370-\u03ff]"), "greek"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0900-\u097f]"), "hindi"),
    (re.compile("[\u0b80-\u0bff]"), "tamil"),
)
GUESS_FROM: Final = 2000
"""Letters of a text that its language is guessed from."""


def terms(text: str) -> list[str]:
    """The terms of `text` in order, function words left out, unless it has no others."""
    text = unicodedata.normalize("NFKC", text).lower()
    language = guess_language(text)
    skipped = FUNCTION_WORDS.get(language, frozenset())
    words = [word for match in WORD.finditer(text) for word in _parts(match[0])]
    found: list[str] = []
    for word in words:
        if word not in skipped:
            found.extend(_forms(word, language))
    return found or [form for word in words for form in _forms(word, language)]


def guess_language(text: str) -> str:
    """A Snowball language name, by script and function words; English where nothing tells."""
    sample = text[:GUESS_FROM]
    for letters, language in SCRIPTS:
        if 3 * len(letters.findall(sample)) > len(sample):
            return language
    # Each word once: a text on Los Angeles is not Spanish.
    words = set(re.findall(r"[^\W\d_]+", sample))
    counts = {language: len(words & known) for language, known in FUNCTION_WORDS.items()}
    # The first of equals: English.
    return max(counts, key=lambda language: counts[language])


def _parts(word: str) -> list[str]:
    """`3,000.50` and `e.g` stay whole and are found by their parts too; `l'eau` is two words."""
    if not SPLIT.search(word):
        return [word]
    parts = [part for part in SPLIT.split(word) if part]
    return [word, *parts] if any(letter.isdigit() for letter in word) else parts


def _forms(word: str, language: str) -> list[str]:
    if not UNSPACED.search(word):
        return [_stem(word, language)]
    forms: list[str] = []
    at = 0
    for match in UNSPACED.finditer(word):
        if match.start() > at:
            forms.append(_stem(word[at : match.start()], language))
        run = match[0]
        forms.extend(run[first : first + 2] for first in range(max(len(run) - 1, 1)))
        at = match.end()
    if at < len(word):
        forms.append(_stem(word[at:], language))
    return forms


@lru_cache(maxsize=65_536)
def _stem(word: str, language: str) -> str:
    stem: str = _stemmer(language).stemWord(word)
    # Accents last: the stemmers need them, people leave them out.
    return "".join(letter for letter in unicodedata.normalize("NFD", stem) if not unicodedata.combining(letter))


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    from snowballstemmer import stemmer

    return stemmer(language)
