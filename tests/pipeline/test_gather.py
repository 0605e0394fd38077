"""Passages for the model: joined, once, and not all of one document."""

from __future__ import annotations

from backend.pipeline.gather import Piece, gather

WORDS = "amber birch cedar delta ember fjord grove heath inlet jetty knoll larch maple night ocean pines"


def piece(document: str, index: int, text: str | None = None, heading: tuple[str, ...] = ()) -> Piece:
    others = " ".join(WORDS.split()[(index * 7 + step * 5) % 16] for step in range(5))
    text = text or f"{document} number {index} {others}"
    return Piece(document, index, index * 100, index * 100 + len(text), heading, text)


def test_neighbours_are_joined_at_the_place_of_the_better_one() -> None:
    (one, other) = gather(
        [piece("a", 4, "later words"), piece("b", 1, "quite another"), piece("a", 3, "first part")], 8
    )
    assert one.text == "first part\n\nlater words"
    assert (one.best, one.first, one.last, one.start) == (0, 3, 4, 300)
    assert other.document_id == "b"


def test_neighbours_under_other_headings_stay_apart() -> None:
    found = gather([piece("a", 1, "one thing", ("A",)), piece("a", 2, "second matter", ("B",))], 8)
    assert len(found) == 2


def test_a_joined_passage_does_not_grow_without_end() -> None:
    found = gather([piece("a", 1, "x" * 90), piece("a", 2, "y" * 90)], 8, longest=100)
    assert len(found) == 2


def test_a_copy_is_left_out() -> None:
    text = "The contract ends on the last day of June and may be renewed by both parties in writing."
    found = gather([piece("a", 1, text), piece("b", 9, text.replace("June", "July")), piece("c", 5, "bread")], 8)
    assert [one.document_id for one in found] == ["a", "c"]


def test_one_document_takes_half_of_the_places_while_others_have_something() -> None:
    apart = [piece("a", 2 * number) for number in range(6)]
    found = gather([*apart, piece("b", 1), piece("c", 3)], 4)
    assert [one.document_id for one in found] == ["a", "a", "b", "c"]
    assert len(gather(apart, 4)) == 4, "nobody else has anything"


def test_nothing_is_nothing() -> None:
    assert gather([], 8) == []
