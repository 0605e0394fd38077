"""Dates are read by value, in five languages and any order."""

from __future__ import annotations

import pytest

from backend.pipeline.days import days


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It ends on 31 March 2027.", [("2027-03-31",)]),
        ("It ends on March 31st, 2027.", [("2027-03-31",)]),
        ("Das Ende ist am 3. März 2027, spätestens 04.05.27.", [("2027-03-03",), ("2027-05-04",)]),
        ("Le bail prend fin le 1er mars 2027.", [("2027-03-01",)]),
        ("Termina el 31 de marzo de 2027.", [("2027-03-31",)]),
        ("合同于2027年3月31日终止。", [("2027-03-31",)]),
        ("2027-03-31 and 2027/04/01", [("2027-03-31",), ("2027-04-01",)]),
        ("03/04/2027", [("2027-04-03", "2027-03-04")]),
        ("12/31/2027", [("2027-12-31",)]),
        ("in June 2027", [("2027-06",)]),
        ("born 1.2.70", [("1970-02-01",)]),
        ("31.04.2027, version 1.2.3.2027, 45/45/2027, 12345-06-07", []),
    ],
)
def test_dates_have_values(text: str, values: list[tuple[str, ...]]) -> None:
    assert [day.values for day in days(text)] == values


def test_a_place_is_that_of_the_date_alone() -> None:
    text = "From 1 April 2024 until 31 March 2027."
    assert [text[day.start : day.end] for day in days(text)] == ["1 April 2024", "31 March 2027"]


def test_a_day_tells_its_month_and_not_the_other_way_round() -> None:
    day, month = days("30 June 2027")[0], days("June 2027")[0]
    assert day.tells(month)
    assert not month.tells(day)
    assert days("03/04/2027")[0].tells(days("March 4, 2027")[0])
