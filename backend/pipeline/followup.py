"""A question that leans on the conversation → one that stands alone, in the conversation's own words, without a model.

"And the second one?" has no words to search by. The words that it lacks are those of the questions before it, so they
are put in front of it; the answer before lends its names and figures, which a pronoun mostly stands for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from backend.pipeline.function_words import FUNCTION_WORDS
from backend.pipeline.prompt import Turn
from backend.pipeline.terms import RUN, UNSPACED, guess_language

FEW_WORDS: Final = 3
"""Words of its own up to which a question is taken for incomplete, if something else says so too."""

MOST_LETTERS: Final = 300
"""Of what is put in front: more would outweigh the question itself."""

MOST_NAMES: Final = 6

LEANING: Final = {
    "english": "and or but it its he she him her his they them their this that these those one ones there then same "
    "other another second third first last former latter else also too more why",
    "german": "und oder aber er sie es ihn ihm ihr ihre sein seine deren dessen dies diese dieser dieses das dort dann "
    "denn zweite zweiten dritte dritten erste ersten letzte letzten andere anderen davon dazu daran darin auch warum",
    "french": "et ou mais il elle ils elles lui leur leurs son sa ses celui celle ceux celles cela ce cette ces y en "
    "deuxième troisième premier première dernier dernière autre autres aussi pourquoi",
    "spanish": "y o pero él ella ellos ellas le les su sus este esta esto ese esa eso estos estas aquel allí segundo "
    "segunda tercero tercera primero primera último última otro otra otros también",
    "italian": "e o ma lui lei loro suo sua questo questa quello quella secondo seconda terzo primo prima altro anche",
    "portuguese": "e ou mas ele ela eles elas seu sua este esta isso aquele segundo segunda terceiro primeiro outro",
    "russian": "и а но он она оно они его её ее их этот эта это эти тот та те там второй вторая второе третий первый "
    "последний другой тоже",
}
"""Words that point at what was said before. A question begins with one of them or is little else."""

LEANING_CHINESE: Final = re.compile("^(那|那么|还有|以及|它|他|她|这|第[一二三四五六七八九十])|(它|他|她|这个|那个|其)")

NAME: Final = re.compile(r"(?<![.!?…]\s)(?<!^)\b(?:[^\W\d_a-z][\w-]+(?: [^\W\d_a-z][\w-]+)*|\d[\d.,]*)")


def standing_alone(question: str, history: Sequence[Turn]) -> str:
    """The question itself where it needs nothing, else with what it lacks in front; for searching only.

    `history`: the oldest first.
    """
    asked = [turn.content for turn in history if turn.role == "user"]
    if not asked or not leans(question):
        return question
    lacking = [asked[-1]]
    # The question before leaned too: what it leaned on is meant still.
    if leans(asked[-1]) and len(asked) > 1:
        lacking.insert(0, asked[-2])
    said = next((turn.content for turn in reversed(history) if turn.role == "assistant"), "")
    known = {word.lower() for text in (*lacking, question) for word in RUN.findall(text)}
    names = [name for name in dict.fromkeys(NAME.findall(said)) if name.lower() not in known]
    front = " ".join(text.strip()[:MOST_LETTERS] for text in lacking)
    return " ".join([front, *names[:MOST_NAMES], question])


def leans(question: str) -> bool:
    """Whether it can hardly be understood without what was said before."""
    text = question.strip().lower()
    if UNSPACED.search(text):
        return bool(LEANING_CHINESE.search(text)) and len(text) <= 16
    words = RUN.findall(text)
    language = guess_language(text)
    pointing = set(LEANING.get(language, "").split()) | set(LEANING["english"].split())
    own = [word for word in words if word not in pointing and word not in FUNCTION_WORDS.get(language, ())]
    if not own:
        return True
    return len(own) <= FEW_WORDS and any(word in pointing for word in words)
