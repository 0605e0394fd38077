"""Answers that go in circles, and answers that only look so."""

from __future__ import annotations

import pytest

from backend.pipeline.repetition import Repetition


def circles_after(text: str, most: int = 3, size: int = 7) -> int | None:
    """Letters after which it is noticed; None: never."""
    repetition = Repetition(most)
    for at in range(0, len(text), size):
        if repetition.feed(text[at : at + size]):
            return at + size
    return None


SAME = "The passage refers to a document of the Inquisition.\n"


@pytest.mark.parametrize(
    "text",
    [
        SAME * 20,
        "".join(f"{number}. {SAME}" for number in range(1, 20)),
        ("First it rained all the day. Then the sun came out again. " * 20),
        "Well, that is so: " + "of the castle " * 60,
        "城堡里有一座很高的塔楼。" * 10,
    ],
)
def test_circles_are_noticed_soon(text: str) -> None:
    after = circles_after("It begins well enough, as they do.\n" + text)
    assert after is not None
    assert after < 400


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"Step {number} is done by number {number}. " for number in range(40)),
        "```python\n" + "print('the very same line')\n" * 40 + "```\n",
        "| yes | no |\n|---|---|\n" + "| yes | no |\n" * 40,
        "- Yes.\n" * 40,
        SAME + SAME + "Then it says something else altogether.\n" + SAME + SAME,
        "0, " * 400,
        "-" * 400,
    ],
)
def test_what_only_looks_so_goes_on(text: str) -> None:
    assert circles_after(text) is None


def test_others_may_say_it_more_often() -> None:
    assert circles_after(SAME * 19, most=20) is None
    assert circles_after(SAME * 21, most=20) is not None


def test_a_block_of_code_that_begins_with_the_words_before_it_is_code() -> None:
    # In one piece: nothing tells its fence from the sentence but the reader of sentences.
    repetition = Repetition(3)
    assert not repetition.feed("This is the code.\n```python\n")
    assert not any(repetition.feed("call(again); ") for _ in range(60))
