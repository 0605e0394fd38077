"""Text → the words that the full-text index knows: lower case, stemmed, scripts without spaces as pairs of letters.

One index serves all languages because words are stemmed before they reach it. Passage and question go through the same
function; where their language is guessed differently they still share every word that no stemmer changes. `letters` and
`grams` are the same text seen without stems: as runs of characters, which forgive endings, compounds and misspellings.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

from backend.pipeline.function_words import FUNCTION_WORDS

VERSION: Final = 3
"""Raised whenever `terms` gives other words for the same text: what was indexed before is then indexed anew."""

MARKS: Final = (
    "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece"
    "\u102b-\u103e\u17b4-\u17d3"
)
"""Signs that stand over, under and beside letters and belong to their word: Python's `\\w` leaves most of them out."""

WORD = re.compile(rf"[\w{MARKS}]+(?:[.,'’][\w{MARKS}]+)*")
RUN = re.compile(rf"[\w{MARKS}]+")
ASCII: Final = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f]+"
)
"""Thai, Lao, Burmese, Khmer, kana and Chinese characters; and Hangul, whose words have spaces between them and end in
particles, so that pairs find what whole words do not."""

HANGUL = re.compile("[\uac00-\ud7af]")
UNSTEMMED: Final = frozenset({"unspaced", "korean", "vietnamese"})
"""Languages that Snowball has no stemmer for; the English one takes the English words in them."""

GRAM: Final = 4
"""Characters of a gram: 3, 5, 6 and mixtures of them found no more on the labelled sets."""

POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
"""English, and in no list of its function words: alone, `s` is Czech."""

SPLIT = re.compile(r"[.,'’]")

SCRIPTS: Final = (
    (re.compile("[\u0400-\u04ff]"), "russian"),
    (re.compile("[\u0370-\u03ff]"), "greek"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0900-\u097f]"), "hindi"),
    (re.compile("[\u0b80-\u0bff]"), "tamil"),
    (HANGUL, "korean"),
)
GUESS_FROM: Final = 2000
"""Letters of a text that its language is guessed from."""


def terms(text: str) -> list[str]:
    """The terms of `text` in order, function words left out, unless it has no others."""
    text = unicodedata.normalize("NFKC", text).lower().replace("_", " ")
    language = guess_language(text)
    skipped = FUNCTION_WORDS.get(language, frozenset())
    words: list[str] = []
    for word in WORD.findall(text):
        if word.isalnum():  # the most, and without what `_parts` would look for
            words.append(word)
        else:
            words.extend(_parts(word))
    found: list[str] = []
    for word in words:
        if word in skipped:
            continue
        if word.isascii():
            found.append(_stem(word, language))
        else:
            found.extend(_forms(word, language))
    return found or [form for word in words for form in _forms(word, language)]


def guess_language(text: str) -> str:
    """A Snowball language name or one of UNSTEMMED, by script and function words; English where nothing tells."""
    sample = text[:GUESS_FROM].lower()
    if not sample.isascii():
        for letters, language in SCRIPTS:
            if 3 * len(letters.findall(sample)) > len(sample):
                return language
        if 3 * sum(map(len, UNSPACED.findall(sample))) > len(sample):
            return "unspaced"
    # Each word once: a text on Los Angeles is not Spanish.
    words = set(RUN.findall(POSSESSIVE.sub(" ", sample)))
    counts = {language: len(words & known) for language, known in FUNCTION_WORDS.items()}
    # The first of equals: English.
    return max(counts, key=lambda language: counts[language])


def letters(text: str) -> str:
    """`text` as one line of lower-case words, a space before, between and after them: what grams are taken from."""
    if text.isascii():  # the same in a sixth of the time
        return f" {' '.join(text.translate(ASCII).split())} "
    return f" {' '.join(RUN.findall(unicodedata.normalize('NFKC', text).lower().replace('_', ' ')))} "


def grams(line: str) -> list[str]:
    """The grams of a line of `letters`: four characters, spaces too; one and two of a script without spaces."""
    if line.isascii() or not UNSPACED.search(line):
        return [line[first : first + GRAM] for first in range(len(line) - GRAM + 1)]
    found: list[str] = []
    at = 0
    for match in UNSPACED.finditer(line):
        before, run = line[at : match.start()], match[0]
        found.extend(before[first : first + GRAM] for first in range(len(before) - GRAM + 1))
        found.extend(run)
        found.extend(run[first : first + 2] for first in range(len(run) - 1))
        at = match.end()
    after = line[at:]
    found.extend(after[first : first + GRAM] for first in range(len(after) - GRAM + 1))
    return found


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

    return stemmer("english" if language in UNSTEMMED else language)
