"""Plain text and streamed Markdown into sentences."""

from __future__ import annotations

import pytest

from backend.pipeline.answer_sentences import AnswerSentence, AnswerSentences
from backend.pipeline.sentences import split


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It costs 3.50 euros, e.g. for Mr. Smith. Next.", ["It costs 3.50 euros, e.g. for Mr. Smith.", "Next."]),
        ("Am 3. März kam Dr. Voß. Er ging.", ["Am 3. März kam Dr. Voß.", "Er ging."]),
        ("试用期三个月。月薪一万元！工作地点为苏州？", ["试用期三个月。", "月薪一万元！", "工作地点为苏州？"]),
        ("東京は首都です。大阪は違います。", ["東京は首都です。", "大阪は違います。"]),
        ("- first point\n- second point", ["- first point", "- second point"]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("No end", ["No end"]),
        ("  \n ", []),
    ],
)
def test_a_text_is_split_where_its_sentences_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_thai_is_split_at_spaces_that_are_far_apart() -> None:
    first, second = "กรุงเทพมหานครเป็นเมืองหลวงและนครที่มีประชากรมากที่สุดของประเทศไทย", "เป็นศูนย์กลางการปกครองการศึกษาการคมนาคม"
    assert sentences(f"{first} {second}") == [first, second]


def test_what_never_ends_is_cut() -> None:
    assert max(len(part) for part in sentences("word " * 2_000)) <= 1_200


ANSWER = """# A heading.
The rent is £1,850 a month [1]. It is due on the 3. of each month, e.g. by Mr. Smith. [2][3] And so on

- **First** point ends here. [1]
1. numbered one. More text!

```py
x = 1. y = 2.
```
$$
a = 1. b
$$
| a | b |
|---|---|
| Rent | 1,850 [2] |

试用期三个月。[1]月薪为一万二千元。
The value is 3.5 m"""
EXPECTED = [
    ("The rent is £1,850 a month [1].", "The rent is £1,850 a month.", (1,)),
    (
        "It is due on the 3. of each month, e.g. by Mr. Smith.",
        "It is due on the 3. of each month, e.g. by Mr. Smith.",
        (2, 3),
    ),
    ("And so on", "And so on", ()),
    ("**First** point ends here.", "First point ends here.", (1,)),
    ("numbered one.", "numbered one.", ()),
    ("More text!", "More text!", ()),
    ("| Rent | 1,850 [2] |", "Rent ; 1,850", (2,)),
    ("试用期三个月。", "试用期三个月。", (1,)),
    ("月薪为一万二千元。", "月薪为一万二千元。", ()),
    ("The value is 3.5 m", "The value is 3.5 m", ()),
]


def streamed(size: int) -> list[AnswerSentence]:
    reader = AnswerSentences()
    found = [one for at in range(0, len(ANSWER), size) for one in reader.feed(ANSWER[at : at + size])]
    return found + reader.end()


def test_sentences_of_an_answer_have_places_and_citations_and_no_marks() -> None:
    assert [(ANSWER[one.start : one.end], one.text, one.cited) for one in streamed(len(ANSWER))] == EXPECTED


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_it_does_not_matter_how_the_answer_is_cut_into_pieces(size: int) -> None:
    assert streamed(size) == streamed(len(ANSWER))


def test_a_sentence_is_handed_out_as_soon_as_the_next_begins() -> None:
    reader = AnswerSentences()
    assert reader.feed("The first sentence is done.") == []
    assert [one.text for one in reader.feed(" T")] == ["The first sentence is done."]


def test_a_fence_that_never_ends_hides_the_rest() -> None:
    reader = AnswerSentences()
    assert reader.feed("```\nNot a sentence. Nor this.\n") + reader.end() == []
