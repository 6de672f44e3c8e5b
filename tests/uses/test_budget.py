"""What came in and went out, and what is due: exact decimals, right signs, right days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cockpit.domain.ids import ConnectorId, Kind, RecordUid
from cockpit.domain.record import Basis, Json, Method, Provenance, Record, StoredRecord
from cockpit.uses.budget import flows
from cockpit.uses.deadlines import bills_due

ORIGIN = Provenance(ConnectorId("fr.test"), "1", Method.PARSED, Basis.OBSERVED)


def line(day: str, amount: str, currency: str = "EUR") -> Record:
    return Record(Kind("bank.transaction"), day + amount, day, {"amount": amount, "currency": currency}, ORIGIN)


def bill(due: str | None, left: str | None) -> StoredRecord:
    data: dict[str, Json] = {"due_date": due, "due_amount": left}
    return StoredRecord(RecordUid("a" * 32), Record(Kind("invoice.document"), "1", "2026-11-01", data, ORIGIN), "t")


def test_each_month_adds_up_exactly_newest_first() -> None:
    known = flows([line("2026-10-02", "0.10"), line("2026-10-03", "0.20"), line("2026-11-01", "-12.34")])
    assert [(flow.month, flow.received, flow.spent, flow.lines) for flow in known] == [
        ("2026-11", Decimal(0), Decimal("12.34"), 1),
        ("2026-10", Decimal("0.30"), Decimal(0), 2),
    ]
    assert known[0].left == Decimal("-12.34")


def test_currencies_are_never_added_together() -> None:
    known = flows([line("2026-10-02", "-1"), line("2026-10-02", "-2", "CHF")])
    assert {flow.currency: flow.spent for flow in known} == {"EUR": Decimal(1), "CHF": Decimal(2)}


def test_a_bill_is_due_from_today_to_the_last_day_asked() -> None:
    today = date(2026, 11, 10)
    for due, left, found in (
        ("2026-11-10", "5.00", 0),
        ("2026-11-24", "5.00", 14),
        ("2026-11-25", "5.00", None),
        ("2026-11-09", "5.00", None),
        ("2026-11-12", "0.00", None),
        ("2026-11-12", "not a number", None),
        (None, "5.00", None),
        ("2026-11-12", None, None),
    ):
        days = [deadline.days_left for deadline in bills_due([bill(due, left)], today, 14)]
        assert days == ([] if found is None else [found])
