"""Pictures in the budget: counted before they are sent, and left out by name where they do not fit."""

from __future__ import annotations

import pytest

from backend.errors import ContextOverflow
from backend.pipeline.prompt import Picture, Turn, estimate_picture, fit

SMALL = Picture("small", 64, 48)
PAGE = Picture("page", 1536, 1152)


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [(1, 1, 576), (672, 672, 576), (1536, 1152, 2310), (28_000, 28, 1000), (8000, 8000, 4096)],
)
def test_a_picture_is_estimated_by_its_pixels(width: int, height: int, tokens: int) -> None:
    assert estimate_picture(Picture("", width, height)) == tokens


def test_the_question_is_counted_with_its_pictures() -> None:
    without = fit("What is this?", [], [], window=8192, documents_limit=0)
    with_one = fit("What is this?", [], [], window=8192, documents_limit=0, pictures=[SMALL])
    assert with_one.question - without.question == estimate_picture(SMALL)
    assert with_one.messages[-1].pictures == (SMALL,)
    assert with_one.used + with_one.answer <= 8192


def test_pictures_that_alone_fill_the_window_are_refused_in_their_own_words() -> None:
    with pytest.raises(ContextOverflow, match="pictures of the message take about 6,930 tokens"):
        fit("What is this?", [], [], window=4096, documents_limit=0, pictures=[PAGE] * 3)


def test_pictures_of_the_history_go_before_its_words_do() -> None:
    history = [
        Turn("user", "first", (PAGE,)), Turn("assistant", "one"),
        Turn("user", "second", (PAGE,)), Turn("assistant", "two"),
    ]  # fmt: skip
    prompt = fit("third", history, [], window=4096, documents_limit=0)
    assert [(turn.content, len(turn.pictures)) for turn in prompt.messages[1:]] == [
        ("first", 0), ("one", 0), ("second", 1), ("two", 0), ("third", 0),
    ]  # fmt: skip
    assert (prompt.pictures_left_out, prompt.history_left_out) == (1, 0)
    assert prompt.used + prompt.answer <= 4096


def test_an_older_picture_is_not_kept_where_a_newer_one_is_not() -> None:
    history = [
        Turn("user", "small", (SMALL,)),
        Turn("assistant", "a"),
        Turn("user", "large", (PAGE,) * 2),
        Turn("assistant", "b"),
    ]
    prompt = fit("now", history, [], window=4096, documents_limit=0)
    assert prompt.pictures_left_out == 3


def test_a_more_careful_estimate_leaves_more_out() -> None:
    history = [Turn("user", "a", (PAGE,)), Turn("assistant", "b")]
    assert fit("c", history, [], window=4096, documents_limit=0).pictures_left_out == 0
    assert fit("c", history, [], window=4096, documents_limit=0, factor=2.0).pictures_left_out == 1
