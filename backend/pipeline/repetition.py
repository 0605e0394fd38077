"""An answer that goes in circles: small models write one sentence again and again until their window is full."""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.answer_sentences import AnswerSentences

PERIOD: Final = 4
"""Sentences that a circle has at most."""

SHORTEST: Final = 12
"""Letters of a sentence that counts: "Yes." may well stand in each line of a list."""

TAIL: Final = 80
"""Letters, for each time that a circle is let pass, of an end that is looked through for circles without sentences."""

WIDE: Final = "\u2e80"
"""From here on a letter says as much as two."""

LONGEST_BEAT: Final = 60
MARKS: Final = re.compile(r"[\W_]+")
NO_LETTERS: Final = re.compile(r"[\W\d_]+")


class Repetition:
    """Follows one answer. `most`: times that the same sentences may come one after the other."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sentences = AnswerSentences()
        self._said: list[str] = []
        self._end = ""
        self._fresh = 0

    def feed(self, piece: str) -> bool:
        """Whether the answer goes in circles by now. Code may: it is left out, as are lines without letters."""
        found = self._sentences.feed(piece)
        for sentence in found:
            letters = MARKS.sub(" ", sentence.text.lower()).strip()
            if sum(1 + (letter > WIDE) for letter in letters) >= SHORTEST:
                self._said.append(letters)
        if found:
            self._end, self._fresh = "", 0
        else:
            self._end += piece
            self._fresh += len(piece)
        if found and any(self._circles(period) for period in range(1, PERIOD + 1)):
            return True
        if self._fresh < TAIL:
            return False
        self._fresh = 0
        return self._beats()

    def _circles(self, period: int) -> bool:
        last = self._said[-period * self._most :]
        return len(last) == period * self._most and last == last[-period:] * self._most

    def _beats(self) -> bool:
        """Whether what has no end of a sentence yet is one beat after the other: *of the of the of the*."""
        tail = self._end[-TAIL * self._most :]
        if len(tail) < TAIL * self._most or self._sentences.in_code or len(NO_LETTERS.sub("", tail)) < len(tail) / 2:
            return False
        return any(tail[beat:] == tail[:-beat] for beat in range(1, LONGEST_BEAT + 1))
