"""Whether a passage that a search found has anything to do with the question.

A ranking always has a first. Measured on XQuAD with 200 questions a language (en, de, zh, ru), asked of all passages
and of all but those of the article that answers: none of the first three is related for 0 to 1 % of the former, and for
.24, .18, .42 and .14 of the latter; a threshold that tells more of them apart loses answers. Where the embedder knows
the language (its weight tells), a near meaning speaks for a passage too. So nothing is called unrelated on a mere
suspicion, and what slips through is told by the proof of each sentence.
"""

from __future__ import annotations

import re
from typing import Final

from backend.pipeline.terms import letters

LEAST_WORDS: Final = 0.15
MANY: Final = 200
"""Passages from which on their words tell which words are rare. Of fewer, one word in common relates them."""

NEAR: Final = 0.35
"""Cosine above the collection's mean. On XQuAD in English 95 of 100 questions come nearer to their answer."""

KNOWS: Final = 0.15
"""Weight of meaning from which on it is believed: .30 in English, .08 in German, .01 in Russian."""

# Words that speak of the documents rather than of what stands in them, by how they begin.
OWN_WORDS: Final = re.compile(
    r"\b(document|docs?\b|files?\b|pdf|summar|overview|gist\b|main point|"
    r"dokument|datei|unterlage|zusammenfass|überblick|inhalt|"
    r"fichier|résum|resum|aperçu|contenu|archivo|fichero|"
    r"документ|файл|обзор|кратко)|文档|文件|总结|概括|摘要|概述|資料|要約|まとめ"
)


def is_related(words: float, meaning: float, weight: float, passages: int) -> bool:
    """words: 0 to 1, what the lexical signals reach; meaning: cosine less the collection's mean; weight: of meaning in
    the question's language, 0 to 1; passages: of the collection.
    """
    least = LEAST_WORDS if passages >= MANY else 0.0
    return words > least or (weight >= KNOWS and meaning >= NEAR)


def speaks_of_documents(question: str) -> bool:
    """Such as "Summarise this file": its words need not stand in the documents."""
    return bool(OWN_WORDS.search(letters(question)))
