"""What of a record is searched: its words, never its measures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from cockpit.domain.ids import BlobId, Kind, RecordUid
from cockpit.domain.record import Json, Record, StoredRecord
from cockpit.search.document import MOST_CHARACTERS, cents, document_of
from cockpit.search.words import terms
from tests.web.furnished import bank, energy, invoices, origin, papers


def stored(record: Record, file_name: str | None = "releve.ofx") -> StoredRecord:
    return StoredRecord(RecordUid("ab" * 16), record, "2026-11-23T09:30:00Z", 1, BlobId("cd" * 16), file_name)


def said(record: Record) -> set[str]:
    return set(terms(document_of(stored(record)).text))


def test_a_transaction_is_its_label_day_and_amount() -> None:
    line = bank(date(2026, 9, 1), 3)[2]
    document = document_of(stored(line))
    assert (document.kind, document.day, document.source, document.amount) == (
        "bank.transaction", "2026-09-02", "intl.ofx", Decimal("-640.00"),
    )  # fmt: skip
    assert said(line) >= {"loyer", "640·00", "640", "2", "septembre", "2026", "releve", "00020123456"}
    assert not said(line) & {"f1", "eur"}


def test_an_invoice_is_its_seller_lines_and_dates() -> None:
    bill = invoices()[0]
    assert said(bill) >= {"energie", "du", "val", "f2026118", "abonnement", "decembre", "74·18", "camille"}
    assert document_of(stored(bill)).amount == Decimal("74.18")


def test_papers_are_their_names_and_issuers() -> None:
    assert said(papers()[0]) >= {"dgfip", "23450·00", "23450", "camille", "2669a0000000"}


def test_measures_are_not_words() -> None:
    series = energy(date(2026, 1, 1), 1)[0]
    assert said(series) >= {"electricite", "consommation", "19990245673220", "janvier"}
    assert len(said(series)) < 20


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "1e999", "", "x", None, True, ["12"], {"a": {"b": ["c"]}}, "9" * 50, "-0", "٣"],
)
def test_any_value_gives_a_document(value: Json) -> None:
    line = bank(date(2026, 9, 1), 2)[1]
    document = document_of(stored(replace(line, day="not a day", data={"amount": value, "label": value}), None))
    assert document.amount is None or document.amount.is_finite()
    terms(document.text)


def test_a_very_long_text_is_cut() -> None:
    long = Record(Kind("attestation.signed"), "k", "2026-01-01", {"fields": ["mot " * 20_000]}, origin("fr.2ddoc"))
    assert len(document_of(stored(long)).text) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("12.345", 1235),
        ("-12.34", 1234),
        ("0", 0),
        ("1E+3", 100_000),
        ("1E+30", None),
        ("NaN", None),
        ("-Infinity", None),
    ],
)
def test_cents_have_no_sign(amount: str, expected: int | None) -> None:
    assert cents(Decimal(amount)) == expected
