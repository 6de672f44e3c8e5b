"""Values in words: dates, amounts and names, and what is no date or amount left as it is signed."""

from __future__ import annotations

from datetime import date

import pytest

from cockpit.domain.record import Json
from cockpit_connectors.fr_2ddoc.fields import Format
from cockpit_connectors.fr_2ddoc.values import day_of_hex, iso_date, readable


@pytest.mark.parametrize(
    ("format_", "written", "value"),
    [
        (Format.TEXT, " M1 ", "M1"),
        (Format.TEXT, "", ""),
        (Format.PERSON, "M/EXEMPLE/HENRY", "M HENRY EXEMPLE"),
        (Format.PERSON, "MME//CORINNE", "MME CORINNE"),
        (Format.PERSON, "EXEMPLE/HENRY", "EXEMPLE HENRY"),
        (Format.PERSON, "SOCIETE DE TEST", "SOCIETE DE TEST"),
        (Format.NAMES, "JULES/SEBASTIEN/CESAR", "JULES, SEBASTIEN, CESAR"),
        (Format.NAMES, "CORINNE", "CORINNE"),
        (Format.DAYS, "123F", "2012-10-15"),
        (Format.DAYS, "FFFF", "FFFF"),
        (Format.DAYS, "12-F", "12-F"),
        (Format.DATE, "31072022", "2022-07-31"),
        (Format.DATE, "00071971", "1971-07"),
        (Format.DATE, "00001971", "1971"),
        (Format.DATE, "12001971", "12001971"),
        (Format.DATE, "31022022", "31022022"),
        (Format.DATE, "00000000", "00000000"),
        (Format.DATETIME, "020220211522", "2021-02-02 15:22"),
        (Format.DATETIME, "02022021152207", "2021-02-02 15:22:07"),
        (Format.DATETIME, "020220212522", "020220212522"),
        (Format.TIME, "1337", "13:37"),
        (Format.TIME, "000000", "00:00:00"),
        (Format.TIME, "9999", "9999"),
        (Format.AMOUNT, "0157,5", "157.5"),
        (Format.AMOUNT, "-234,78", "-234.78"),
        (Format.AMOUNT, "2,75", "2.75"),
        (Format.AMOUNT, "0", "0"),
        (Format.AMOUNT, "000", "0"),
        (Format.AMOUNT, "1.5", "1.5"),
        (Format.AMOUNT, "12,", "12,"),
        (Format.FLAG, "1", True),
        (Format.FLAG, "0", False),
        (Format.FLAG, "2", "2"),
        (Format.HEX, "082", "130"),
        (Format.HEX, "0G2", "0G2"),
        (Format.BASE36, "C", "12"),
        (Format.BASE36, "-", "-"),
        (Format.BASE32, "NB2WS43TNFSXELLKOVZXI2LDMUXGM4RPGE4DSNRVGQ3TQNJTIFBA", "huissier-justice.fr/1896547853AB"),
        (Format.BASE32, "NOT BASE 32", "NOT BASE 32"),
        (Format.BASE32, "74======", "74======"),
    ],
)
def test_readable(format_: Format, written: str, value: Json) -> None:
    assert readable(written, format_) == value


def test_every_format_is_read() -> None:
    assert {format_: readable("", format_) for format_ in Format} == dict.fromkeys(Format, "")


def test_days_are_counted_from_the_year_2000() -> None:
    assert day_of_hex("0000") == date(2000, 1, 1)
    assert day_of_hex("0001") == date(2000, 1, 2)
    assert day_of_hex("FFFE") == date(2179, 6, 5)
    assert day_of_hex("FFFF") is None
    assert day_of_hex("00001") is None


def test_a_digit_of_another_script_is_no_date() -> None:
    assert iso_date("٣١٠٧٢٠٢٢") is None
