"""What bank lines say: what came in and what went out, month by month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cockpit.domain.record import Record


@dataclass(frozen=True, slots=True)
class MonthFlow:
    """One month of one currency: what came in and what went out (both positive), and how many lines said so."""

    month: str
    currency: str
    received: Decimal
    spent: Decimal
    lines: int

    @property
    def left(self) -> Decimal:
        """What came in less what went out."""
        return self.received - self.spent


def flows(transactions: Iterable[Record]) -> tuple[MonthFlow, ...]:
    """Bank transactions gathered by month (of booking) and currency, newest month first.

    Transfers between two accounts of the same person are lines like any other: they count on both sides.
    """
    gathered: dict[tuple[str, str], list[Decimal]] = {}
    for record in transactions:
        key = (record.day[:7], str(record.data.get("currency") or ""))
        gathered.setdefault(key, []).append(Decimal(str(record.data["amount"])))
    return tuple(
        MonthFlow(
            month=month,
            currency=currency,
            received=sum((amount for amount in amounts if amount > 0), Decimal(0)),
            spent=-sum((amount for amount in amounts if amount < 0), Decimal(0)),
            lines=len(amounts),
        )
        for (month, currency), amounts in sorted(gathered.items(), reverse=True)
    )
