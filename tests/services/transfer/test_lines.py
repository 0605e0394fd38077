"""Lines of a PDF end where a reader expects it, and nothing of the text is lost between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from backend.services.transfer.faces import CHINESE, IDEOGRAPHIC, MONO, SANS, Faces
from backend.services.transfer.lines import Look, broken, flowable, verbatim, words

PLAIN = Look(SANS)


@pytest.fixture(autouse=True)
def _fonts() -> None:
    Faces()


def texts(said: str, room: float, look: Look = PLAIN) -> list[str]:
    lines = broken(words([(said, look)], IDEOGRAPHIC), room)
    return [" ".join(word.text for word in line) for line in lines]


def test_a_line_ends_between_words_and_no_line_is_wider_than_its_room() -> None:
    said = "Quotes come first, word for word, whatever model runs. " * 20
    lines = broken(words([(said, PLAIN)], IDEOGRAPHIC), 20)
    assert " ".join(word.text for line in lines for word in line).split() == said.split()
    assert all(sum(word.width for word in line) <= 20 for line in lines)
    # As full as can be: the first word of a line had no place on the one before.
    assert all(
        sum(word.width for word in line) + 0.3 * len(line) + following[0].width > 20
        for line, following in pairwise(lines)
    )


def test_a_word_of_two_looks_stays_whole() -> None:
    bold = Look(f"{SANS}-Bold")
    found = words([("The ", PLAIN), ("tower", bold), (".", PLAIN)], IDEOGRAPHIC)
    lines = broken(found, 4.2)
    assert [[word.text for word in line] for line in lines] == [["The"], ["tower", "."]]


def test_a_word_longer_than_the_line_is_cut_between_letters() -> None:
    lines = texts("see " + "x" * 100 + " end", 10)
    assert lines[0] == "see"
    assert "".join(lines[1:]).replace(" end", "") == "x" * 100
    assert len(lines) > 5


def test_line_feeds_stay_and_blank_lines_too() -> None:
    assert texts("a\nb\n\nc", 30) == ["a", "b", "", "c"]


def test_chinese_lines_end_after_any_character_but_not_before_a_full_stop() -> None:
    lines = texts("这是一个很长的句子。这是一个很长的句子。", 9, Look(CHINESE))
    assert len(lines) == 3
    assert not any(line.startswith("。") for line in lines)


def test_code_keeps_its_spaces() -> None:
    lines = broken(verbatim([[("    if x:", Look(MONO))], [(" ", Look(MONO))], [("y", Look(MONO))]]), 40)
    assert [line[0].text for line in lines] == ["    if x:", " ", "y"]


def test_no_room_is_an_error_that_the_writer_knows() -> None:
    with pytest.raises(ValueError, match="no room"):
        broken(words([("a", PLAIN)], IDEOGRAPHIC), 0.5)


def test_a_paragraph_goes_over_pages_without_a_single_line_left_behind() -> None:
    from reportlab.lib.styles import ParagraphStyle

    style: Any = ParagraphStyle("plain", fontName=SANS, fontSize=10, leading=12)
    part = flowable()(words([("word " * 200, PLAIN)], IDEOGRAPHIC), style)
    _, height = part.wrap(200, 1_000)
    first, second = part.split(200, 60)
    assert first.wrap(200, 1_000)[1] == 60
    assert first.wrap(200, 1_000)[1] + second.wrap(200, 1_000)[1] == height
    # At another width, too, the rest is what is left.
    assert second.wrap(400, 1_000)[1] < height
    assert part.split(200, 13) == []
    assert part.split(200, 10_000) == [part]
