"""Words as people type them: one form for what is the same, and any text is words or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.search.words import MOST_LETTERS, amount_words, day_words, fold, terms, words


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Œuvre d'Été", ["oeuvre", "ete"]),
        ("l’eau", ["eau"]),
        ("qu'il paie EDF", ["il", "paie", "edf"]),
        ("Saint-Malo", ["saint", "malo", "saintmalo"]),
        ("S.N.C.F", ["s", "n", "c", "f", "sncf"]),
        ("732 829 320 00074", ["732", "829", "320", "00074", "73282932000074"]),
        ("FR76 3000 6000", ["fr76", "3000", "6000", "fr7630006000"]),
        ("CARTE 03/10", ["carte", "03", "10"]),
        ("03/10/2026", ["3", "octobre", "2026"]),
        ("2026-10-03", ["3", "octobre", "2026"]),
        ("1 912,40 €", ["1912·40"]),
        ("640.00", ["640·00"]),
        ("4512 12,34", ["4512", "12·34"]),
        ("ＦＵＬＬ ①", ["full", "1"]),
        ("x_y", ["x", "y"]),
        ("日本", ["日本"]),
        ("\ud800 *\x00\"'", []),
    ],
)
def test_a_text_becomes_these_terms(typed: str, expected: list[str]) -> None:
    assert terms(typed) == expected


def test_days_and_amounts_are_said_as_they_may_be_typed() -> None:
    assert day_words("2026-08-01") == "1 aout 2026"
    assert day_words("no day") == day_words("2026-13-01") == day_words("") == ""
    assert terms(amount_words(64000)) == ["640·00", "640"]
    assert terms(amount_words(1203)) == ["12·03"]


def test_an_english_month_is_the_french_one() -> None:
    (october,) = words("October")
    assert october.forms == (("october",), ("octobre",))


@given(st.text())
def test_any_text_gives_terms_that_the_index_takes_as_they_are(typed: str) -> None:
    for term in terms(typed):
        assert 0 < len(term) <= MOST_LETTERS
        term.encode()
        assert all(character.isalnum() or character == "·" for character in term), term
        assert term == term.lower() or not term.isascii()


@given(st.text(st.characters(categories=("L", "N", "Zs", "Pd")), max_size=40))
def test_case_and_accents_change_nothing(typed: str) -> None:
    assert fold(fold(typed)) == fold(typed)


@given(st.text(max_size=3000) | st.integers(1, 4000).map(lambda n: "a1-" * n) | st.integers(1, 9000).map("9".__mul__))
def test_long_and_repeated_texts_take_no_longer(typed: str) -> None:
    terms(typed * 3)
