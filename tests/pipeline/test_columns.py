"""What a model is asked for a row, what is made of its reply, and whether a value stands in the passages."""

from __future__ import annotations

import json

import pytest

from backend.pipeline.cells import find, is_measured, locate, sort_value
from backend.pipeline.columns import Column, Kind, Said, plain, proposed, reply, schema

COLUMNS = [Column("Ends", "date"), Column("Rent", "number"), Column("Pets", "yes-no")]
PASSAGES = [
    "The lease begins on 1 April 2024 and ends on 31 March 2027. The rent is € 1,450.00 a month.",
    "Notice: 3 months to the end of a quarter. The tenant may keep a dog. Clause 1,540.00 was struck out.",
    "租约于2027年3月31日终止。",
]


def place(value: str, kind: Kind, words: str | None = None, name: str = "Column") -> str | None:
    found = find(Said(value, words), Column(name, kind), "", PASSAGES)
    return None if found is None else PASSAGES[found.passage][found.start : found.end]


def test_the_schema_asks_for_words_before_the_value_and_for_nothing_else() -> None:
    made = schema(COLUMNS)
    assert made["required"] == ["Ends", "Rent", "Pets"]
    assert list(made["properties"]["Ends"]["properties"]) == ["words", "value"]
    assert made["properties"]["Pets"]["properties"]["value"] == {"enum": ["yes", "no", None]}
    assert made["additionalProperties"] is False


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"Ends": {"words": "w", "value": "2027-03-31"}, "Rent": {"value": 1450}, "Pets": {"value": true}}',
         ["2027-03-31", "1450", "yes"]),
        ('Here it is: ```json\n{"Ends": {"value": " 31  March "}, "Rent": {"value": "N/A"}}``` done',
         ["31 March", None, None]),
        ('{"Ends": {"words": "w", "value": "2027"}, "Rent": {"words": "w", "val', ["2027", None, None]),
        ('{"Ends": "2027", "Rent": null, "Pets": {"value": "vielleicht"}}', ["2027", None, None]),
        ('{"Ends": {"value": ["a"]}, "Rent": {"value": {}}, "Pets": {"value": "Ja"}}', [None, None, "yes"]),
        ("I am sorry.", None),
        ('{"Other": 1}', None),
        ("[1, 2]", None),
        ("{" * 5000, None),
        ("", None),
    ],
)  # fmt: skip
def test_a_reply_is_read_as_far_as_it_is_one(text: str, values: list[str | None] | None) -> None:
    said = reply(text, COLUMNS)
    assert (None if said is None else [one.value for one in said]) == values


def test_a_value_without_end_is_cut() -> None:
    said = reply(json.dumps({"Ends": {"words": "x" * 9000, "value": "y" * 9000}}), COLUMNS)
    assert said is not None
    assert [len(said[0].value or ""), len(said[0].words or "")] == [500, 1000]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("2027-03-31", "date", "The lease begins on 1 April 2024 and ends on 31 March 2027."),
        ("31.03.2027", "date", "The lease begins on 1 April 2024 and ends on 31 March 2027."),
        ("2027-03-30", "date", None),
        ("1450", "number", "The rent is € 1,450.00 a month."),
        ("1.450,00 €", "number", "The rent is € 1,450.00 a month."),
        ("1,455", "number", None),
        ("3 months", "number", "Notice: 3 months to the end of a quarter."),
        ("3 weeks", "number", None),
        ("3 MONTHS to the end of a quarter", "text", "Notice: 3 months to the end of a quarter."),
        ("month", "text", "The rent is € 1,450.00 a month."),
        ("mont", "text", None),
        ("终止", "text", "租约于2027年3月31日终止。"),
        ("—", "text", None),
    ],
)
def test_a_value_has_a_place_or_none(value: str, kind: Kind, expected: str | None) -> None:
    assert place(value, kind) == expected


def test_of_several_places_the_one_that_was_copied_or_is_nearest_to_the_column_counts() -> None:
    twice = ["The deposit is 900. The rent is 900. The parking place costs 900."]

    def at(words: str | None, name: str) -> str:
        found = find(Said("900", words), Column(name, "number"), "", twice)
        assert found is not None
        return twice[0][found.start : found.end]

    assert at("The parking place costs 900", "Rent") == "The parking place costs 900."
    assert at(None, "Rent") == "The rent is 900."


def test_a_yes_rests_on_the_words_it_was_copied_from() -> None:
    assert place("yes", "yes-no", "the tenant may keep a DOG") == "The tenant may keep a dog"
    assert place("yes", "yes-no", "The tenant may keep a lion") is None
    assert place("yes", "yes-no") is None


def test_words_are_found_by_their_letters() -> None:
    found = locate("rent is €1,450.00 a\nmonth", PASSAGES)
    assert found is not None
    assert PASSAGES[found.passage][found.start : found.end] == "rent is € 1,450.00 a month"
    assert locate("", PASSAGES) is None
    assert locate("?!", PASSAGES) is None


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("31 March 2027", "date", "2027-03-31"), ("June 2027", "date", "2027-06"), ("no fixed end", "date", None),
        ("€ 1,450.00", "number", 1450.0), ("2.5 million", "number", 2_500_000.0), ("none", "number", None),
        ("Zebra", "text", "Zebra"), ("yes", "yes-no", "yes"),
    ],
)  # fmt: skip
def test_columns_are_sorted_by_value(value: str, kind: Kind, expected: str | float | None) -> None:
    assert sort_value(value, Column("c", kind)) == expected


def test_what_is_measured_is_not_left_to_a_proof() -> None:
    assert is_measured(Said("2027-03-31", None), Column("c", "date"))
    assert is_measured(Said("5 %", None), Column("c", "number"))
    assert not is_measured(Said("no fixed end", None), Column("c", "date"))


def test_without_a_model_the_question_says_the_kind() -> None:
    assert plain("When does each lease end?") == [Column("Answer", "date")]
    assert plain("How much is the rent?") == [Column("Answer", "number")]
    assert plain("Worum geht es?") == [Column("Answer", "text")]


def test_a_proposal_names_each_column_once_and_not_too_many() -> None:
    many = json.dumps({"columns": [{"name": f"Column {number} " + "x" * 90, "kind": "text"} for number in range(9)]})
    assert [len(column.name) <= 60 for column in proposed(many)] == [True] * 6
    assert proposed('{"columns": [{"name": "A", "kind": "date"}, {"name": "a", "kind": "text"}]}') == [
        Column("A", "date")
    ]
    assert proposed('{"columns": [{"name": "A", "kind": "colour"}]}') == []
    assert proposed("nonsense") == []
