"""Figures by value, whatever they are written like."""

from __future__ import annotations

import pytest

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
