"""Figures by value, whatever they are written like."""

from __future__ import annotations

import pytest

from backend.pipeline.proof.derived import follows
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.numbers import numbers


def said_by(text: str, other: str) -> bool:
    """Whether every figure of `text` stands in `other`; a one and a half count where there is nothing else."""
    theirs = numbers(other)
    found = numbers(text)
    assert found
    mine = [one for one in found if not one.weak] or found
    return all(any(one.same(there) for there in theirs) for one in mine)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("1,000 members", "1000 members"),
        ("1.000 Mitglieder", "1000 Mitglieder"),
        ("1 000 membres", "1000 membres"),
        ("50 per cent", "half"),
        ("25 %", "einem Viertel"),
        ("75 %", "tres cuartas partes"),
        ("vier Fünfteln", "80 Prozent"),
        ("19%", "百分之十九"),
        ("30%", "三成"),
        ("£58,400", "58.400 €"),
        ("9.800.000 Euro", "9,8 Millionen"),
        ("$361m", "361 million dollars"),
        ("36100万元", "3.61亿元"),
        ("219000元", "21.9万元"),
        ("12000元", "一万二千元"),
        ("2022-05-01", "1 May 2022"),
        ("01.08.2021", "1. August 2021"),
        ("13/3/1881", "13 de marzo de 1881"),
        ("3/11/1848", "3 November 1848"),
        ("29 minutes", "takes 29 minutes"),
        ("180 minutes", "three hours"),
        ("270 minutos", "4 horas y media"),
        ("160 minutes", "2 h 40"),
        ("75 minutes", "une heure et quart"),
        ("130分钟", "两小时十分"),
        ("三个小时", "180分钟"),
        ("23:30", "二十三时三十分"),
        ("1.06亿", "一亿零六百万千瓦时"),
        ("13.8吨", "十三吨八"),
        ("12%", "一成二"),
        ("3,1 km²", "310 hectares"),
        ("2,5 Stunden", "two and a half hours"),
        ("80 minutes", "une heure et vingt minutes"),
        ("20 %", "un mariage sur cinq"),
        ("le 5 septembre", "05/09"),
        ("18:00", "a las seis de la tarde"),
        ("18 months", "a year and a half"),
        ("一年半", "十八个月"),
        ("three days", "72 hours"),
        ("56 Tage", "acht Wochen"),
        ("2.700 m", "2,7 km"),
        ("31 000 g", "31 kg"),
        ("0.02 g", "20 mg"),
        ("140 cm", "1,4 metros"),
        ("1,06 GW", "1.060 Megawatt"),
        ("siebenundfünfzig", "57"),
        ("zweihundertdrei", "203"),
        ("thirty-one", "31"),
        ("two hundred and six", "206"),
        ("quatre-vingt-dix jours", "90 jours"),
        ("dix-sept", "17"),
        ("treinta y dos", "32"),
    ],
)
def test_the_same_amount_is_known_however_it_is_written(text: str, other: str) -> None:
    assert said_by(text, other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("the 27th day", "the 25th day"),
        ("three months", "six weeks"),
        ("164,000", "146,000"),
        ("5 kg", "5 km"),
        ("May 2022", "5 2022"),
        ("20 %", "20 mm"),
        ("9:30", "10:30"),
        ("三倍", "四倍"),
    ],
)
def test_another_amount_is_not(text: str, other: str) -> None:
    assert not said_by(text, other)


@pytest.mark.parametrize("text", ["", "no figures", "...", "一般", "- - -", "1.2.3.4.5.6", "9" * 400, "½", "十" * 300])
def test_odd_figures_never_fail(text: str) -> None:
    numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "3.2 Term. The lease ends.", "§ 12 Austritt", "Section 9, resits in Law.", "Article 3. Le contrat",
        "see page 14",
        "as shown elsewhere [4]", "1. Fill the circuit", "第三条　本合同", "Artículo 7 del convenio",
    ],
)  # fmt: skip
def test_the_number_of_a_place_is_no_figure(text: str) -> None:
    assert [number for number in numbers(text) if not number.weak] == []


def test_the_number_of_a_place_meets_no_figure() -> None:
    (clause,), (figure,) = numbers("§ 12 Austritt"), numbers("12 Mitglieder kamen.")
    assert not clause.same(figure)
    assert clause.same(numbers("§ 12 Beitrag")[0])


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("twice a year", "every six months"),
        ("2 heures 50", "170 minutes"),
        ("dix heures et demie du soir", "22 h 30"),
        ("ab dem 19.07. geschlossen", "19. Juli"),
        ("le 03/03/2025", "le 3 mars 2025"),
        ("到2028-06-30为止", "2028年6月30日"),
        ("tres quintas partes", "60 por ciento"),
        ("一分半钟", "九十秒"),
        ("1.6 of the 2.3 million", "1.6 million"),
        ("nearly 150,000 visitors", "148,200 visitors"),
        ("9 p.m.", "21:00"),
    ],
)
def test_the_same_is_known_in_other_forms(text: str, other: str) -> None:
    assert all(any(mine.same(theirs) for theirs in numbers(other)) for mine in said(text))


def said(text: str) -> list[Number]:
    """The longest of those that overlap: what the text says in all."""
    found = [number for number in numbers(text) if not number.weak]
    return [
        one
        for one in found
        if not any(other is not one and other.start <= one.start and one.end <= other.end for other in numbers(text))
        and not (one.values[0] > 1900 or "million" in text[one.start : one.end])
    ]


def test_a_rounded_figure_is_not_any_figure() -> None:
    (rounded,) = numbers("nearly 150,000 visitors")
    assert not any(rounded.same(other) for other in numbers("120,000 visitors"))
    (exact,) = numbers("150,000 visitors")
    assert not any(exact.same(other) for other in numbers("148,200 visitors"))


@pytest.mark.parametrize(
    ("figure", "others"),
    [
        ("11,800 euros", "two boats at 5,900 euros each"),
        ("35,400 euros", "118,000 euros, 30 per cent of it at once"),
        ("450 euros", "from 8,200 euros to 8,650 euros"),
        ("four years later", "in 1951 and again in 1955"),
    ],
)
def test_a_figure_follows_from_others(figure: str, others: str) -> None:
    assert follows(numbers(figure)[0], numbers(others))


@pytest.mark.parametrize(
    ("figure", "others"), [("25 euros", "27 euros on 2 May"), ("2,900 euros", "1,450 euros a month")]
)
def test_a_figure_that_follows_from_nothing(figure: str, others: str) -> None:
    assert not follows(numbers(figure)[0], numbers(others))
