"""What will be due: dates found in the person's own records, the nearest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from cockpit.domain.record import StoredRecord


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing with a date: the record that says so, the day, and how many days are left from the day asked."""

    stored: StoredRecord
    day: str
    days_left: int


def bills_due(invoices: Iterable[StoredRecord], today: date, within_days: int) -> tuple[Deadline, ...]:
    """Invoices with something left to pay whose due date falls from ``today`` to ``within_days`` later."""
    found = []
    for stored in invoices:
        due, left = stored.record.data.get("due_date"), stored.record.data.get("due_amount")
        if isinstance(due, str) and isinstance(left, str) and _positive(left):
            days = (date.fromisoformat(due) - today).days
            if 0 <= days <= within_days:
                found.append(Deadline(stored, due, days))
    return tuple(sorted(found, key=lambda deadline: (deadline.day, deadline.stored.uid)))


def _positive(amount: str) -> bool:
    try:
        return Decimal(amount) > 0
    except InvalidOperation:
        return False
