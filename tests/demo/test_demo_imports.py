"""The demonstration's files go in through the real connectors, whole and without a fault."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cockpit.demo.energy import load_curve
from cockpit.demo.household import DemoPerson
from cockpit.demo.persons import HOUSEHOLDS, demo_files
from cockpit.domain.record import Record, Verification
from cockpit.sources.port import Fault, PullContext, SourceFile
from cockpit.sources.sandbox import pull_file
from cockpit.sources.shelf import Shelf

# Two years of a household through the sandbox, file by file.
pytestmark = pytest.mark.long

SEED, FIRST, LAST = 7, date(2024, 11, 23), date(2026, 11, 22)
HOME = Path(__file__).parents[2] / "connectors" / "cockpit_connectors"
SHELF = Shelf.from_packages(f"cockpit_connectors.{path.parent.name}" for path in HOME.glob("*/manifest.toml"))
Pulled = dict[str, list[Any]]
"""Records by kind; what their data hold is the vocabulary's to say, so it is Any here."""


def _imported(person: DemoPerson) -> Pulled:
    """Every record, by kind. Of the second and third person only the newest bills, to spare time."""
    context = PullContext(today=LAST.isoformat(), trusted_certificates=(person.demo_authority_pem,))
    records: Pulled = {}
    for file in person.files:
        if person.handle != "camille" and file.name.startswith("facture") and "2026-1" not in file.name:
            continue
        with pull_file(SHELF, SourceFile(file.name, file.content), context) as run:
            outcomes = list(run)
        assert outcomes, file.name
        assert [outcome for outcome in outcomes if isinstance(outcome, Fault)] == [], file.name
        for outcome in outcomes:
            if isinstance(outcome, Record):
                records.setdefault(outcome.kind, []).append(outcome)
    return records


@pytest.fixture(scope="module", params=[household.handle for household in HOUSEHOLDS])
def imported(request: pytest.FixtureRequest) -> tuple[str, Pulled]:
    (person,) = demo_files(SEED, LAST, only=request.param)
    return person.handle, _imported(person)


def _field(records: list[Any], name: str) -> list[Any]:
    return [record.data[name] for record in records]


def test_every_kind_is_there(imported: tuple[str, Pulled]) -> None:
    handle, records = imported
    counts = {kind: len(found) for kind, found in records.items()}
    invoices = 46 if handle == "camille" else 2
    assert counts.pop("bank.transaction") > 500
    assert counts == {
        "energy.series": 25, "bank.account": 1, "invoice.document": invoices, "tax.notice": 2, "home.dwelling": 1,
    }  # fmt: skip


def test_every_watt_is_read(imported: tuple[str, Pulled]) -> None:
    handle, records = imported
    household = {each.handle: each for each in HOUSEHOLDS}[handle]
    curve = load_curve(Random(f"{SEED}|{handle}|energy"), household.home, FIRST, LAST)
    months = sorted(records["energy.series"], key=lambda record: record.data["start"])
    read = [value for month in months for value in month.data["values"] if value is not None]
    assert tuple(read) == curve.watts
    assert {month.data["meter"] for month in months} == {household.home.meter}


def test_the_statement_adds_up_to_the_cent(imported: tuple[str, Pulled]) -> None:
    handle, records = imported
    household = {each.handle: each for each in HOUSEHOLDS}[handle]
    moved = sum((Decimal(amount) for amount in _field(records["bank.transaction"], "amount")), Decimal(0))
    (account,) = records["bank.account"]
    assert Decimal(household.account.opening) / 100 + moved == Decimal(account.data["balance"])
    assert account.data["balance_date"] == LAST.isoformat()


def test_every_invoice_read_was_debited(imported: tuple[str, Pulled]) -> None:
    _, records = imported
    debits = Counter((record.data["booking_date"], record.data["amount"]) for record in records["bank.transaction"])
    for invoice in records["invoice.document"]:
        total = Decimal(invoice.data["total"])
        assert Decimal(invoice.data["net_total"]) + Decimal(invoice.data["tax_total"]) == total
        assert sum(Decimal(line["net_amount"]) for line in invoice.data["lines"]) == Decimal(invoice.data["net_total"])
        if invoice.data["due_date"] <= LAST.isoformat():
            assert debits[invoice.data["due_date"], f"-{total}"] == 1


def test_the_papers_are_proved_by_the_demonstration_authority_alone(imported: tuple[str, Pulled]) -> None:
    handle, records = imported
    household = {each.handle: each for each in HOUSEHOLDS}[handle]
    papers = records["tax.notice"] + records["home.dwelling"]
    assert {record.provenance.verification for record in papers} == {Verification.VALID}
    notices = sorted(records["tax.notice"], key=lambda record: record.day)
    assert _field(notices, "income_year") == ["2024", "2025"]
    assert set(_field(notices, "reference_income")) == {str(household.taxes.reference_income)}
    assert _field(records["home.dwelling"], "postcode") == [household.address.postcode]


def test_without_that_authority_the_papers_prove_nothing() -> None:
    (person,) = demo_files(SEED, LAST, only="camille")
    paper = next(file for file in person.files if file.name == "avis-impot-2026.pdf")
    outcomes = list(pull_file(SHELF, SourceFile(paper.name, paper.content), PullContext(today=LAST.isoformat())))
    found = [outcome.provenance.verification for outcome in outcomes if isinstance(outcome, Record)]
    assert found == [Verification.UNKNOWN_CERTIFICATE]
